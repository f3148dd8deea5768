#include "migrator/engine/postgres/control/write_session.h"

#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/session/versions.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// A session whose client is gone gives its locks back within half a minute. A commit is durable
/// whatever the server's default is.
constexpr Statements kEverySession =
    "SET tcp_keepalives_idle=10; SET tcp_keepalives_interval=5; SET tcp_keepalives_count=3;"
    " SELECT set_config('synchronous_commit', 'on', false)"
    "  WHERE current_setting('synchronous_commit') = 'off'";

/// Staged rows are joined to their tables by index: a batch costs what it holds, whatever the size
/// of the table and the age of its statistics. Keyless tables switch hash joins on for themselves.
constexpr Statements kWritingSession =
    "SET jit=off; SET temp_buffers='32MB'; SET work_mem='64MB';"
    " SET enable_hashjoin=off; SET enable_mergejoin=off; SET enable_memoize=off";

constexpr const char* kSchemaSession =
    "SELECT set_config('maintenance_work_mem', '256MB', false)"
    "  WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')";

void ignore_triggers_if_allowed(Connection& connection) {
    try {
        connection.exec("SET session_replication_role=replica");
    } catch (const Error& error) {
        if (!has_state(error, "42501")) {
            throw;
        }
    }
}

void require_version(const Connection& connection) {
    const int version = connection.server_version() / 10000;
    if (version < kOldestDestination) {
        const std::string oldest = std::to_string(kOldestDestination);
        throw Error(ErrorClass::refused, "destination.version",
                    "the destination runs PostgreSQL " + std::to_string(version) +
                        "; rows are written in a form that versions before " + oldest +
                        " do not take",
                    "migrate to PostgreSQL " + oldest + " or later");
    }
}

SessionPool::Settle settings_for(SessionRole role) {
    return [role](Connection& connection) {
        require_version(connection);
        connection.exec_script(kEverySession);
        if (role == SessionRole::schema) {
            connection.exec(kSchemaSession);
        } else if (role != SessionRole::control) {
            connection.exec_script(kWritingSession);
            ignore_triggers_if_allowed(connection);
        }
    };
}

const char* to_text(SessionRole role) {
    switch (role) {
        case SessionRole::control:
            return "control";
        case SessionRole::writer:
            return "writer";
        case SessionRole::applier:
            return "applier";
        case SessionRole::schema:
            return "schema";
    }
    return "control";
}

}  // namespace

std::string application_name(const std::string& task, SessionRole role) {
    return "cutover/" + task + "/" + to_text(role);
}

Connection open_session(SessionPool& sessions, const std::string& task, SessionRole role) {
    return sessions.take(application_name(task, role), settings_for(role));
}

void prepare_writers(SessionPool& sessions, const std::string& task, std::size_t count) {
    sessions.prepare(count, application_name(task, SessionRole::writer),
                     settings_for(SessionRole::writer));
}

bool ignores_triggers(Connection& connection) {
    return connection.exec("SHOW session_replication_role").get(0, 0) == "replica";
}

bool ignore_triggers_until_commit(Connection& connection) {
    if (ignores_triggers(connection)) {
        return true;
    }
    connection.exec("SAVEPOINT cutover_triggers");
    bool allowed = true;
    try {
        connection.exec("SET LOCAL session_replication_role=replica");
    } catch (const Error& error) {
        if (!has_state(error, "42501")) {
            throw;
        }
        connection.exec("ROLLBACK TO SAVEPOINT cutover_triggers");
        allowed = false;
    }
    connection.exec("RELEASE SAVEPOINT cutover_triggers");
    return allowed;
}

}  // namespace cutover::postgres
