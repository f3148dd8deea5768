#include "migrator/engine/postgres/write_session.h"

#include "migrator/engine/postgres/error.h"
#include "migrator/engine/postgres/requirements.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// What codes of errors begin with that a server has sent; its SQLSTATE follows.
constexpr std::string_view kServerError = "postgres.";

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

Error no_bytes() {
    return Error(ErrorClass::corrupt, "control.damaged",
                 "the task's record has a text where bytes must stand",
                 "somebody else has written into the schema cutover at the destination: find out "
                 "who");
}

int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter < 'a' || letter > 'f') {
        throw no_bytes();
    }
    return letter - 'a' + 10;
}

}  // namespace

void ClaimHolder::set(const Claim& claim) {
    const std::lock_guard lock(mutex_);
    claim_ = claim;
}

Claim ClaimHolder::get() const {
    const std::lock_guard lock(mutex_);
    if (!claim_) {
        throw Error(ErrorClass::refused, "task.unclaimed",
                    "the destination is written to only under a claim, and none was taken");
    }
    return *claim_;
}

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

void require_claim(Connection& connection, const Claim& claim) {
    const Result result = connection.exec_params(
        "SELECT 1 FROM cutover.task WHERE name = $1 AND epoch = $2 AND phase <> 'finished'"
        " FOR KEY SHARE",
        {claim.task, std::to_string(claim.epoch)});
    if (result.rows() == 0) {
        throw fenced(claim);
    }
}

Error fenced(const Claim& claim) {
    return Error(ErrorClass::stopped, "task.fenced",
                 "another process has taken over task '" + claim.task +
                     "', or the task is finished: nothing more is written here (claim " +
                     std::to_string(claim.epoch) + ")");
}

std::string to_bytea(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\\x";
    out.reserve(2 + bytes.size() * 2);
    for (const char byte : bytes) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4];
        out += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

std::string from_bytea(std::string_view text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0) {
        throw no_bytes();
    }
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(hex_digit(text[at]) * 16 + hex_digit(text[at + 1]));
    }
    return out;
}

Error value_refused(const Error& error, const std::string& code, const std::string& table,
                    const std::string& row) {
    const std::string character = character_in(error.message());
    return Error(ErrorClass::refused, code,
                 "table " + table + " cannot hold a value of the source" +
                     (row.empty() ? "" : ", in the row " + row) + ": " +
                     (character.empty() ? "" : "the character " + character + ": ") +
                     error.message(),
                 value_hint(std::string_view(error.code()).substr(kServerError.size())));
}

Error about(const Error& error, const std::string& object) {
    return Error(error.error_class(), error.code(), object + ": " + error.message(), error.hint());
}

bool has_state(const Error& error, std::string_view prefix) {
    return error.code().starts_with(kServerError) &&
           std::string_view(error.code()).substr(kServerError.size()).starts_with(prefix);
}

bool says_exists(const Error& error) {
    return has_state(error, "42P07") || has_state(error, "42710") || has_state(error, "42P16") ||
           has_state(error, "42P06");
}

}  // namespace cutover::postgres
