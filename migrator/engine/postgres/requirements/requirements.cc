#include "migrator/engine/postgres/requirements/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "migrator/engine/postgres/capture/capture.h"
#include "migrator/engine/postgres/capture/publication.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/engine/postgres/session/versions.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/plan/partition_settings.h"

namespace cutover::postgres {

namespace {

using engine::Requirement;
using engine::Topic;
using model::Severity;

std::string setting(Connection& connection, const std::string& name) {
    const Result row =
        connection.exec_params("SELECT coalesce(current_setting($1, true), '')", {name});
    return row.text(0, 0);
}

/// Bytes that were never checked may not be text elsewhere.
Requirement encoding_requirement(Connection& connection) {
    const std::string found = setting(connection, "server_encoding");
    return {
        {"source.encoding",
         Severity::alert_ignorable,
         "server_encoding",
         "the source's database has the encoding " + found,
         "it takes any bytes for text; those that are not valid UTF-8 stop the copy, which names "
         "the table; once they are in the log, only a task begun anew gets past them",
         "look for them before (convert_from(convert_to(c, 'SQL_ASCII'), 'UTF8') fails on "
         "them), mend the rows, and see that no more are written",
         {"G17"}},
        found != "SQL_ASCII"};
}

// --- capture_settings
// -------------------------------------------------------------------------------

Requirement wal_level(Connection& connection) {
    const std::string found = setting(connection, "wal_level");
    return {{"source.wal_level",
             Severity::block,
             "wal_level",
             "wal_level = " + found,
             "changes are read from the log, which names rows only at level logical",
             "ALTER SYSTEM SET wal_level = logical; then restart the source",
             {"G110"}},
            found == "logical"};
}

Requirement failover_slots(Connection& connection, const plan::TaskSpec& spec) {
    const bool expected = spec.source.hosts.size() > 1;
    const bool able = connection.server_version() >= kFailoverSlots;
    const std::string waits = able ? setting(connection, "synchronized_standby_slots") : "";
    Requirement out;
    out.met = able && !waits.empty();
    out.finding = {
        "source.failover",
        expected ? Severity::alert_ignorable : Severity::note,
        "synchronized_standby_slots",
        able ? "synchronized_standby_slots = '" + waits + "'"
             : fmt::format("PostgreSQL {}", connection.server_version() / 10000),
        able ? "a standby that is promoted may be behind what was already applied; the task "
               "would stop there, naming both positions"
             : "before version 17 a promoted standby has no slot; the task would stop there",
        able ? "on the source name the standbys' physical slots in synchronized_standby_slots; on "
               "each standby set sync_replication_slots = on, hot_standby_feedback = on and a "
               "dbname in primary_conninfo"
             : "plan no switchover of the source while the task runs",
        {"G113", "G125"}};
    return out;
}

// --- capture_capacity
// -------------------------------------------------------------------------------

std::vector<Requirement> capacity(Connection& connection, const plan::TaskSpec& spec) {
    const Result row = connection.exec_params(
        "SELECT current_setting('max_replication_slots')::int,"
        " (SELECT count(*) FROM pg_replication_slots WHERE slot_name <> $1),"
        " current_setting('max_wal_senders')::int,"
        " (SELECT count(*) FROM pg_stat_replication WHERE application_name <> $1)",
        {capture_name(spec)});
    constexpr std::int64_t kSendersNeeded =
        2;  // the slot's snapshot and the stream, for a moment both
    const std::int64_t free_slots = row.integer(0, 0) - row.integer(0, 1);
    const std::int64_t free_senders = row.integer(0, 2) - row.integer(0, 3);
    std::vector<Requirement> out = old_transactions(connection);
    out.insert(
        out.end(),
        {{{"source.max_replication_slots",
           Severity::block,
           "max_replication_slots",
           fmt::format("max_replication_slots = {}, {} in use", row.integer(0, 0),
                       row.integer(0, 1)),
           "the task needs a replication slot of its own",
           "drop a slot that is not needed, or raise max_replication_slots and restart the source",
           {"G111"}},
          free_slots >= 1},
         {{"source.replication_slot_spare",
           Severity::alert_ignorable,
           "max_replication_slots",
           fmt::format("max_replication_slots = {}, {} in use", row.integer(0, 0),
                       row.integer(0, 1)),
           "a task that is killed before its copy has begun needs a second slot for the rest of "
           "the "
           "copy, and could not go on",
           "raise max_replication_slots and restart the source; or release the task if that "
           "happens",
           {"G111"}},
          free_slots != 1},
         {{"source.max_wal_senders",
           Severity::block,
           "max_wal_senders",
           fmt::format("max_wal_senders = {}, {} in use", row.integer(0, 2), row.integer(0, 3)),
           fmt::format("the task needs {} senders", kSendersNeeded),
           "raise max_wal_senders and restart the source",
           {"G111"}},
          free_senders >= kSendersNeeded}});
    return out;
}

/// Objects that have our names at the source but are not ours would be in the way.
std::vector<Requirement> names_free(Connection& connection, const plan::TaskSpec& spec) {
    const std::string name = capture_name(spec);
    const Result slot = connection.exec_params(
        "SELECT coalesce(plugin::text, 'none, it is physical'), coalesce(database::text, 'none')"
        " FROM pg_replication_slots WHERE slot_name = $1 AND (slot_type <> 'logical'"
        " OR plugin <> 'pgoutput' OR database <> current_database())",
        {name});
    std::string of_another;
    try {
        require_own_publication(connection, name, spec.destination);
    } catch (const model::Error& error) {
        if (error.error_class() != model::ErrorClass::refused) {
            throw;
        }
        of_another = error.message();
    }
    const std::string why = "the task makes a slot and a publication of this name";
    return {{{"source.slot_foreign",
              Severity::block,
              name,
              slot.rows() == 0 ? "no slot of this name is in the way"
                               : fmt::format("a replication slot of this name is not the task's "
                                             "(plugin: {}, database: {})",
                                             slot.text(0, 0), slot.text(0, 1)),
              why,
              "remove that slot, or give the task another name",
              {"G111"}},
             slot.rows() == 0},
            {{"source.capture_of_another",
              Severity::block,
              name,
              of_another.empty() ? "no publication of this name is in the way" : of_another,
              why,
              "give this task another name, or release that one first",
              {"G111"}},
             of_another.empty()}};
}

// --- log_retention
// ----------------------------------------------------------------------------------

std::vector<Requirement> retention(Connection& connection) {
    const std::string keep = setting(connection, "max_slot_wal_keep_size");
    const std::string idle = setting(connection, "idle_replication_slot_timeout");
    return {
        {{"source.max_slot_wal_keep_size",
          Severity::alert_ignorable,
          "max_slot_wal_keep_size",
          "max_slot_wal_keep_size = " + keep,
          "a task that falls behind by more than this loses its slot and cannot go on",
          "set it to -1, or above what the source writes in the longest time the task may stand "
          "still; watch the source's disk",
          {"G112"}},
         keep == "-1"},
        {{"source.idle_replication_slot_timeout",
          Severity::alert_ignorable,
          "idle_replication_slot_timeout",
          "idle_replication_slot_timeout = " + idle,
          "a task that is stopped for longer than this loses its slot and cannot go on",
          "set it to 0 while the task lives",
          {"G112"}},
         idle.empty() || idle == "0"}};
}

// --- privileges
// -------------------------------------------------------------------------------------

std::vector<Requirement> capture_privileges(Connection& connection, const model::Catalog& catalog) {
    const Result row = connection.exec(
        "SELECT current_user, rolsuper OR rolreplication OR EXISTS (SELECT FROM pg_roles m"
        " WHERE m.rolname IN ('rds_replication', 'rds_superuser', 'azure_pg_admin', "
        "'cloudsqlsuperuser')"
        " AND pg_has_role(m.oid, 'MEMBER')), has_database_privilege(current_database(), 'CREATE'),"
        " current_database() FROM pg_roles WHERE rolname = current_user");
    const std::string user = row.text(0, 0);
    return {{{"source.privilege_replication",
              Severity::block,
              user,
              row.boolean(0, 1) ? "the account may replicate" : "the account may not replicate",
              "reading the log needs the REPLICATION attribute",
              "ALTER ROLE " + quote_identifier(user) + " REPLICATION",
              {"G116"}},
             row.boolean(0, 1)},
            {{"source.privilege_create",
              Severity::block,
              row.text(0, 3),
              row.boolean(0, 2) ? "the account may create publications"
                                : "the account may not create objects in the database",
              "the tables to follow are named in a publication of our own",
              "GRANT CREATE ON DATABASE " + quote_identifier(row.text(0, 3)) + " TO " +
                  quote_identifier(user),
              {"G116"}},
             row.boolean(0, 2)},
            tables_requirement(
                "source.privilege_owner",
                failing_tables(connection, catalog, "pg_has_role(c.relowner, 'USAGE')"),
                "ownership", "only a table's owner may publish it and set its replica identity",
                "use the owner's account, or grant the owner's role to " + quote_identifier(user))};
}

std::vector<Requirement> source_privileges(Connection& connection, const plan::TaskSpec& spec,
                                           const model::Catalog& catalog) {
    std::vector<Requirement> out;
    if (spec.phases.full || spec.phases.incremental) {
        out.push_back(tables_requirement(
            "source.privilege_select",
            failing_tables(connection, catalog,
                           "has_schema_privilege(c.relnamespace, 'USAGE') AND"
                           " has_table_privilege(c.oid, 'SELECT')"),
            "the right to read", "rows are copied by SELECT",
            "GRANT USAGE ON SCHEMA ... and GRANT SELECT ON ... to the task's account"));
        out.push_back(row_security_requirement(connection, catalog, "source.row_security",
                                               "reading past row security",
                                               "a policy would hide rows from the copy"));
    }
    out.push_back(superuser_requirement(connection, model::Side::source));
    std::vector<std::string> sequences;
    for (const model::OtherObject& other : catalog.others) {
        if (other.kind == "unreadable sequence") {
            sequences.push_back(other.name.display());
        }
    }
    out.push_back(tables_requirement("source.privilege_sequence", sequences, "the right to read",
                                     "sequences are set at the destination from their values here",
                                     "GRANT SELECT ON SEQUENCE ... to the task's account"));
    if (spec.phases.incremental) {
        for (Requirement& requirement : capture_privileges(connection, catalog)) {
            out.push_back(std::move(requirement));
        }
    }
    return out;
}

// --- filters
// ----------------------------------------------------------------------------------------

/// Runs one statement in a transaction that is rolled back, and returns the server's complaint.
std::string complaint_about(Connection& connection, const std::string& mode, const std::string& sql,
                            const model::TableSchema* held = nullptr) {
    try {
        connection.exec("BEGIN " + mode);
        if (held != nullptr) {
            hold_relation(connection, held->name, held->identity);
        }
        connection.exec_params(sql, {});  // takes only one statement
        connection.exec("ROLLBACK");
        return "";
    } catch (const model::Error& error) {
        connection.rollback();
        // Missing rights and standbys are covered by other questions.
        if (error.code() == "postgres.42501" || error.code() == "postgres.25006") {
            return "";
        }
        if (error.error_class() == model::ErrorClass::connection) {
            throw;
        }
        return error.message();
    }
}

/// The table itself, or one of its leaves: leaves are what is published, and all have the same
/// shape.
const model::TableSchema* published(const model::Catalog& catalog, const model::ObjectName& name) {
    const auto leaf = std::find_if(
        catalog.tables.begin(), catalog.tables.end(), [&](const model::TableSchema& table) {
            const model::TableSchema* above = table.partition_key ? nullptr : &table;
            while (above != nullptr && above->name != name) {
                above = above->partition_of ? catalog.find(above->partition_of->parent) : nullptr;
            }
            return above != nullptr;
        });
    return leaf == catalog.tables.end() ? nullptr : &*leaf;
}

/// The copy accepts any condition; the log accepts only what a publication may contain.
std::string complaint_about_filter(Connection& connection, const plan::TaskSpec& spec,
                                   const model::Catalog& catalog, const model::ObjectName& table,
                                   const std::string& filter) {
    const std::string complaint = complaint_about(
        connection, "READ ONLY", "SELECT FROM " + quote(table) + " WHERE (" + filter + ") LIMIT 0",
        catalog.find(table));
    const model::TableSchema* leaf = published(catalog, table);
    if (!complaint.empty() || !spec.phases.incremental || leaf == nullptr) {
        return complaint;
    }
    return complaint_about(connection, "",
                           "CREATE PUBLICATION " +
                               quote_identifier(capture_name(spec) + "_precheck") +
                               " FOR TABLE ONLY " + quote(leaf->name) + " WHERE (" + filter + ")");
}

std::vector<Requirement> filters(Connection& connection, const plan::TaskSpec& spec,
                                 const model::Catalog& catalog) {
    std::vector<Requirement> out;
    for (const auto& [table, filter] : spec.filters) {
        if (catalog.find(table) == nullptr) {
            continue;
        }
        const std::string complaint =
            complaint_about_filter(connection, spec, catalog, table, filter);
        out.push_back({{"source.filter",
                        Severity::block,
                        table.display(),
                        "`" + filter + "`: " + (complaint.empty() ? "a condition" : complaint),
                        "the rows to migrate are chosen by it",
                        "correct objects.filters; it is SQL as after WHERE",
                        {"G178"}},
                       complaint.empty()});
    }
    return out;
}

// --- the publication
// ----------------------------------------------------------------------------------------

/// Makes the publication in a transaction that is rolled back: an event trigger may refuse what
/// every right allows.
Requirement publication_allowed(Connection& connection, const plan::TaskSpec& spec) {
    const std::string complaint = complaint_about(
        connection, "", "CREATE PUBLICATION " + quote_identifier(capture_name(spec) + "_precheck"));
    return {{"source.publication_refused",
             Severity::block,
             capture_name(spec),
             "the source refuses the task's publication: " + complaint,
             "the tables to follow are named in a publication of our own",
             "disable the event trigger that refuses it, for the task's account at least",
             {"G116"}},
            complaint.empty()};
}

// --- replica_identity
// -------------------------------------------------------------------------------

/// The log must name the old row: by its primary key, by an index, or in full. A key with a column
/// that the task leaves out does not identify rows at the destination.
bool names_old_rows(const model::TableSchema& table, const plan::NameMapping& mapping) {
    const auto left_out = mapping.excluded_columns.find(table.name);
    const auto carried = [&](std::size_t column) {
        return left_out == mapping.excluded_columns.end() ||
               !left_out->second.contains(table.columns[column].name);
    };
    const std::vector<std::size_t> logged = table.logged_columns();
    return table.logs_old_rows() ||
           (!logged.empty() && std::all_of(logged.begin(), logged.end(), carried));
}

std::vector<Requirement> replica_identities(const plan::TaskSpec& written,
                                            const model::Catalog& catalog) {
    const plan::TaskSpec spec = plan::with_partition_settings(written, catalog);
    std::vector<std::string> lacking;
    std::vector<std::string> filtered;
    for (const model::TableSchema& table : catalog.tables) {
        if (table.partition_key) {
            continue;
        }
        if (!names_old_rows(table, spec.mapping)) {
            lacking.push_back(table.name.display());
        } else if (spec.filters.contains(table.name) && !table.logs_old_rows()) {
            filtered.push_back(table.name.display());
        }
    }
    const Severity severity = spec.set_replica_identity ? Severity::note : Severity::block;
    const std::string remedy = spec.set_replica_identity
                                   ? "nothing: REPLICA IDENTITY FULL is set at the start and the "
                                     "old setting put back at release"
                                   : "ALTER TABLE ... REPLICA IDENTITY FULL, or say "
                                     "`replica_identity: set` in the task file";
    return {{{"source.replica_identity",
              severity,
              lacking.empty() ? "" : lacking.front(),
              lacking.empty() ? "every table's old rows can be told from the log"
                              : "the log does not name old rows of " + model::some_of(lacking),
              "updates and deletes of a table without a usable replica identity cannot be followed",
              remedy,
              {"G116", "G117", "G118"}},
             lacking.empty()},
            {{"source.replica_identity_filter",
              severity,
              filtered.empty() ? "" : filtered.front(),
              filtered.empty() ? "no filtered table lacks whole old rows"
                               : "the log has no whole old rows of " + model::some_of(filtered),
              "whether a row leaves or enters a filter is told from its whole old row",
              remedy,
              {"G117", "G118"}},
             filtered.empty()}};
}

}  // namespace

Requirement version_requirement(Connection& connection, model::Side side, int oldest) {
    const std::string end(to_string(side));
    const int version = connection.server_version() / 10000;
    Requirement out;
    out.met = version >= oldest;
    out.finding = {side == model::Side::source ? "source.version" : "destination.version",
                   Severity::block,
                   end,
                   fmt::format("PostgreSQL {}", version),
                   fmt::format("a {} is supported from version {} on", end, oldest),
                   "upgrade the server first, or migrate from a newer replica of it",
                   {"G138"}};
    return out;
}

Requirement collation_version_requirement(Connection& connection, model::Side side) {
    constexpr int kRecorded = 150000;  // databases record it from this version on
    std::string then;
    std::string now;
    if (connection.server_version() >= kRecorded) {
        const Result row = connection.exec(
            "SELECT coalesce(datcollversion, ''),"
            " coalesce(pg_database_collation_actual_version(oid), '')"
            " FROM pg_database WHERE datname = current_database()");
        then = row.text(0, 0);
        now = row.text(0, 1);
    }
    const bool same = then.empty() || then == now;
    return {
        {side == model::Side::source ? "source.collation_version" : "destination.collation_version",
         Severity::alert_ignorable,
         "collation version",
         same ? "the database's collation has not changed"
              : "the database was made with version " + then +
                    " of its collation, and the server has " +
                    (now.empty() ? "none" : "version " + now),
         "texts may sort otherwise than its indexes have them: a row may not be found by its "
         "key, and a unique key may hold one value twice",
         "REINDEX DATABASE, then ALTER DATABASE ... REFRESH COLLATION VERSION",
         {}},
        same};
}

std::vector<std::string> failing_tables(Connection& connection, const model::Catalog& catalog,
                                        const std::string& condition) {
    std::vector<model::ObjectName> names;
    for (const model::TableSchema& table : catalog.tables) {
        names.push_back(table.name);
    }
    const Result rows = connection.exec(
        "SELECT v.at FROM " + names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name WHERE NOT (" +
        condition + ") ORDER BY 1");
    std::vector<std::string> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back(names[rows.index(row, 0, names.size())].display());
    }
    return out;
}

Requirement tables_requirement(std::string code, const std::vector<std::string>& failing,
                               const std::string& right, std::string why, std::string remedy) {
    const std::string found = failing.empty() ? right + ": on every table"
                                              : right + " is missing on " + model::some_of(failing);
    return {{std::move(code),
             Severity::block,
             failing.empty() ? "" : failing.front(),
             found,
             std::move(why),
             std::move(remedy),
             {"G134"}},
            failing.empty()};
}

/// Policies do not apply to the owner, unless the table says that they do.
Requirement row_security_requirement(Connection& connection, const model::Catalog& catalog,
                                     std::string code, const std::string& right, std::string why) {
    const std::string held = "NOT row_security_active(c.oid)";
    const std::vector<std::string> failing = failing_tables(connection, catalog, held);
    const std::vector<std::string> forced =
        failing_tables(connection, catalog, held + " OR NOT c.relforcerowsecurity");
    std::string remedy = "use an account with BYPASSRLS";
    if (forced.empty()) {
        remedy += ", or the tables' owner";
    } else {
        remedy += ": the owner's is not enough, since " + model::some_of(forced) +
                  (forced.size() == 1 ? " holds" : " hold") +
                  " the owner to the policies, too (FORCE ROW LEVEL SECURITY)";
    }
    return tables_requirement(std::move(code), failing, right, std::move(why), std::move(remedy));
}

std::vector<Requirement> source_requirements(Connection& connection, Topic topic,
                                             const plan::TaskSpec& spec,
                                             const model::Catalog& catalog) {
    const bool log = spec.phases.incremental;
    switch (topic) {
        case Topic::version:
            return {version_requirement(connection, model::Side::source, kOldestSource),
                    encoding_requirement(connection),
                    collation_version_requirement(connection, model::Side::source)};
        case Topic::capture_settings:
            if (!log) {
                return standby_source(connection, catalog);
            }
            return {wal_level(connection), failover_slots(connection, spec),
                    publication_allowed(connection, spec), replication_session(spec)};
        case Topic::capture_capacity: {
            if (!log) {
                return {};
            }
            std::vector<Requirement> out = capacity(connection, spec);
            for (Requirement& requirement : names_free(connection, spec)) {
                out.push_back(std::move(requirement));
            }
            return out;
        }
        case Topic::log_retention:
            return log ? retention(connection) : std::vector<Requirement>{};
        case Topic::privileges:
            return source_privileges(connection, spec, catalog);
        case Topic::filters:
            return filters(connection, spec, catalog);
        case Topic::replica_identity:
            return log ? replica_identities(spec, catalog) : std::vector<Requirement>{};
        case Topic::object_kinds:
            return object_kinds(connection, spec, catalog);
        case Topic::needed_objects:
            return {functions_and_search_path(catalog)};
    }
    return {};
}

}  // namespace cutover::postgres
