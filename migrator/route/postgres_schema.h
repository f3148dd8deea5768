// The statements that make a PostgreSQL destination's objects like the source's, under the task's
// renames. Tables come bare; keys, indexes and foreign keys come after the rows
// (plan::SchemaSection). Steps of one section other than `before_rows` may run side by side in any
// order.
#pragma once

#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"
#include "migrator/route/name_map.h"

namespace cutover::route {

/// Pure. Findings name what is left out and why (a foreign key to a table that is not selected),
/// and block what cannot be made equal.
/// `destination_version`: major, 0 where nobody has asked: what older ones do not know stays.
std::vector<plan::SchemaStep> schema_steps(const plan::TaskSpec& spec, const model::Catalog& source,
                                           int destination_version, const NameMap& names,
                                           std::vector<model::Finding>& findings);

/// The schemas in which it makes something, each once.
std::vector<std::string> destination_schemas(const model::Catalog& source, const NameMap& names);

}  // namespace cutover::route
