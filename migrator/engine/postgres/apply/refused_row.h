// Finds out which of a table's rows the destination refuses: many rows go in one statement, whose
// error names none of them. Used only after such an error.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/postgres/apply/table_apply.h"

namespace cutover::postgres {

struct RefusedRow {
    std::string row;  ///< `id = 5`
    model::Error error;
};

/// Sends the staged rows once more, by a COPY into a temporary table, where the server says which
/// row and column it refuses. Rolls everything back, including what was open before. Nothing if all
/// rows are taken, or if the row cannot be told. Throws: connection.
std::optional<RefusedRow> find_refused_row(Connection& connection, const AppliedTable& table);

/// The key of the row that a step makes; rolls back what is open. Empty if it cannot be told.
/// Throws: connection.
std::string refused_step(Connection& connection, const AppliedTable& table,
                         const model::RowStep& step);

}  // namespace cutover::postgres
