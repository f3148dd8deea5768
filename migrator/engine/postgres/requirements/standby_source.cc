// A source that is a standby: it spares the primary, but cannot give everything that a primary
// gives.
#include <fmt/format.h>

#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using engine::Requirement;
using model::Severity;

namespace {

/// Rows of an unlogged table are not in the log, so a standby has none of them and refuses to read
/// the table.
Requirement unlogged(Connection& connection, const model::Catalog& catalog) {
    std::vector<model::ObjectName> names;
    for (const model::TableSchema& table : catalog.tables) {
        names.push_back(table.name);
    }
    const Result rows = connection.exec(
        "SELECT v.at FROM " + names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name"
        " WHERE c.relpersistence = 'u' ORDER BY 1");
    std::vector<std::string> found;
    for (int row = 0; row < rows.rows(); ++row) {
        found.push_back(names[rows.index(row, 0, names.size())].display());
    }
    return {{"source.standby_unlogged",
             Severity::block,
             found.empty() ? "" : found.front(),
             found.empty() ? "no selected table is unlogged"
                           : "unlogged at a source that is a standby: " + model::some_of(found),
             "a standby has no rows of an unlogged table, and cannot read it",
             "exclude the tables, or name the primary",
             {"G193"}},
            found.empty()};
}

}  // namespace

std::vector<Requirement> standby_source(Connection& connection, const model::Catalog& catalog) {
    const Result row = connection.exec(
        "SELECT pg_is_in_recovery(), current_setting('hot_standby_feedback') = 'on'"
        " OR current_setting('max_standby_streaming_delay') = '-1',"
        " coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::bigint,"
        " 0)");
    if (!row.boolean(0, 0)) {
        return {};
    }
    return {
        unlogged(connection, catalog),
        {{"source.standby",
          Severity::note,
          "hot_standby",
          fmt::format("the source is a standby; the last transaction that it has replayed was "
                      "committed {} s ago",
                      row.integer(0, 2)),
          "the primary is spared; what is copied is what the standby has replayed when the copy "
          "begins, and changes cannot be followed from there",
          "stop the writers, and wait until the standby has replayed all, before the task is "
          "started; a task with the phase incremental needs the primary",
          {"G193"}},
         false},
        {{"source.standby_conflict",
          Severity::alert_ignorable,
          "hot_standby_feedback",
          "hot_standby_feedback = off, max_standby_streaming_delay is limited",
          "the standby cancels a long copy that stands in the way of its replay; the table is then "
          "copied anew",
          "set hot_standby_feedback = on or max_standby_streaming_delay = -1 at the standby until "
          "the copy is through",
          {"G193"}},
         row.boolean(0, 1)}};
}

}  // namespace cutover::postgres
