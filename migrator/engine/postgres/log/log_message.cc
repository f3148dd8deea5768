#include "migrator/engine/postgres/log/log_message.h"

namespace cutover::postgres {

namespace {

constexpr int kFlushingMessages = 170000;  // from here on without using up a transaction id

}  // namespace

void emit_message(Connection& connection, std::string_view prefix, const std::string& expression) {
    const bool flushing = connection.server_version() >= kFlushingMessages;
    const std::string message = "pg_logical_emit_message(" +
                                std::string(flushing ? "false" : "true") + ", " +
                                connection.quote_literal(prefix) + ", " + expression;
    // Flushed by the commit, whatever the server's default says; no standby is waited for.
    connection.exec(flushing ? "SELECT " + message + ", true)"
                             : "SELECT set_config('synchronous_commit', 'local', true), " +
                                   message + ")");
}

}  // namespace cutover::postgres
