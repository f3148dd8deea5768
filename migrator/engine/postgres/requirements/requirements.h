// What a migration needs of a PostgreSQL server, topic by topic, each with what was found. Reads
// only. Whether a type can be carried is the route's question; comparing both ends is the
// precheck's.
#pragma once

#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Throws: connection, operation.
std::vector<engine::Requirement> source_requirements(Connection& connection, engine::Topic topic,
                                                     const plan::TaskSpec& spec,
                                                     const model::Catalog& catalog);
/// `catalog` holds what is at the destination already.
std::vector<engine::Requirement> destination_requirements(Connection& connection,
                                                          engine::Topic topic,
                                                          const plan::TaskSpec& spec,
                                                          const model::Catalog& catalog);

}  // namespace cutover::postgres
