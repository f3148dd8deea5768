// What the files of requirements.h share. Not for use outside this folder.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/connection.h"

namespace cutover::postgres {

/// Names the first few of many.
std::string some(const std::vector<std::string>& names);

/// Topic::object_kinds (object_requirements.cc). Throws: connection, operation.
std::vector<engine::Requirement> object_kinds(Connection& connection, const plan::TaskSpec& spec,
                                              const model::Catalog& catalog);

}  // namespace cutover::postgres
