// Which of a table's rows the destination refuses: many go in one statement, whose error names none
// of them. It is asked only after such an error.
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
/// row and column it refuses, and rolls everything back: also what was open before. Nothing if they
/// are all taken, or if the row cannot be told. Throws: connection.
std::optional<RefusedRow> find_refused_row(Connection& connection, const AppliedTable& table);

/// The row that a step makes, by its key; what is open is rolled back. Empty if it cannot be told.
/// Throws: connection.
std::string refused_step(Connection& connection, const AppliedTable& table,
                         const model::RowStep& step);

}  // namespace cutover::postgres
