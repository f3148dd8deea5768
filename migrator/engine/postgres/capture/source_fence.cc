#include "migrator/engine/postgres/capture/source_fence.h"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/session/lock_holders.h"
#include "migrator/engine/postgres/session/session_limit.h"
#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

using Limit = SessionLimit::Kind;

/// All tables are locked within this, or none. Longer than deadlock_timeout, after which an
/// autovacuum that is in the way is sent off.
constexpr std::chrono::milliseconds kTry(1500);
/// How long a lift waits for the making of the fence to end, which a server may still be busy with.
constexpr std::chrono::seconds kSwitchPatience(30);
/// Readers queue behind a trigger that is being dropped.
constexpr std::chrono::milliseconds kDropLock(100);
constexpr std::chrono::milliseconds kDropPause(400);
constexpr std::chrono::seconds kDropPatience(2);

constexpr const char* kLifted = "lifted";

std::string function_of(const std::string& name) {
    return quote_identifier(name) + ".refuse()";
}

/// One statement: it commits when it has come to its end, whatever has become of who has sent it.
void exec_block(Connection& connection, const std::string& statements) {
    connection.exec("DO " + connection.quote_literal("BEGIN " + statements + " END"));
}

/// A comment takes a lock of its schema that goes with no other of its kind, and only who owns the
/// schema can take it: so making and lifting a fence wait for each other, and for nobody else.
std::string hold_switch(const std::string& name) {
    return "COMMENT ON SCHEMA " + quote_identifier(name) + " IS 'cutover: the fence of a task'; ";
}

std::string make_function(const Connection& connection, const std::string& name,
                          const std::string& body) {
    return "CREATE OR REPLACE FUNCTION " + function_of(name) +
           " RETURNS trigger LANGUAGE plpgsql AS " +
           connection.quote_literal("BEGIN " + body + " END") + "; ";
}

std::string refusing(const Connection& connection, const plan::TaskSpec& spec) {
    const std::string body = fmt::format(
        "RAISE EXCEPTION 'table %.% is being moved by cutover, task {}, and takes no writes "
        "here', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'read_only_sql_transaction', HINT = "
        "'write to the new database; \"cutover release\" lifts this';",
        spec.name);
    return make_function(connection, fence_name(spec), body);
}

std::string letting_pass(const Connection& connection, const plan::TaskSpec& spec) {
    return make_function(connection, fence_name(spec),
                         "IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN RETURN OLD; END IF; "
                         "RETURN NEW;");
}

std::string comment_function(const Connection& connection, const std::string& name,
                             const std::string& text) {
    return "COMMENT ON FUNCTION " + function_of(name) + " IS " + connection.quote_literal(text) +
           "; ";
}

/// Rows are refused where they are stored, whichever parent or key they come by; only emptying a
/// table touches no row. ALWAYS: whoever applies another server's changes is stopped, too.
std::string triggers_on(const model::ObjectName& table, const std::string& name) {
    const std::string rows = quote_identifier(name);
    const std::string empty = quote_identifier(name + "_empty");
    const std::string call = " EXECUTE FUNCTION " + function_of(name) + "; ";
    const std::string on = quote(table);
    return fmt::format(
        "CREATE OR REPLACE TRIGGER {0} BEFORE INSERT OR UPDATE OR DELETE ON {2} FOR EACH ROW{3}"
        "CREATE OR REPLACE TRIGGER {1} BEFORE TRUNCATE ON {2} FOR EACH STATEMENT{3}"
        "ALTER TABLE {2} ENABLE ALWAYS TRIGGER {0}, ENABLE ALWAYS TRIGGER {1}; ",
        rows, empty, on, call);
}

std::vector<model::ObjectName> tables_of(const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    return names;
}

/// The switch, and the permission to turn it on. A lift takes that back: a fence whose making
/// reaches the server after it does not come into force any more.
std::string prepare_switch(Connection& connection, const plan::TaskSpec& spec) {
    const std::string name = fence_name(spec);
    const bool there = own_schema_named(connection, name);
    const std::string permission = connection.exec("SELECT gen_random_uuid()").text(0, 0);
    const std::string function = connection.quote_literal(function_of(name));
    exec_block(connection, (there ? "" : "CREATE SCHEMA " + quote_identifier(name) + "; ") +
                               hold_switch(name) + "IF to_regprocedure(" + function +
                               ") IS NULL THEN " + letting_pass(connection, spec) + "END IF; " +
                               comment_function(connection, name, permission));
    return permission;
}

/// All of it under the tables' locks, from the first of them to the commit without a round trip.
void switch_on(Connection& connection, const plan::Plan& plan, const std::string& permission) {
    const std::string name = fence_name(plan.spec);
    std::string tables;
    std::string triggers;
    for (const plan::TablePlan& table : plan.tables) {
        tables += (tables.empty() ? "ONLY " : ", ONLY ") + quote(table.source);
        triggers += triggers_on(table.source, name);
    }
    const std::string now = "obj_description(" + connection.quote_literal(function_of(name)) +
                            "::regprocedure, 'pg_proc')";
    exec_block(connection, hold_switch(name) + "IF " + now + " IS DISTINCT FROM " +
                               connection.quote_literal(permission) +
                               " THEN RAISE 'lifted' USING ERRCODE = 'lock_not_available'; "
                               "END IF; LOCK TABLE " +
                               tables + " IN SHARE ROW EXCLUSIVE MODE; " +
                               refusing(connection, plan.spec) + triggers);
}

/// A transaction that is under way holds a table for too long, or ours and it waited for each
/// other; or an earlier try of ours has yet to end.
bool in_the_way(const Error& error) {
    return has_state(error, "57014") || has_state(error, "55P03") || has_state(error, "40P01") ||
           says_exists(error) || has_state(error, "23505");
}

/// What drops the triggers that are left, table by table.
std::vector<std::string> drops(Connection& connection, const std::string& name) {
    const Result rows = connection.exec_params(
        "SELECT n.nspname, c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = "
        "t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE t.tgfoid = to_regprocedure($1) AND t.tgparentid = 0 ORDER BY 1, 2, 3",
        {function_of(name)});
    std::map<model::ObjectName, std::string> of_table;
    for (int row = 0; row < rows.rows(); ++row) {
        const model::ObjectName table{rows.text(row, 0), rows.text(row, 1)};
        of_table[table] += "DROP TRIGGER IF EXISTS " + quote_identifier(rows.get(row, 2)) + " ON " +
                           quote(table) + "; ";
    }
    std::vector<std::string> out;
    for (auto& [table, statements] : of_table) {
        out.push_back(std::move(statements));
    }
    return out;
}

/// False if others hold what it needs.
bool done(Connection& connection, const std::string& statements) {
    try {
        exec_block(connection, statements);
        return true;
    } catch (const Error& error) {
        if (in_the_way(error)) {
            return false;
        }
        throw;
    }
}

/// True if nothing is left.
bool take_down_once(Connection& connection, const std::string& name) {
    bool all = true;
    for (const std::string& statements : drops(connection, name)) {
        all = done(connection, statements) && all;
    }
    return all && done(connection, "DROP SCHEMA " + quote_identifier(name) + " CASCADE; ");
}

/// What is in use is left: it does nothing any more, and whoever comes next tries again.
void take_down(Connection& connection, const std::string& name) {
    try {
        const SessionLimit limit(connection, Limit::lock, kDropLock);
        Patience patience(connection.attention(), "what is left of the fence at the source",
                          kDropPatience);
        while (!take_down_once(connection, name) && patience.pause(kDropPause)) {
        }
    } catch (const Error&) {
        // A connection that was lost shows at its next use.
    }
}

}  // namespace

std::string fence_name(const plan::TaskSpec& spec) {
    return "cutover_fence_" + spec.name;
}

engine::FenceTry set_fence(Connection& connection, const plan::Plan& plan) {
    if (plan.tables.empty()) {
        return {true, {}};
    }
    try {
        const SessionLimit limit(connection, Limit::statement, kTry);
        switch_on(connection, plan, prepare_switch(connection, plan.spec));
        return {true, {}};
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::refused && error.code() != "capture.foreign") {
            throw Error(ErrorClass::refused, "finish.fence_refused",
                        "the source cannot be fenced: " + error.message(),
                        "the account must own the tables and may create schemas in the database; "
                        "or finish without --fence-source");
        }
        if (!in_the_way(error)) {
            throw;
        }
    }
    return {false, lock_holders(connection, tables_of(plan), Wanted::share_row_exclusive)};
}

void lift_fence(Connection& connection, const plan::TaskSpec& spec) {
    const std::string name = fence_name(spec);
    if (!own_schema_named(connection, name)) {
        return;
    }
    try {
        const SessionLimit limit(connection, Limit::lock, kSwitchPatience);
        exec_block(connection, hold_switch(name) + letting_pass(connection, spec) +
                                   comment_function(connection, name, kLifted));
    } catch (const Error& error) {
        if (!has_state(error, "55P03")) {
            throw;
        }
        throw Error(ErrorClass::operation, "finish.fence_stays",
                    "the fence at the source cannot be lifted: its making has not ended, the "
                    "server is still at it",
                    "a commit that waits for a synchronous standby does that: let it have one");
    }
    take_down(connection, name);
}

}  // namespace cutover::postgres
