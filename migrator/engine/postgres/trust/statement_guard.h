// What a statement that contains a source's text would run at the destination: functions, operators
// and types, by the names in the text itself. The destination is asked before it runs the
// statement. What the source says of them does not count, because its server may have been tampered
// with.
#pragma once

#include <string>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Throws: refused `schema.calls`, naming the first that may do harm with the account's rights: one
/// of the server's own that is not known to be harmless, or one of a role that is not trusted
/// (own_objects.h). Also throws: connection.
void require_harmless(Connection& connection, const std::string& statement);

}  // namespace cutover::postgres
