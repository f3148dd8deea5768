// Tries the schema phase in a transaction that is rolled back. The server itself then reports what
// no catalog query can foresee (a version's syntax, a name that something else has, an encoding).
#pragma once

#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// Requires: no transaction is open. Holds the locks of what it makes until it ends; so it tries no
/// more steps than half of the server's lock table has room for. Waits for nobody's lock. Throws:
/// connection.
engine::Trial try_steps(Connection& connection, const std::vector<plan::SchemaStep>& steps);

}  // namespace cutover::postgres
