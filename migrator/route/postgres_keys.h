// Which key finds a table's rows, which other keys two rows may trade values of, and which rows of
// other tables a row needs: for the applier's order, and for what the log has to name. Pure.
#pragma once

#include <vector>

#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"

namespace cutover::route {

/// The primary key, else the first unique key without NULLs. Every other uniqueness is kept in
/// mind: two rows may trade values. Each end tells keys apart by the types of its own columns;
/// those of a table that is yet to be made at the destination are the source's. Requires: the
/// table's columns are planned.
void add_keys(plan::TablePlan& table, const model::Catalog& source,
              const model::Catalog& destination);

/// The foreign keys that refer to the key of another of `tables`. Requires: their keys are planned.
void add_parents(plan::TablePlan& table, const std::vector<plan::TablePlan>& tables,
                 const model::Catalog& source, const model::Catalog& destination);

/// True if the log has to name old rows whole and its source does not do so yet: it would not name
/// the table's key, there is none, or a filter asks for other columns. Requires: add_keys().
bool needs_whole_old_rows(const plan::TablePlan& table);

}  // namespace cutover::route
