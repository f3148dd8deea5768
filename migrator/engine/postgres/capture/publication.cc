#include "migrator/engine/postgres/capture/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/capture/publication_memory.h"
#include "migrator/engine/postgres/session/lock_holders.h"
#include "migrator/engine/postgres/session/session_limit.h"
#include "migrator/engine/postgres/trust/known.h"
#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;
using model::Holder;

namespace {

using Identities = std::map<model::ObjectName, TableIdentity>;
using Memory = PublicationMemory;

constexpr std::chrono::seconds kTableLock(1);
constexpr std::chrono::seconds kTablePatience(10);
constexpr std::chrono::milliseconds kPublicationPause(200);
constexpr int kPublishesGenerated = 180000;

/// Which generated columns (v: virtual, s: stored) the identity of table c holds: from version 18
/// on, a publication that leaves them out makes the source refuse its updates and deletes.
constexpr const char* kGeneratedInIdentity = R"(
 (SELECT coalesce(max(a.attgenerated), '') FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''
     AND (c.relreplident = 'f' OR EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid
           AND (CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident
                ELSE false END) AND a.attnum = ANY (x.indkey)))))";

struct TableState {
    model::ObjectName name;
    TableIdentity identity;
    bool names_old_rows = false;
    bool generated_in_identity = false;
    bool virtual_in_identity = false;
};

/// The tables' identities as they are now, in the plan's order.
std::vector<TableState> table_states(Connection& connection, const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    const Result rows = connection.exec(
        "SELECT v.at, c.relreplident, (SELECT i.relname FROM pg_index x"
        " JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND x.indisreplident),"
        " EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary AND "
        "x.indisvalid AND x.indimmediate), " +
        std::string(kGeneratedInIdentity) + " FROM " +
        names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name ORDER BY v.at");
    std::vector<TableState> states;
    for (int row = 0; row < rows.rows(); ++row) {
        TableState state;
        state.name = names[rows.index(row, 0, names.size())];
        const char kind = rows.get(row, 1).empty() ? '\0' : rows.get(row, 1).front();
        const bool index = kind == 'i' && !rows.is_null(row, 2);
        using Kind = TableIdentity::Kind;
        state.identity = {kind == 'f'   ? Kind::full
                          : kind == 'n' ? Kind::nothing
                          : index       ? Kind::index
                                        : Kind::by_default,
                          index ? rows.text(row, 2) : ""};
        state.names_old_rows = kind == 'f' || index || (kind == 'd' && rows.boolean(row, 3));
        state.generated_in_identity = !rows.get(row, 4).empty();
        state.virtual_in_identity = rows.get(row, 4) == "v";
        states.push_back(std::move(state));
    }
    if (states.size() != names.size()) {
        throw Error(ErrorClass::refused, "table.changed",
                    fmt::format("{} of the task's tables are not at the source any more",
                                names.size() - states.size()),
                    "start again: the task is planned from what is there");
    }
    return states;
}

/// Nothing if there is no such publication. Throws: refused `capture.foreign`: it is not ours, or
/// says what we have never said.
std::optional<Memory> remembered(Connection& connection, const std::string& publication) {
    const std::optional<std::string> comment = own_publication(connection, publication);
    if (!comment) {
        return std::nullopt;
    }
    std::optional<Memory> memory = parse_publication_memory(*comment);
    if (!memory) {
        throw Error(ErrorClass::refused, "capture.foreign",
                    "publication '" + publication +
                        "' at the source has not the comment that a task's has: it is not of this "
                        "program's making (or of another version of it)",
                    "nothing of it was used; release its task with the version that made it, give "
                    "this task another name, or remove that publication");
    }
    return memory;
}

std::string place_of(const plan::Endpoint& endpoint) {
    std::string out;
    for (const plan::HostPort& host : endpoint.hosts) {
        out += (out.empty() ? "" : ",") + host.host + ":" + std::to_string(host.port);
    }
    return out + "/" + endpoint.database;
}

/// False if others hold the table for longer than the limit.
bool altered(Connection& connection, const std::string& sql) {
    try {
        connection.exec(sql);
        return true;
    } catch (const Error& error) {
        if (error.code() != "postgres.55P03") {
            throw;
        }
        return false;
    }
}

/// Under a lock that is asked for briefly: a waiting ALTER TABLE would hold up everybody behind it.
void set_identity(Connection& connection, const model::ObjectName& table,
                  const TableIdentity& identity) {
    const SessionLimit limit(connection, SessionLimit::Kind::lock, kTableLock);
    Patience patience(connection.attention(),
                      "the replica identity of table " + table.display() + " to be set",
                      kTablePatience);
    const std::string sql =
        "ALTER TABLE ONLY " + quote(table) + " REPLICA IDENTITY " + to_sql(identity);
    while (!altered(connection, sql)) {
        const std::vector<Holder> holders =
            lock_holders(connection, {table}, Wanted::access_exclusive);
        if (!patience.pause(kPublicationPause, holders)) {
            throw Error(ErrorClass::operation, "source.table_locked",
                        "table " + table.display() +
                            " is in use by long transactions: its replica identity could not be "
                            "set" +
                            (holders.empty() ? "" : "; in the way: " + model::to_text(holders)),
                        "end the transactions that hold it, see pg_locks");
        }
    }
}

void remember(Connection& connection, const std::string& publication, const Memory& memory) {
    connection.exec("COMMENT ON PUBLICATION " + quote_identifier(publication) + " IS " +
                    connection.quote_literal(to_comment(memory)));
}

/// Another task that publishes the table relies on its identity, and puts it back some day. Throws:
/// refused (it cannot be told so).
bool hand_over(Connection& connection, const std::string& publication,
               const model::ObjectName& table, const TableIdentity& identity) {
    const Result others = connection.exec_params(
        "SELECT p.pubname, pg_has_role(p.pubowner, 'USAGE') AND " + trusted_sql("p.pubowner") +
            " FROM pg_publication p JOIN "
            "pg_publication_rel r ON r.prpubid = p.oid"
            " JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE p.pubname LIKE 'cutover\\_%' AND p.pubname <> $1 AND n.nspname = $2"
            " AND c.relname = $3 ORDER BY 2 DESC, 1 LIMIT 1",
        {publication, table.schema, table.name});
    if (others.rows() == 0) {
        return false;
    }
    const std::string heir = others.text(0, 0);
    if (!others.boolean(0, 1)) {
        throw Error(ErrorClass::refused, "source.identity_shared",
                    "table " + table.display() + " is published by " + heir +
                        ", too, a task of another account that relies on its replica identity",
                    "release that task first");
    }
    std::optional<Memory> known = remembered(connection, heir);
    if (!known) {
        return false;
    }
    known->identities.emplace(table, identity);
    remember(connection, heir, *known);
    return true;
}

void put_back(Connection& connection, const std::string& publication,
              const Identities& identities) {
    for (const auto& [table, identity] : identities) {
        const Result there = connection.exec_params(
            "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND c.relname = $2",
            {table.schema, table.name});
        if (there.rows() > 0 && !hand_over(connection, publication, table, identity)) {
            set_identity(connection, table, identity);
        }
    }
}

/// What has to be put back some day. What an earlier attempt has remembered is older than what is
/// now.
Identities to_remember(const plan::Plan& plan, const std::vector<TableState>& now,
                       Identities earlier) {
    Identities out;
    for (std::size_t at = 0; at < plan.tables.size(); ++at) {
        const plan::TablePlan& table = plan.tables[at];
        const auto known = earlier.find(table.source);
        if (known != earlier.end()) {
            out.insert(*known);
        } else if (table.sets_replica_identity &&
                   now[at].identity.kind != TableIdentity::Kind::full) {
            out[table.source] = now[at].identity;
        }
    }
    return out;
}

/// An empty one that remembers: from here on a crash leaves nothing that could not be put back.
void make_empty(Connection& connection, const std::string& name, const Memory& memory) {
    connection.exec("BEGIN");
    connection.exec("DROP PUBLICATION IF EXISTS " + quote_identifier(name));
    connection.exec("CREATE PUBLICATION " + quote_identifier(name) +
                    " WITH (publish_via_partition_root = false)");
    remember(connection, name, memory);
    connection.exec("COMMIT");
}

void require_old_rows(const std::vector<TableState>& states) {
    for (const TableState& state : states) {
        if (!state.names_old_rows) {
            throw Error(ErrorClass::refused, "source.replica_identity",
                        "table " + state.name.display() +
                            " has no replica identity: publishing it would make the source refuse "
                            "its updates "
                            "and deletes",
                        "ALTER TABLE ... REPLICA IDENTITY FULL, or say `replica_identity: set` in "
                        "the task file");
        }
        if (state.virtual_in_identity) {
            throw Error(ErrorClass::refused, "source.virtual_column",
                        "table " + state.name.display() +
                            " has a virtual generated column and needs REPLICA IDENTITY FULL: "
                            "publishing it would make the source refuse its updates and deletes",
                        "give it a primary key, make the column STORED, or exclude the table");
        }
    }
}

/// Stored ones are published where an identity holds them; whoever reads the log skips them.
void publish_generated(Connection& connection, const std::string& name,
                       const std::vector<TableState>& states) {
    const bool any = std::any_of(states.begin(), states.end(), [](const TableState& state) {
        return state.generated_in_identity;
    });
    if (any && connection.server_version() >= kPublishesGenerated) {
        connection.exec("ALTER PUBLICATION " + quote_identifier(name) +
                        " SET (publish_generated_columns = stored)");
    }
}

/// Partitioned tables all of whose leaves are ours: published too, so that a partition that is
/// added later shows up in the log and stops the task, instead of being missed. Not where leaves
/// have no key: updates of a new one would fail at the source.
std::vector<model::ObjectName> whole_partitioned_tables(Connection& connection,
                                                        const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        if (table.schema.partition_of) {
            names.push_back(table.source);
        }
    }
    if (names.empty()) {
        return {};
    }
    const Result rows = connection.exec(
        "WITH ours AS (SELECT c.oid, pg_partition_root(c.oid) AS root FROM " +
        names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name AND c.relispartition)"
        " SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid IN (SELECT root FROM ours)"
        " AND EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary"
        "              AND x.indimmediate)"
        " AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) t WHERE t.isleaf"
        "                    AND t.relid::oid NOT IN (SELECT oid FROM ours)) ORDER BY 1, 2");
    std::vector<model::ObjectName> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return out;
}

/// The server checks this at each UPDATE and DELETE, and fails the application's statement: so it
/// is checked here, before.
void require_filters_in_identity(Connection& connection, const std::string& name) {
    const Result rows = connection.exec_params(
        "SELECT n.nspname, c.relname, string_agg(DISTINCT a.attname, ', ') FROM pg_publication p"
        " JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prqual IS NOT NULL"
        " JOIN pg_class c ON c.oid = r.prrelid AND c.relreplident <> 'f'"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_depend d ON d.classid = 'pg_publication_rel'::regclass AND d.objid = r.oid"
        "  AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid"
        " WHERE p.pubname = $1 AND NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid"
        "  AND (CASE c.relreplident WHEN 'd' THEN x.indisprimary ELSE x.indisreplident END)"
        "  AND d.refobjsubid = ANY (x.indkey)) GROUP BY 1, 2",
        {name});
    if (rows.rows() > 0) {
        throw Error(
            ErrorClass::refused, "source.filter_identity",
            fmt::format("the filter of {}.{} uses columns that are not in its replica identity: {}",
                        rows.text(0, 0), rows.text(0, 1), rows.text(0, 2)),
            "ALTER TABLE ... REPLICA IDENTITY FULL, or say `replica_identity: set` in the task "
            "file");
    }
}

/// `schema.table WHERE (filter)`, as ADD TABLE takes it.
std::string published(const plan::TablePlan& table) {
    return quote(table.source) + (table.filter.empty() ? "" : " WHERE (" + table.filter + ")");
}

void add_tables(Connection& connection, const std::string& name, const plan::Plan& plan) {
    std::string tables;
    for (const model::ObjectName& root : whole_partitioned_tables(connection, plan)) {
        tables += (tables.empty() ? "" : ", ") + quote(root);
    }
    for (const plan::TablePlan& table : plan.tables) {
        tables += (tables.empty() ? "ONLY " : ", ONLY ") + published(table);
    }
    if (tables.empty()) {
        return;
    }
    connection.exec("BEGIN");
    connection.exec("ALTER PUBLICATION " + quote_identifier(name) + " ADD TABLE " + tables);
    require_filters_in_identity(connection, name);
    connection.exec("COMMIT");
}

}  // namespace

void create_publication(Connection& connection, const std::string& name, const plan::Plan& plan) {
    try {
        const Identities earlier = remembered(connection, name).value_or(Memory{}).identities;
        const Memory memory = {place_of(plan.spec.destination),
                               to_remember(plan, table_states(connection, plan), earlier)};
        make_empty(connection, name, memory);
        Identities forsaken = earlier;
        for (const auto& [table, identity] : memory.identities) {
            forsaken.erase(table);
        }
        put_back(connection, name, forsaken);
        for (const plan::TablePlan& table : plan.tables) {
            if (table.sets_replica_identity) {
                set_identity(connection, table.source, {TableIdentity::Kind::full, ""});
            }
        }
        const std::vector<TableState> states = table_states(connection, plan);
        require_old_rows(states);
        publish_generated(connection, name, states);
        add_tables(connection, name, plan);
    } catch (...) {
        connection.rollback();
        throw;
    }
}

namespace {

/// Tables and partitioned roots of the plan that the publication does not hold yet.
std::string not_published(Connection& connection, const std::string& name, const plan::Plan& plan) {
    std::set<model::ObjectName> there;
    const Result rows = connection.exec_params(
        "SELECT n.nspname, c.relname FROM pg_publication p"
        " JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c ON c.oid = r.prrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = $1",
        {name});
    for (int row = 0; row < rows.rows(); ++row) {
        there.insert({rows.text(row, 0), rows.text(row, 1)});
    }
    std::string tables;
    for (const model::ObjectName& root : whole_partitioned_tables(connection, plan)) {
        if (!there.contains(root)) {
            tables += (tables.empty() ? "" : ", ") + quote(root);
        }
    }
    for (const plan::TablePlan& table : plan.tables) {
        if (!there.contains(table.source)) {
            tables += (tables.empty() ? "ONLY " : ", ONLY ") + published(table);
        }
    }
    return tables;
}

/// What was remembered under a name that the table has no more goes on under its new one.
Identities under_names_of_now(const Identities& known, const plan::Plan& plan,
                              const std::map<std::uint32_t, std::string>& was) {
    std::map<std::string, model::ObjectName> now;
    for (const auto& [oid, name] : was) {
        for (const plan::TablePlan& table : plan.tables) {
            if (table.schema.number == oid) {
                now[name] = table.source;
            }
        }
    }
    Identities out;
    for (const auto& [table, identity] : known) {
        const auto found = now.find(table.display());
        out[found == now.end() ? table : found->second] = identity;
    }
    return out;
}

}  // namespace

void extend_publication(Connection& connection, const std::string& name, const plan::Plan& plan,
                        const std::map<std::uint32_t, std::string>& was) {
    try {
        Memory memory = remembered(connection, name).value_or(Memory{});
        memory.identities = under_names_of_now(memory.identities, plan, was);
        for (const auto& [table, identity] :
             to_remember(plan, table_states(connection, plan), memory.identities)) {
            memory.identities.emplace(table, identity);
        }
        remember(connection, name, memory);
        const std::vector<TableState> before = table_states(connection, plan);
        for (std::size_t at = 0; at < plan.tables.size(); ++at) {
            if (plan.tables[at].sets_replica_identity &&
                before[at].identity.kind != TableIdentity::Kind::full) {
                set_identity(connection, plan.tables[at].source, {TableIdentity::Kind::full, ""});
            }
        }
        const std::vector<TableState> states = table_states(connection, plan);
        require_old_rows(states);
        publish_generated(connection, name, states);
        const std::string tables = not_published(connection, name, plan);
        if (!tables.empty()) {
            connection.exec("BEGIN");
            connection.exec("ALTER PUBLICATION " + quote_identifier(name) + " ADD TABLE " + tables);
            require_filters_in_identity(connection, name);
            connection.exec("COMMIT");
        }
    } catch (...) {
        connection.rollback();
        throw;
    }
}

void require_own_publication(Connection& connection, const std::string& name,
                             const plan::Endpoint& destination) {
    const std::optional<Memory> memory = remembered(connection, name);
    if (!memory || memory->destination == place_of(destination)) {
        return;
    }
    const std::string& found = memory->destination;
    throw Error(ErrorClass::refused, "capture.of_another",
                "publication and slot '" + name +
                    "' were made by a task of this name that goes to " + found + ", not to " +
                    place_of(destination),
                "give this task another name, or release that one first; if both are one place, "
                "write the destination as it was when the task began; if that task is gone for "
                "good: SELECT pg_drop_replication_slot('" +
                    name + "'); DROP PUBLICATION " + quote_identifier(name));
}

void drop_publication(Connection& connection, const std::string& name) {
    put_back(connection, name, remembered(connection, name).value_or(Memory{}).identities);
    connection.exec("DROP PUBLICATION IF EXISTS " + quote_identifier(name));
}

std::map<std::uint32_t, std::string> publication_entries(Connection& connection,
                                                         const std::string& name) {
    const Result rows = connection.exec_params(
        "SELECT 0, concat_ws('|', oid, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,"
        " pubviaroot) FROM pg_publication WHERE pubname = $1"
        " UNION ALL SELECT r.prrelid::bigint, concat_ws('|', r.oid, md5(r.prqual::text))"
        " FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
        " WHERE p.pubname = $1",
        {name});
    std::map<std::uint32_t, std::string> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out[static_cast<std::uint32_t>(rows.integer(row, 0))] = rows.text(row, 1);
    }
    return out;
}

std::string publication_mark(Connection& connection, const std::string& name) {
    const Result row = connection.exec_params(
        "SELECT md5(concat_ws('|', p.oid, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete,"
        " p.pubtruncate, p.pubviaroot, (SELECT string_agg(concat_ws('|', r.oid, r.prrelid, "
        "n.nspname, c.relname,"
        " md5(r.prqual::text)), ',' ORDER BY r.oid) FROM pg_publication_rel r JOIN pg_class c ON "
        "c.oid = r.prrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid)))"
        " FROM pg_publication p WHERE p.pubname = $1",
        {name});
    return row.rows() == 0 ? std::string() : row.text(0, 0);
}

namespace {

/// What has become of the tables that a publication held; empty: of none anything.
std::string became_of_tables(Connection& connection, const std::string& name,
                             const PublicationAtStart& start) {
    std::vector<std::string> oids;
    for (const auto& [oid, table] : start.tables) {
        oids.push_back(std::to_string(oid));
    }
    const Result rows = connection.exec_params(
        "SELECT o.oid::bigint, n.nspname, c.relname, EXISTS (SELECT FROM pg_publication_rel r"
        " JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = o.oid AND p.pubname = $2)"
        " FROM unnest($1::oid[]) o (oid) LEFT JOIN pg_class c ON c.oid = o.oid"
        " LEFT JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 2, 3, 1",
        {array_literal(oids), name});
    std::vector<std::string> became;
    for (int row = 0; row < rows.rows(); ++row) {
        const std::string& then = known(start.tables, rows.integer(row, 0));
        const std::string now =
            rows.is_null(row, 2)
                ? ""
                : model::ObjectName{rows.text(row, 1), rows.text(row, 2)}.display();
        if (now.empty()) {
            became.push_back(then + " was dropped (one of this name now is another table)");
        } else if (now != then) {
            became.push_back(then + " was renamed to " + now);
        } else if (!rows.boolean(row, 3)) {
            became.push_back(then + " was taken out of it");
        }
    }
    return model::some_of(became);
}

}  // namespace

void require_publication(Connection& connection, const std::string& name,
                         const PublicationAtStart& start) {
    const std::string now = publication_mark(connection, name);
    if (now == start.mark) {
        return;
    }
    const std::string became = now.empty() ? "" : became_of_tables(connection, name, start);
    throw Error(
        ErrorClass::refused, "publication.changed",
        "publication '" + name + "' is not " +
            (now.empty() ? "at the source any more" : "what it was: ") +
            (!became.empty() || now.empty()
                 ? became
                 : "a table was taken out of it and put in again, or it publishes other rows "
                   "or operations"),
        "changes since then may not be in the log: release the task and migrate anew");
}

}  // namespace cutover::postgres
