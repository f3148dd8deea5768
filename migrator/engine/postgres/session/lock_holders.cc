#include "migrator/engine/postgres/session/lock_holders.h"

#include <string>
#include <utility>

namespace cutover::postgres {

using model::Holder;

namespace {

/// A prepared transaction's locks belong to no process; the lock on its own number shows which
/// transaction it is. Parallel workers hold locks for a session that is named itself. A session
/// that waits for a lock is not in the way, unless it waits for ACCESS EXCLUSIVE: everybody else
/// queues behind that.
constexpr const char* kInTheWay = R"(
, held AS MATERIALIZED (
    SELECT DISTINCT l.pid, l.virtualtransaction AS vxid
      FROM borne CROSS JOIN pg_locks l JOIN mine m ON m.oid = l.relation
     WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.granted OR l.mode = 'AccessExclusiveLock') AND l.mode <> ALL (borne.modes))
SELECT CASE WHEN a.backend_type ^@ 'autovacuum' THEN a.backend_type ELSE 'process' END, h.pid::text,
       coalesce(a.application_name, ''), extract(epoch FROM clock_timestamp() - a.xact_start)::bigint
  FROM held h LEFT JOIN pg_stat_activity a ON a.pid = h.pid
 WHERE h.pid IS NOT NULL AND coalesce(a.backend_type, '') <> 'parallel worker'
UNION ALL
SELECT 'prepared transaction', quote_literal(p.gid), '',
       extract(epoch FROM clock_timestamp() - p.prepared)::bigint
  FROM held h JOIN pg_locks x ON x.virtualtransaction = h.vxid AND x.pid IS NULL
   AND x.locktype = 'transactionid' JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
 WHERE h.pid IS NULL
 ORDER BY 4 DESC NULLS LAST, 2)";

}  // namespace

std::vector<Holder> lock_holders(Connection& connection,
                                 const std::vector<model::ObjectName>& tables, Wanted wanted) {
    const char* borne = wanted == Wanted::share_row_exclusive
                            ? "ARRAY['AccessShareLock', 'RowShareLock']"
                            : "ARRAY[]::text[]";
    const Result rows =
        connection.exec(std::string("WITH borne (modes) AS (SELECT ") + borne +
                        "), mine AS MATERIALIZED (SELECT c.oid FROM " +
                        names_as_rows(connection, tables, 0, tables.size(), "v") +
                        " JOIN pg_namespace n ON n.nspname = v.schema"
                        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name)" +
                        kInTheWay);
    std::vector<Holder> out;
    for (int row = 0; row < rows.rows(); ++row) {
        Holder holder{rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), std::nullopt};
        if (!rows.is_null(row, 3)) {
            holder.open_for = std::chrono::seconds(rows.integer(row, 3));
        }
        out.push_back(std::move(holder));
    }
    return out;
}

}  // namespace cutover::postgres
