#include "migrator/model/tuple.h"

#include "migrator/model/check.h"

namespace cutover::model {

void Tuple::fill_absent_from(const Tuple& base) {
    CUTOVER_CHECK(base.size() == size());
    for (std::size_t column = 0; column < cells_.size(); ++column) {
        if (cells_[column].kind != CellKind::absent || base.kind(column) == CellKind::absent) {
            continue;
        }
        const std::string_view bytes = base.bytes(column);
        cells_[column] = {base.kind(column), static_cast<std::uint32_t>(data_.size()),
                          static_cast<std::uint32_t>(bytes.size())};
        data_.append(bytes);
    }
}

bool Tuple::operator==(const Tuple& other) const {
    if (size() != other.size()) {
        return false;
    }
    for (std::size_t column = 0; column < size(); ++column) {
        if (kind(column) != other.kind(column) || bytes(column) != other.bytes(column)) {
            return false;
        }
    }
    return true;
}

}  // namespace cutover::model
