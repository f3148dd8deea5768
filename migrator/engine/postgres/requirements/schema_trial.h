// The schema phase, tried in a transaction that is given up: what no catalog query can foresee (a
// version's syntax, a name that is taken by something else, an encoding) the server says itself.
#pragma once

#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// Requires: no transaction is open. Holds the locks of what it makes until it ends, which is why
/// it tries no more than half of the server's lock table has room for; waits for nobody's lock.
/// Throws: connection.
engine::Trial try_steps(Connection& connection, const std::vector<plan::SchemaStep>& steps);

}  // namespace cutover::postgres
