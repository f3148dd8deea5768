// What a migration needs of a PostgreSQL server, topic by topic, each with what was found. Reads
// only. Whether a type can be carried is the route's question; comparing both ends is the
// precheck's.
#pragma once

#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/connection.h"

namespace cutover::postgres {

/// Oldest version that is read from: row filters in publications, and what both ends of a task rest
/// on.
inline constexpr int kOldestSource = 15;
/// Oldest version that is written to: rows are staged in a form that older ones do not take.
inline constexpr int kOldestDestination = 14;

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
