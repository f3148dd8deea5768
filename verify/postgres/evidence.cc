#include "verify/postgres/evidence.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/model/error.h"

namespace cutover::verify {

namespace {

using postgres::Connection;

/// The statement's snapshot is taken before its functions run, so the position lies after the
/// snapshot.
constexpr const char* kMoment = R"(
SELECT txid_snapshot_xmin(s) || ':' || txid_snapshot_xmax(s),
       CASE WHEN pg_is_in_recovery() THEN NULL ELSE
           ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint
           || ':' || pg_current_wal_insert_lsn() END
  FROM (SELECT txid_current_snapshot() AS s) q)";

/// A schema of that name may belong to somebody else, so everything that is read from it must
/// exist. No row: something does not.
constexpr const char* kHasMarker = R"(
SELECT has_schema_privilege(n.oid, 'USAGE') AND bool_and(has_table_privilege(c.oid, 'SELECT'))
  FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
  JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
 WHERE n.nspname = 'cutover' AND (c.relname, a.attname) IN
       (('task', 'name'), ('task', 'phase'), ('marker', 'task'), ('marker', 'position'))
 GROUP BY n.oid HAVING count(*) = 4)";

/// Transactions of this database that have written, and the tables that they have locked for
/// writing: a partition counts, and so does the root through which it is read.
constexpr const char* kOpenWriters = R"(
WITH lock AS MATERIALIZED (SELECT * FROM pg_locks WHERE granted),
writer AS (
    SELECT DISTINCT ON (l.virtualtransaction) l.virtualtransaction AS id,
           CASE WHEN p.gid IS NULL THEN 'pid ' || l.pid ELSE 'prepared transaction `' || p.gid || '`'
           END || ' (' || CASE WHEN a.application_name <> '' THEN 'application `' ||
           a.application_name || '`, ' ELSE '' END ||
           'account ' || coalesce(a.usename, p.owner, 'unknown') || coalesce(', open for ' ||
           greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)))
               ::bigint || ' s', '') || ')' AS who
      FROM lock l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
     WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
       AND current_database() IN (a.datname, p.database)
     ORDER BY l.virtualtransaction, p.gid)
SELECT DISTINCT w.id, w.who, n.nspname, c.relname
  FROM writer w
  LEFT JOIN (lock r JOIN pg_class l ON l.oid = r.relation AND l.relkind IN ('r', 'p', 'f')
                    JOIN pg_class c ON c.oid IN (l.oid, CASE WHEN l.relispartition THEN
                                                            pg_partition_root(l.oid) END)
                    JOIN pg_namespace n ON n.oid = c.relnamespace)
    ON r.virtualtransaction = w.id AND r.locktype = 'relation'
   AND r.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND r.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                  'AccessExclusiveLock')
 ORDER BY 2, 1, 3, 4)";

constexpr const char* kApplied =
    "SELECT t.phase, m.position FROM cutover.task t"
    " LEFT JOIN cutover.marker m ON m.task = t.name WHERE t.name = $1";

constexpr const char* kMayNotRead =
    "the account may not read the schema `cutover` at the destination, where a task may be running";

struct LogPlace {
    std::uint64_t timeline = 0;
    std::uint64_t offset = 0;
};

bool take_number(std::string_view& text, int base, char end, std::uint64_t& out) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out, base);
    const auto used = static_cast<std::size_t>(parsed.ptr - text.data());
    const bool last = used == text.size();
    if (parsed.ec != std::errc() || (end == '\0' ? !last : last || text[used] != end)) {
        return false;
    }
    text.remove_prefix(used + (last ? 0 : 1));
    return true;
}

std::optional<LogPlace> parse_place(std::string_view text) {
    LogPlace place;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    if (!take_number(text, 10, ':', place.timeline) || !take_number(text, 16, '/', high) ||
        !take_number(text, 16, '\0', low)) {
        return std::nullopt;
    }
    place.offset = high << 32 | low;
    return place;
}

/// The numbers of writing transactions only grow.
struct Writers {
    std::uint64_t oldest = 0;  ///< everything below has ended, and its effect is visible
    std::uint64_t next = 0;    ///< everything from here on had not begun
};

std::optional<Writers> parse_writers(std::string_view text) {
    Writers writers;
    if (!take_number(text, 10, ':', writers.oldest) || !take_number(text, 10, '\0', writers.next)) {
        return std::nullopt;
    }
    return writers;
}

/// A schema that another tool has made under that name belongs to no task. A schema that claims to
/// be ours but is not as we make it may hide one: nothing of it is read, and `hidden` says why.
bool hold_schema(Connection& connection, std::string& hidden) {
    try {
        return postgres::hold_own_schema(connection, postgres::Hold::read);
    } catch (const model::Error& error) {
        if (error.code() != "control.schema_foreign") {
            throw;
        }
        hidden = postgres::schema_says_ours(connection)
                     ? error.message() + "; a task may be running there"
                     : "";
        return false;
    }
}

}  // namespace

Moment read_postgres_moment(Connection& connection) {
    const postgres::Result row = connection.exec(kMoment);
    if (row.is_null(0, 1)) {
        throw model::Error(model::ErrorClass::refused, "verify.live_standby",
                           "a standby cannot tell which transactions are on their way: the live "
                           "mode needs the source's primary",
                           "name the primary as the source, or verify without --live");
    }
    return {Evidence(row.text(0, 1)), Evidence(row.text(0, 0))};
}

Applied read_postgres_applied(Connection& connection, const std::string& task) {
    const bool own_transaction = !connection.in_transaction();
    if (own_transaction) {
        connection.exec("BEGIN");
    }
    Applied out;
    const postgres::Result there = connection.exec(kHasMarker);
    if (there.rows() != 0 && !there.boolean(0, 0)) {
        out.hidden = kMayNotRead;
    } else if (hold_schema(connection, out.hidden)) {
        const postgres::Result row = connection.exec_params_binary(kApplied, {task});
        out.known = row.rows() > 0;
        out.phase = out.known ? row.text(0, 0) : "";
        out.position = Evidence(out.known ? row.text(0, 1) : "");
    }
    if (own_transaction) {
        connection.exec("COMMIT");
    }
    return out;
}

bool postgres_position_reaches(const Evidence& position, const Evidence& wanted) {
    const std::optional<LogPlace> have = parse_place(position.bytes());
    const std::optional<LogPlace> want = parse_place(wanted.bytes());
    return have && want && have->timeline == want->timeline && have->offset >= want->offset;
}

bool postgres_view_sees_all(const Moment& later, const Moment& earlier) {
    const std::optional<Writers> seen = parse_writers(later.view.bytes());
    const std::optional<Writers> begun = parse_writers(earlier.view.bytes());
    return seen && begun && seen->oldest >= begun->next;
}

std::vector<OpenWriter> read_postgres_open_writers(Connection& connection) {
    const postgres::Result rows = connection.exec(kOpenWriters);
    std::vector<OpenWriter> out;
    std::string last;
    for (int row = 0; row < rows.rows(); ++row) {
        if (out.empty() || rows.get(row, 0) != last) {
            last = rows.text(row, 0);
            out.push_back({rows.text(row, 1), {}});
        }
        if (!rows.is_null(row, 2)) {
            out.back().tables.push_back({rows.text(row, 2), rows.text(row, 3)});
        }
    }
    return out;
}

/// A row holds the low 32 bits of a transaction's number. They are widened from the oldest
/// transaction that `earlier` may not have seen, so that at worst an old row is taken for a new
/// one.
std::string written_sql(const Connection& connection, const Evidence& earlier,
                        const Evidence& later) {
    const std::string from = connection.quote_literal(earlier.bytes()) + "::txid_snapshot";
    const std::string to = connection.quote_literal(later.bytes()) + "::txid_snapshot";
    const auto written = [&](const std::string& column) {
        const std::string base = "txid_snapshot_xmin(" + from + ")";
        const std::string number =
            "(" + base + " + ((" + column + "::text::bigint - " + base + ") & 4294967295))";
        return "(" + column + "::text <> '0' AND NOT txid_visible_in_snapshot(" + number + ", " +
               from + ") AND txid_visible_in_snapshot(" + number + ", " + to + "))";
    };
    return "(" + written("xmin") + " OR " + written("xmax") + ")";
}

std::string version_sql() {
    return "xmax = 0, tableoid::text || ' ' || ctid::text || ' ' || xmin::text";
}

}  // namespace cutover::verify
