#include "migrator/engine/postgres/capture/source_writers.h"

#include <charconv>
#include <string_view>

#include "migrator/engine/postgres/capture/capture.h"

namespace cutover::postgres {

using engine::SourceWriter;

namespace {

/// A prepared transaction's locks belong to no process; its own number is among them. Who may see
/// little of others' activity sees name, user and locks all the same. Walsenders read, and
/// autovacuum, which has no user, changes no row.
constexpr const char* kWriters = R"(
, held AS MATERIALIZED (
    SELECT l.pid, l.virtualtransaction AS vxid, string_agg(DISTINCT m.at::text, ',') AS tables
      FROM pg_locks l JOIN mine m ON m.oid = l.relation
     WHERE l.locktype = 'relation' AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.mode = 'RowExclusiveLock' OR l.mode = 'AccessExclusiveLock' AND EXISTS
            (SELECT FROM pg_locks x WHERE x.locktype = 'transactionid' AND x.granted
                AND x.mode = 'ExclusiveLock' AND x.virtualtransaction = l.virtualtransaction))
     GROUP BY 1, 2)
, others AS (
    SELECT false AS prepared, a.pid::text AS id, a.application_name AS application,
           a.usename::text AS who, coalesce(a.xact_start, a.state_change) AS since, h.tables
      FROM own CROSS JOIN pg_stat_activity a LEFT JOIN held h ON h.pid = a.pid
     WHERE a.datname = current_database() AND a.usename IS NOT NULL AND a.pid <> pg_backend_pid()
       AND coalesce(a.backend_type, 'client backend') NOT IN ('walsender', 'parallel worker')
       AND NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.pid = a.pid)
       AND NOT (a.usename = current_user AND
                (a.application_name IN (own.name, 'cutover inspector', 'cutover who waits',
                                        'cutover slot copies', 'cutover verify')
                 OR a.application_name ^@ (own.name || ' ')))
    UNION ALL
    SELECT true, p.gid, '', p.owner::text, p.prepared,
           (SELECT string_agg(DISTINCT h.tables, ',') FROM held h JOIN pg_locks x
                ON x.virtualtransaction = h.vxid AND x.locktype = 'transactionid'
             WHERE h.pid IS NULL AND x.pid IS NULL AND x.transactionid = p.transaction)
      FROM pg_prepared_xacts p WHERE p.database = current_database())
SELECT prepared, id, coalesce(application, ''), coalesce(who, ''),
       (extract(epoch FROM since) * 1000000)::bigint, coalesce(tables, '')
  FROM others ORDER BY tables IS NULL, since DESC NULLS LAST, id)";

std::vector<model::ObjectName> tables_of(std::string_view numbers, const plan::Plan& plan) {
    std::vector<model::ObjectName> out;
    while (!numbers.empty()) {
        const std::size_t comma = std::min(numbers.find(','), numbers.size());
        std::size_t at = plan.tables.size();
        std::from_chars(numbers.data(), numbers.data() + comma, at);
        if (at < plan.tables.size()) {
            out.push_back(plan.tables[at].source);
        }
        numbers.remove_prefix(std::min(comma + 1, numbers.size()));
    }
    return out;
}

}  // namespace

std::vector<SourceWriter> read_writers(Connection& connection, const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    if (names.empty()) {
        return {};
    }
    const Result rows = connection.exec(
        "WITH mine AS MATERIALIZED (SELECT v.at, c.oid FROM " +
        names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name), own AS (SELECT " +
        connection.quote_literal(capture_name(plan.spec)) + "::text AS name)" + kWriters);
    std::vector<SourceWriter> out;
    for (int row = 0; row < rows.rows(); ++row) {
        SourceWriter& writer = out.emplace_back();
        writer.kind =
            rows.boolean(row, 0) ? SourceWriter::Kind::prepared : SourceWriter::Kind::session;
        writer.id = rows.text(row, 1);
        writer.application = rows.text(row, 2);
        writer.user = rows.text(row, 3);
        if (!rows.is_null(row, 4)) {
            writer.since = model::Instant(std::chrono::microseconds(rows.integer(row, 4)));
        }
        writer.wrote = tables_of(rows.get(row, 5), plan);
    }
    return out;
}

}  // namespace cutover::postgres
