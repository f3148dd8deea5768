// Who is in the way of a lock on tables, whether he writes, reads or tidies up. For tries that give
// up after a moment: whoever waits for longer asks who blocks him (attention.h).
#pragma once

#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/name.h"
#include "migrator/model/wait.h"

namespace cutover::postgres {

/// What is asked for: SHARE ROW EXCLUSIVE bears readers, ACCESS EXCLUSIVE bears nobody.
enum class Wanted : std::uint8_t { share_row_exclusive, access_exclusive };

/// Sessions and prepared transactions that hold, or are first in the queue for, what does not go
/// with `wanted` on one of the tables; the oldest first. This connection is left out.
/// Throws: connection.
std::vector<model::Holder> lock_holders(Connection& connection,
                                        const std::vector<model::ObjectName>& tables,
                                        Wanted wanted);

}  // namespace cutover::postgres
