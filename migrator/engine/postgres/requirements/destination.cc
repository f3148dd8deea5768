// What a migration needs at the destination: rights, no triggers or rules that act on rows, and no
// objects that are not carried.
#include <string>
#include <utility>

#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/engine/postgres/requirements/requirements.h"
#include "migrator/engine/postgres/session/versions.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using engine::Requirement;
using engine::Topic;
using model::Severity;

namespace {

struct Account {
    std::string user;  ///< as SQL names it
    std::string database;
    bool creates = false;
    bool makes_temporary_tables = false;
};

Account account_of(Connection& connection) {
    const Result row = connection.exec(
        "SELECT quote_ident(current_user), quote_ident(current_database()),"
        " has_database_privilege(current_database(), 'CREATE'),"
        " has_database_privilege(current_database(), 'TEMPORARY')");
    return {row.text(0, 0), row.text(0, 1), row.boolean(0, 2), row.boolean(0, 3)};
}

Requirement right_to_create(const Account& account) {
    return {
        {"destination.privilege_create",
         Severity::block,
         account.user,
         account.creates ? "the account may create schemas" : "the account may not create schemas",
         "the task keeps its own state in a schema of its own, and makes schemas that are missing",
         "GRANT CREATE ON DATABASE " + account.database + " TO " + account.user,
         {"G139"}},
        account.creates};
}

Requirement right_to_stage(const Account& account) {
    return {{"destination.privilege_temporary",
             Severity::block,
             account.user,
             account.makes_temporary_tables ? "the account may make temporary tables"
                                            : "the account may not make temporary tables",
             "rows and changes are staged in temporary tables before they take effect",
             "GRANT TEMPORARY ON DATABASE " + account.database + " TO " + account.user,
             {"G139"}},
            account.makes_temporary_tables};
}

/// A missing schema will belong to the account. Since version 15, only the owner of `public` may
/// create objects in it.
Requirement schema_rights(Connection& connection, const Account& account,
                          const model::Catalog& catalog) {
    const Result rows = connection.exec_params(
        "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = ANY ($1::text[])"
        " AND NOT (has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE'))"
        " ORDER BY 1",
        {array_literal(catalog.schemas)});
    std::vector<std::string> closed;
    for (int row = 0; row < rows.rows(); ++row) {
        closed.push_back(rows.text(row, 0));
    }
    Requirement out =
        tables_requirement("destination.privilege_schema", closed, "the right to create",
                           "the schema phase makes tables, types and sequences there", "");
    out.finding.found =
        "the account may not create objects in the schema " + model::some_of(closed);
    for (const std::string& schema : closed) {
        out.finding.remedy +=
            (out.finding.remedy.empty() ? "GRANT USAGE, CREATE ON SCHEMA " : ", ") + schema;
    }
    out.finding.remedy += " TO " + account.user;
    return out;
}

std::vector<Requirement> table_rights(Connection& connection, const plan::TaskSpec& spec,
                                      const model::Catalog& catalog) {
    std::vector<Requirement> out = {
        tables_requirement(
            "destination.privilege_write",
            failing_tables(connection, catalog,
                           "has_schema_privilege(c.relnamespace, 'USAGE') AND"
                           " has_table_privilege(c.oid, 'SELECT') AND"
                           " has_table_privilege(c.oid, 'INSERT') AND"
                           " has_table_privilege(c.oid, 'UPDATE') AND"
                           " has_table_privilege(c.oid, 'DELETE') AND"
                           " has_table_privilege(c.oid, 'TRUNCATE')"),
            "the right to write", "rows are inserted, updated, deleted and tables emptied",
            "grant SELECT, INSERT, UPDATE, DELETE, TRUNCATE on the tables to the task's account"),
        row_security_requirement(connection, catalog, "destination.row_security",
                                 "writing past row security",
                                 "a policy could hide or refuse rows")};
    if (spec.phases.schema) {
        out.push_back(tables_requirement(
            "destination.privilege_owner",
            failing_tables(connection, catalog, "pg_has_role(c.relowner, 'USAGE')"), "ownership",
            "the schema phase adds keys, indexes and foreign keys, which only a table's owner may",
            "use the owner's account, grant the owner's role to the task's account, or leave out "
            "the schema phase"));
    }
    return out;
}

/// Whether a writing session may ignore triggers; tried in a transaction that is rolled back.
bool may_ignore_triggers(Connection& connection) {
    connection.exec("BEGIN");
    const bool allowed = ignore_triggers_until_commit(connection);
    connection.rollback();
    return allowed;
}

constexpr const char* kRemedyForAccount =
    "GRANT SET ON PARAMETER session_replication_role TO the account (PostgreSQL 15 and later)";

/// Finds triggers and rules that act on migrated rows: those of the application must not fire.
std::vector<Requirement> acting_on_rows(Connection& connection, const plan::TaskSpec& spec,
                                        const model::Catalog& catalog, bool silenced) {
    const std::string states = silenced ? "('A', 'R')" : "('O', 'A')";
    const std::string why =
        silenced
            ? "it acts on every migrated row too (ENABLE ALWAYS or REPLICA)"
            : "it acts on every migrated row: the account may not set session_replication_role";
    const std::string remedy = std::string("disable it until the cutover") +
                               (silenced ? "" : std::string(", or ") + kRemedyForAccount);
    const auto tell = [&](const char* code, const std::string& what, const std::string& from) {
        const std::vector<std::string> tables =
            failing_tables(connection, catalog, "NOT EXISTS (SELECT FROM " + from + states + ")");
        Requirement out = tables_requirement(code, tables, "", why, remedy);
        out.finding.found = what + " act on rows of " + model::some_of(tables);
        return out;
    };
    Requirement triggers = tell("destination.triggers", "triggers",
                                "pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal"
                                " AND t.tgenabled IN ");
    if (silenced || !spec.phases.incremental) {
        triggers.finding.severity = Severity::alert_ignorable;
    }
    return {std::move(triggers), tell("destination.rules", "rules",
                                      "pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1'"
                                      " AND r.ev_enabled IN ")};
}

/// Foreign keys are triggers too. An account that must obey them cannot write rows in any order,
/// and cannot copy a parent anew while it has children.
Requirement foreign_keys(Connection& connection, const model::Catalog& catalog) {
    const std::vector<std::string> tables = failing_tables(
        connection, catalog,
        std::string(
            "NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgisinternal"
            " AND t.tgenabled IN ('O', 'A') AND ") +
            kActsOnRows + ")");
    Requirement out = tables_requirement(
        "destination.foreign_keys", tables, "",
        "rows come in any order, and the account may not set session_replication_role: it is held "
        "to foreign keys",
        std::string("drop them until the cutover, or ") + kRemedyForAccount);
    out.finding.found = "foreign keys hold rows of " + model::some_of(tables);
    return out;
}

std::vector<Requirement> privileges(Connection& connection, const plan::TaskSpec& spec,
                                    const model::Catalog& catalog) {
    const bool silenced = may_ignore_triggers(connection);
    std::vector<Requirement> out = acting_on_rows(connection, spec, catalog, silenced);
    if (!silenced && (spec.phases.full || spec.phases.incremental)) {
        out.push_back(foreign_keys(connection, catalog));
    }
    out.push_back(code_of_others_requirement(connection, catalog));
    out.push_back(superuser_requirement(connection, model::Side::destination));
    const Account account = account_of(connection);
    out.push_back(right_to_create(account));
    if (spec.phases.full || spec.phases.incremental) {
        out.push_back(right_to_stage(account));
    }
    out.push_back(schema_rights(connection, account, catalog));
    for (Requirement& requirement : table_rights(connection, spec, catalog)) {
        out.push_back(std::move(requirement));
    }
    return out;
}

}  // namespace

std::vector<Requirement> destination_requirements(Connection& connection, Topic topic,
                                                  const plan::TaskSpec& spec,
                                                  const model::Catalog& catalog) {
    if (topic == Topic::version) {
        return {version_requirement(connection, model::Side::destination, kOldestDestination),
                collation_version_requirement(connection, model::Side::destination)};
    }
    if (topic == Topic::needed_objects) {
        return needed_objects(connection, catalog);
    }
    return topic == Topic::privileges ? privileges(connection, spec, catalog)
                                      : std::vector<Requirement>{};
}

}  // namespace cutover::postgres
