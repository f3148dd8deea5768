// What is in the way of a lock on tables, whether it writes, reads or maintains them. For attempts
// that give up after a moment; a longer wait asks what blocks it (attention.h).
#pragma once

#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/name.h"
#include "migrator/model/wait.h"

namespace cutover::postgres {

/// The lock that is wanted: SHARE ROW EXCLUSIVE tolerates readers, ACCESS EXCLUSIVE tolerates
/// nobody.
enum class Wanted : std::uint8_t { share_row_exclusive, access_exclusive };

/// Sessions and prepared transactions that hold, or are first in the queue for, a lock on one of
/// the tables that conflicts with `wanted`; the oldest first. This connection is left out. Throws:
/// connection.
std::vector<model::Holder> lock_holders(Connection& connection,
                                        const std::vector<model::ObjectName>& tables,
                                        Wanted wanted);

}  // namespace cutover::postgres
