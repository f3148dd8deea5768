#include "migrator/model/schema.h"

#include <numeric>

namespace cutover::model {

std::vector<std::size_t> TableSchema::logged_columns() const {
    const KeySchema* key = primary_key();
    std::vector<std::size_t> all(columns.size());
    switch (old_rows) {
        case OldRows::whole:
            std::iota(all.begin(), all.end(), std::size_t{0});
            return all;
        case OldRows::primary_key:
            return key == nullptr || key->deferrable ? std::vector<std::size_t>{} : key->columns;
        case OldRows::columns:
            return old_row_columns;
        case OldRows::nothing:
            return {};
    }
    return {};
}

}  // namespace cutover::model
