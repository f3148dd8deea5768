// A row filter in the memory engine's language: `column op literal` with op one of < <= = <> >= >.
// A number compares as a number, anything in '...' as text. NULL satisfies nothing.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/memory/database/cells.h"

namespace cutover::memory {

class Predicate {
public:
    /// Empty text: everything satisfies it. Throws: refused (not understood, no such column).
    Predicate(const std::string& text, const model::TableSchema& table);

    /// `row` has the table's columns.
    bool holds(const model::Tuple& row) const;

private:
    bool compare(int order) const;

    std::optional<std::size_t> column_;
    std::string operation_;
    bool numeric_ = false;
    std::int64_t number_ = 0;
    std::string text_;
};

}  // namespace cutover::memory
