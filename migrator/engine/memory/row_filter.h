// Row filters of the memory engine: migrator/expression over its rows.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "migrator/engine/row_effect.h"
#include "migrator/expression/expression.h"
#include "migrator/model/schema.h"
#include "migrator/model/tuple.h"

namespace cutover::memory {

/// What a filter on `table` may speak of: numbers as bigint, texts as they are, under "C". Texts
/// that equal others without regard to case have a collation that is not deterministic.
expression::Scope filter_scope(const model::TableSchema& table);

class RowFilter {
public:
    /// `filter` is over filter_scope() of `table`; null: every row is kept.
    RowFilter(const std::shared_ptr<const expression::Expression>& filter,
              const model::TableSchema& table);

    /// `row` has the table's columns, none of them absent. Throws: refused (it cannot be decided),
    /// corrupt (a cell is none of its type).
    engine::Kept keeps(const model::Tuple& row);

private:
    struct Input {
        std::size_t column = 0;
        expression::Type type = expression::Type::opaque;
    };

    std::optional<expression::Evaluator> evaluator_;
    std::vector<Input> inputs_;
};

}  // namespace cutover::memory
