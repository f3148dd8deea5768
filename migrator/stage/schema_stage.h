// Makes the destination's objects, section by section. Each step is recorded together with what it
// makes, so that a resumed task skips it. It knows no SQL: the plan holds the statements.
#pragma once

#include <vector>

#include "migrator/stage/context.h"

namespace cutover::stage {

/// The steps of `section` that are not done.
std::vector<const plan::SchemaStep*> pending_steps(Context& context, plan::SchemaSection section);

/// Runs the steps of `section` that are not done: one after the other where order matters
/// (before_rows), else on all workers, the heaviest first. Throws: refused, operation, connection,
/// stopped.
void run_schema_section(Context& context, plan::SchemaSection section);

/// Every section that has to do with foreign keys, to their end. No lane works meanwhile.
void add_foreign_keys(Context& context);

/// Takes away what add_foreign_keys() has made, so that changes in any order can be applied again.
/// No lane works meanwhile.
void withdraw_foreign_keys(Context& context);

}  // namespace cutover::stage
