// `objects:` of a task file: what is migrated, under which names, which columns and rows. It
// reports contradictions that the names alone show; a route later reports those that only the
// catalogs show.
#pragma once

#include "migrator/plan/document.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Fills `objects`, `mapping` and `filters` of `spec`. Reports every mistake to `problems`.
void read_objects(const Node* node, TaskSpec& spec, Problems& problems);

}  // namespace cutover::plan
