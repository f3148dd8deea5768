#include "migrator/engine/postgres/apply/refused_row.h"

#include <deque>

#include "migrator/engine/postgres/copy/chunk_reader.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;
using model::Tuple;

namespace {

/// Empty if this destination cannot show the key, e.g. because the refused value is part of it.
std::string key_of(Connection& connection, const AppliedTable& table, const Tuple& row) {
    try {
        return key_text(connection, table.planned, row);
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection) {
            throw;
        }
        return "";
    }
}

}  // namespace

std::optional<RefusedRow> find_refused_row(Connection& connection, const AppliedTable& table) {
    connection.rollback();
    std::deque<Tuple> rows;
    StagedRows all(table.staged.key_position(), false);
    for (const StageKind kind : {StageKind::rows, StageKind::updates, StageKind::moves}) {
        const StagedRows& staged = table.staged.rows(kind);
        for (std::size_t number = 0; number < staged.rows(); ++number) {
            rows.push_back(staged.row(number));
            all.add(rows.back());
        }
    }
    connection.exec("BEGIN");
    connection.exec("CREATE TEMPORARY TABLE cutover_refused (" + table.target.typed_columns() +
                    ") ON COMMIT DROP");
    connection.begin_copy_in("COPY pg_temp.cutover_refused FROM STDIN (FORMAT binary)");
    all.send(connection);
    std::optional<RefusedRow> found;
    try {
        connection.copy_end();
    } catch (const Error& error) {
        const std::uint64_t number = connection.refused_row().value_or(0);
        if (error.error_class() == ErrorClass::connection) {
            throw;
        }
        connection.rollback();
        if (number > 0 && number <= rows.size()) {
            found = RefusedRow{key_of(connection, table, rows[number - 1]), error};
        }
    }
    connection.rollback();
    return found;
}

std::string refused_step(Connection& connection, const AppliedTable& table,
                         const model::RowStep& step) {
    connection.rollback();
    StagedRows one(table.staged.key_position(), false);
    one.add(step.row, step.key);
    return step.row.empty() ? "" : key_of(connection, table, one.row(0));
}

}  // namespace cutover::postgres
