#include "migrator/engine/memory/row_filter.h"

#include "migrator/engine/memory/database/cells.h"
#include "migrator/expression/cell.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using expression::Type;
using model::CellKind;
using model::Error;
using model::ErrorClass;

expression::Scope filter_scope(const model::TableSchema& table) {
    expression::Scope scope;
    scope.table = table.name.display();
    for (const model::ColumnSchema& column : table.columns) {
        const CellType type = cell_type(column.type);
        const bool number = type == CellType::integer || type == CellType::number;
        const bool folded = type == CellType::word || type == CellType::fuzzy;
        scope.columns.push_back({column.name,
                                 number                     ? Type::int8
                                 : type == CellType::packed ? Type::opaque
                                                            : Type::text,
                                 folded ? "word" : "C", !folded});
    }
    return scope;
}

RowFilter::RowFilter(const std::shared_ptr<const expression::Expression>& filter,
                     const model::TableSchema& table) {
    if (filter == nullptr) {
        return;
    }
    const expression::Scope scope = filter_scope(table);
    for (const std::size_t column : filter->columns()) {
        inputs_.push_back({column, scope.columns[column].type});
    }
    evaluator_.emplace(filter);
}

engine::Kept RowFilter::keeps(const model::Tuple& row) {
    if (!evaluator_) {
        return engine::Kept::yes;
    }
    for (std::size_t at = 0; at < inputs_.size(); ++at) {
        const auto [column, type] = inputs_[at];
        expression::Value& value = evaluator_->inputs()[at];
        value.null = row.kind(column) == CellKind::null;
        if (!value.null && !expression::read_text(type, row.bytes(column), value)) {
            throw Error(ErrorClass::corrupt, "memory.cell",
                        "not a " + std::string(to_string(type)) + ": '" +
                            std::string(row.bytes(column)) + "'");
        }
    }
    try {
        return engine::kept(evaluator_->truth());
    } catch (const Error& error) {
        std::string text;
        for (std::size_t column = 0; column < row.size(); ++column) {
            text += (column == 0 ? "" : ", ") + std::string(row.bytes(column));
        }
        throw expression::in_row(error, text);
    }
}

}  // namespace cutover::memory
