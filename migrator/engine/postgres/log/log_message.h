// Messages that the migrator writes into the source's log (pg_logical_emit_message).
#pragma once

#include <string>
#include <string_view>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// The text of such a message is the source's clock in microseconds.
inline constexpr std::string_view kHeartbeatPrefix = "cutover_heartbeat";
/// Means nothing to a reader of the log: it was written so that what lies before it is durable.
inline constexpr std::string_view kFlushPrefix = "cutover_flush";

/// Returns once the message, and so everything that lies before it in the log, is flushed.
/// `expression`: SQL that gives the message's text. Outside a transaction. Throws: connection,
/// refused.
void emit_message(Connection& connection, std::string_view prefix, const std::string& expression);

}  // namespace cutover::postgres
