// What a migration needs from a PostgreSQL server, topic by topic, each with what was found. Reads
// only. The route decides whether a type can be carried; the precheck compares both ends.
#pragma once

#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Throws: connection, operation.
std::vector<engine::Requirement> source_requirements(Connection& connection, engine::Topic topic,
                                                     const plan::TaskSpec& spec,
                                                     const model::Catalog& catalog);
/// `catalog` holds what already exists at the destination.
std::vector<engine::Requirement> destination_requirements(Connection& connection,
                                                          engine::Topic topic,
                                                          const plan::TaskSpec& spec,
                                                          const model::Catalog& catalog);

}  // namespace cutover::postgres
