#include "migrator/engine/postgres/log_message.h"

namespace cutover::postgres {

namespace {

constexpr int kFlushingMessages = 170000;  // from here on without using up a transaction id

}  // namespace

void emit_message(Connection& connection, std::string_view prefix, const std::string& expression) {
    const bool flushing = connection.server_version() >= kFlushingMessages;
    // Flushed by the commit, whatever the server's default says; no standby is waited for.
    const std::string durable = flushing ? "" : "SET LOCAL synchronous_commit = local; ";
    connection.exec(durable + "SELECT pg_logical_emit_message(" + (flushing ? "false" : "true") +
                    ", '" + std::string(prefix) + "', " + expression +
                    (flushing ? ", true)" : ")"));
}

}  // namespace cutover::postgres
