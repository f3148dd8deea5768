// What a change of a PostgreSQL source's schema comes to at a PostgreSQL destination: told from two
// catalogs, not from statements, so that it does not matter who has changed what, by which
// statement, in which function or transaction.
//
// Tables and columns are matched by their numbers, which outlive renames. What rows may be brought
// along one by one gets statements; where that cannot be (values were converted, keys exchanged, a
// name stands for another column) the table is copied anew. Rows that are older than the change
// and still in the log must fit: what they may not meet (NOT NULL, checks, keys) comes later.
#pragma once

#include "migrator/engine/route.h"

namespace cutover::route {

/// Pure. `planned_before` and `planned_after`: the plans of the two catalogs.
engine::Evolved postgres_evolution(const plan::TaskSpec& spec, const engine::SchemaChange& change,
                                   const plan::Plan& planned_before,
                                   const engine::Planned& planned_after);

}  // namespace cutover::route
