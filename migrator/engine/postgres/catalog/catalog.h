// Reads a database's catalog into model/schema.h: tables with everything on them, the types and
// sequences they need, and other objects beside them. It takes a fixed number of round trips,
// however many tables there are, all under one snapshot. It only reports; the route and the
// precheck decide whether something can be carried.
#pragma once

#include <string>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"

namespace cutover::postgres {

/// Requires: no transaction is open. A partitioned table that is selected brings its partitions
/// along, except those that are excluded by name. Throws: connection, operation, refused.
model::Catalog read_catalog(Connection& connection, const plan::ObjectSelection& selection);

}  // namespace cutover::postgres
