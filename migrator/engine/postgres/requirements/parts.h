// Functions that the files of requirements.h share. Not for use outside this folder.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/side.h"

namespace cutover::postgres {

/// Whether a session that reads the log can be opened (log_access.cc). Never throws Error.
engine::Requirement replication_session(const plan::TaskSpec& spec);
/// Which transactions would keep the log from beginning (log_access.cc). Throws: connection,
/// operation.
std::vector<engine::Requirement> old_transactions(Connection& connection);
/// Tables of the catalog, as they are displayed, for which `condition` (over pg_class `c`) does not
/// hold. Throws: connection, operation.
std::vector<std::string> failing_tables(Connection& connection, const model::Catalog& catalog,
                                        const std::string& condition);

/// Blocks if any table fails.
engine::Requirement tables_requirement(std::string code, const std::vector<std::string>& failing,
                                       const std::string& right, std::string why,
                                       std::string remedy);

/// Whether the account reads and writes past the row security policies of all tables. Throws:
/// connection, operation.
engine::Requirement row_security_requirement(Connection& connection, const model::Catalog& catalog,
                                             std::string code, const std::string& right,
                                             std::string why);

engine::Requirement version_requirement(Connection& connection, model::Side side, int oldest);

/// Whether the database's texts still sort the way its indexes were built.
engine::Requirement collation_version_requirement(Connection& connection, model::Side side);

/// What to know about copying from a standby (standby_source.cc). Throws: connection, operation.
std::vector<engine::Requirement> standby_source(Connection& connection,
                                                const model::Catalog& catalog);

/// Topic::object_kinds (object_kinds.cc). Throws: connection, operation.
std::vector<engine::Requirement> object_kinds(Connection& connection, const plan::TaskSpec& spec,
                                              const model::Catalog& catalog);

/// Topic::needed_objects for a destination (needed_objects.cc). Throws: connection, operation.
std::vector<engine::Requirement> needed_objects(Connection& connection,
                                                const model::Catalog& catalog);
/// The same for a source: functions that do not work with an empty search_path.
engine::Requirement functions_and_search_path(const model::Catalog& catalog);

// Whom the accounts would act for (trust.cc). These throw: connection, operation.
engine::Requirement code_of_others_requirement(Connection& connection,
                                               const model::Catalog& catalog);
engine::Requirement superuser_requirement(Connection& connection, model::Side side);

}  // namespace cutover::postgres
