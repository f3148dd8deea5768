#include "migrator/engine/postgres/source_fence.h"

#include <fmt/format.h>

#include "migrator/engine/postgres/own_objects.h"
#include "migrator/engine/postgres/write_session.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Rows are refused where they are stored, whichever parent or key they come by; only emptying a
/// table touches no row. ALWAYS: whoever applies another server's changes is stopped, too.
std::vector<std::string> triggers_on(const model::ObjectName& table, const std::string& name) {
    const std::string rows = quote_identifier(name);
    const std::string empty = quote_identifier(name + "_empty");
    const std::string call = fmt::format(" EXECUTE FUNCTION {}.refuse()", rows);
    const std::string on = quote(table);
    return {fmt::format("CREATE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW{}",
                        rows, on, call),
            fmt::format("CREATE TRIGGER {} BEFORE TRUNCATE ON {} FOR EACH STATEMENT{}", empty, on,
                        call),
            fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}, ENABLE ALWAYS TRIGGER {}", on,
                        rows, empty)};
}

std::vector<std::string> function(const Connection& connection, const plan::TaskSpec& spec) {
    const std::string body = fmt::format(
        "BEGIN RAISE EXCEPTION 'table %.% is being moved by cutover, task {}, and takes no writes "
        "here', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'read_only_sql_transaction', HINT = "
        "'write to the new database; \"cutover release\" lifts this'; END",
        spec.name);
    const std::string schema = quote_identifier(fence_name(spec));
    return {"CREATE SCHEMA " + schema,
            "COMMENT ON SCHEMA " + schema + " IS 'cutover: the fence of a task'",
            "CREATE FUNCTION " + schema + ".refuse() RETURNS trigger LANGUAGE plpgsql AS " +
                connection.quote_literal(body)};
}

std::string all_tables(const plan::Plan& plan) {
    std::string out;
    for (const plan::TablePlan& table : plan.tables) {
        out += (out.empty() ? "" : ", ") + std::string("ONLY ") + quote(table.source);
    }
    return out;
}

void run_all(Connection& connection, const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
        connection.exec(statement);
    }
}

/// A transaction that is under way holds a table, or ours and it waited for each other.
bool in_the_way(const Error& error) {
    return has_state(error, "55P03") || has_state(error, "40P01");
}

}  // namespace

std::string fence_name(const plan::TaskSpec& spec) {
    return "cutover_fence_" + spec.name;
}

bool set_fence(Connection& connection, const plan::Plan& plan) {
    const std::string name = fence_name(plan.spec);
    if (own_schema_named(connection, name) || plan.tables.empty()) {
        return true;
    }
    try {
        connection.exec("BEGIN");
        // Longer than deadlock_timeout, after which an autovacuum that is in the way is sent off.
        connection.exec("SET LOCAL lock_timeout = '1500ms'");
        connection.exec("LOCK TABLE " + all_tables(plan) + " IN SHARE ROW EXCLUSIVE MODE");
        run_all(connection, function(connection, plan.spec));
        for (const plan::TablePlan& table : plan.tables) {
            run_all(connection, triggers_on(table.source, name));
        }
        connection.exec("COMMIT");
    } catch (const Error& error) {
        connection.rollback();
        if (in_the_way(error)) {
            return false;
        }
        if (error.error_class() == ErrorClass::refused) {
            throw Error(ErrorClass::refused, "finish.fence_refused",
                        "the source cannot be fenced: " + error.message(),
                        "the account must own the tables and may create schemas in the database; "
                        "or finish without --fence-source");
        }
        throw;
    }
    return true;
}

void lift_fence(Connection& connection, const plan::TaskSpec& spec) {
    const std::string name = fence_name(spec);
    const Result tables = connection.exec_params(
        "SELECT DISTINCT n.nspname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = "
        "t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname::text IN "
        "($1::text, "
        "$1::text || '_empty') ORDER BY 1, 2",
        {name});
    own_schema_named(connection, name);
    std::vector<std::string> statements;
    for (int row = 0; row < tables.rows(); ++row) {
        const std::string table = quote({tables.text(row, 0), tables.text(row, 1)});
        for (const char* part : {"", "_empty"}) {
            statements.push_back("DROP TRIGGER IF EXISTS " + quote_identifier(name + part) +
                                 " ON " + table);
        }
    }
    try {
        connection.exec("BEGIN");
        connection.exec("SET LOCAL lock_timeout = '30s'");
        statements.push_back("DROP SCHEMA IF EXISTS " + quote_identifier(name) + " CASCADE");
        run_all(connection, statements);
        connection.exec("COMMIT");
    } catch (const Error&) {
        connection.rollback();
        throw;
    }
}

}  // namespace cutover::postgres
