#include "migrator/engine/memory/database/predicate.h"

#include <sstream>

#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

Predicate::Predicate(const std::string& text, const model::TableSchema& table) {
    if (text.empty()) {
        return;
    }
    std::istringstream words(text);
    std::string column, literal;
    words >> column >> operation_ >> literal;
    column_ = table.column_index(column);
    if (!column_ || literal.empty() ||
        (operation_ != "<" && operation_ != "<=" && operation_ != "=" && operation_ != "<>" &&
         operation_ != ">=" && operation_ != ">")) {
        throw Error(ErrorClass::refused, "memory.filter",
                    "filter of " + table.name.display() + " is not understood: " + text,
                    "write: column operator literal");
    }
    numeric_ = literal.front() != '\'';
    if (numeric_) {
        number_ = parse_number(literal);
    } else {
        text_ = literal.substr(1, literal.size() - 2);
    }
}

bool Predicate::compare(int order) const {
    return operation_ == "<"    ? order < 0
           : operation_ == "<=" ? order <= 0
           : operation_ == "="  ? order == 0
           : operation_ == "<>" ? order != 0
           : operation_ == ">=" ? order >= 0
                                : order > 0;
}

bool Predicate::holds(const model::Tuple& row) const {
    if (!column_) {
        return true;
    }
    if (row.kind(*column_) == model::CellKind::null) {
        return false;
    }
    if (!numeric_) {
        return compare(std::string_view(row.bytes(*column_)).compare(text_));
    }
    const std::int64_t value = parse_number(row.bytes(*column_));
    return compare(value < number_ ? -1 : value > number_ ? 1 : 0);
}

}  // namespace cutover::memory
