// The statements that make a PostgreSQL destination's objects like the source's, under the task's renames.
// Tables come bare; keys, indexes and foreign keys come after the rows (plan::SchemaSection).
#pragma once

#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"

namespace cutover::route {

/// Pure. Findings name what is left out and why (a foreign key to a table that is not selected).
std::vector<plan::SchemaStep> schema_steps(const plan::TaskSpec& spec, const model::Catalog& source,
                                           std::vector<model::Finding>& findings);

}  // namespace cutover::route
