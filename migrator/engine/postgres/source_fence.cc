#include "migrator/engine/postgres/source_fence.h"

#include <fmt/format.h>

#include "migrator/engine/postgres/write_session.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Rows are refused where they are stored, whichever parent or key they come by; only emptying a
/// table touches no row. ALWAYS: whoever applies another server's changes is stopped, too.
std::string triggers_on(const model::ObjectName& table, const std::string& name) {
    const std::string rows = quote_identifier(name);
    const std::string empty = quote_identifier(name + "_empty");
    const std::string call = fmt::format(" EXECUTE FUNCTION {}.refuse();", rows);
    return fmt::format(
        "CREATE TRIGGER {0} BEFORE INSERT OR UPDATE OR DELETE ON {2} FOR EACH ROW{3}"
        "CREATE TRIGGER {1} BEFORE TRUNCATE ON {2} FOR EACH STATEMENT{3}"
        "ALTER TABLE {2} ENABLE ALWAYS TRIGGER {0}, ENABLE ALWAYS TRIGGER {1};",
        rows, empty, quote(table), call);
}

std::string function(const Connection& connection, const plan::TaskSpec& spec) {
    const std::string body = fmt::format(
        "BEGIN RAISE EXCEPTION 'table %.% is being moved by cutover, task {}, and takes no writes "
        "here', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'read_only_sql_transaction', HINT = "
        "'write to the new database; \"cutover release\" lifts this'; END",
        spec.name);
    const std::string schema = quote_identifier(fence_name(spec));
    return fmt::format(
        "CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS 'cutover: the fence of a task';"
        "CREATE FUNCTION {0}.refuse() RETURNS trigger LANGUAGE plpgsql AS {1};",
        schema, connection.quote_literal(body));
}

std::string all_tables(const plan::Plan& plan) {
    std::string out;
    for (const plan::TablePlan& table : plan.tables) {
        out += (out.empty() ? "" : ", ") + std::string("ONLY ") + quote(table.source);
    }
    return out;
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
    const Result there =
        connection.exec_params("SELECT FROM pg_namespace WHERE nspname = $1", {name});
    if (there.rows() > 0 || plan.tables.empty()) {
        return true;
    }
    try {
        connection.exec("BEGIN");
        // Longer than deadlock_timeout, after which an autovacuum that is in the way is sent off.
        connection.exec("SET LOCAL lock_timeout = '1500ms'");
        connection.exec("LOCK TABLE " + all_tables(plan) + " IN SHARE ROW EXCLUSIVE MODE");
        std::string statements = function(connection, plan.spec);
        for (const plan::TablePlan& table : plan.tables) {
            statements += triggers_on(table.source, name);
        }
        connection.exec(statements);
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
    std::string statements;
    for (int row = 0; row < tables.rows(); ++row) {
        const std::string table = quote({tables.text(row, 0), tables.text(row, 1)});
        for (const char* part : {"", "_empty"}) {
            statements += fmt::format("DROP TRIGGER IF EXISTS {} ON {};",
                                      quote_identifier(name + part), table);
        }
    }
    try {
        connection.exec("BEGIN");
        connection.exec("SET LOCAL lock_timeout = '30s'");
        connection.exec(statements +
                        fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", quote_identifier(name)));
        connection.exec("COMMIT");
    } catch (const Error&) {
        connection.rollback();
        throw;
    }
}

}  // namespace cutover::postgres
