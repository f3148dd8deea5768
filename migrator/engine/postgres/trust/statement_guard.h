// What a statement that holds a source's text would run at the destination, asked of the
// destination before it does: functions, operators and types, by the names in the text itself. What
// the source says of them does not count, for its server may have been tampered with.
#pragma once

#include <string>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Throws: refused `schema.calls`, naming the first that may do harm with the account's rights: one
/// of the server's own that is not known as harmless, or one of a role that is not trusted
/// (own_objects.h). Throws besides: connection.
void require_harmless(Connection& connection, const std::string& statement);

}  // namespace cutover::postgres
