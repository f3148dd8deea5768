// What a task file says of a partitioned table holds for its partitions, which are what is copied
// and followed. Pure. The catalog tells which table is a partition of which. Names of tables are
// not settings: a partition keeps its own.
#pragma once

#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// `spec` with filters, renamed columns and excluded columns of partitioned tables written out for
/// each of their partitions in `source`. For filters and names of columns, the nearest setting
/// wins, the partition's own first; excluded columns add up.
TaskSpec with_partition_settings(TaskSpec spec, const model::Catalog& source);

}  // namespace cutover::plan
