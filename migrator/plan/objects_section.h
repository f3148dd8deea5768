// `objects:` of a task file: what is migrated, under which names, which columns and rows. It tells
// what contradicts itself from the names alone; what only the catalogs can tell, a route tells
// later.
#pragma once

#include "migrator/plan/document.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Fills `objects`, `mapping` and `filters` of `spec`. Tells every mistake to `problems`.
void read_objects(const Node* node, TaskSpec& spec, Problems& problems);

}  // namespace cutover::plan
