// What the files of requirements.h share. Not for use outside this folder.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/connection.h"

namespace cutover::postgres {

/// Names the first few of many.
std::string some(const std::vector<std::string>& names);

/// Whether a session that reads the log can be opened (log_access.cc). Never throws Error.
engine::Requirement replication_session(const plan::TaskSpec& spec);
/// Which transactions would keep the log from beginning (log_access.cc). Throws: connection,
/// operation.
std::vector<engine::Requirement> old_transactions(Connection& connection);

/// Topic::object_kinds (object_requirements.cc). Throws: connection, operation.
std::vector<engine::Requirement> object_kinds(Connection& connection, const plan::TaskSpec& spec,
                                              const model::Catalog& catalog);

}  // namespace cutover::postgres
