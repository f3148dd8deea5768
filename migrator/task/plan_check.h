// Whether a plan may be run, and whether it still fits what is at both ends: said in one error that
// names everything. Pure.
#pragma once

#include <optional>
#include <vector>

#include "migrator/engine/route.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/plan/plan.h"

namespace cutover::task {

/// A plan that was made now must not be run: refused `plan.blocked`, naming every blocking finding.
std::optional<model::Error> cannot_be_run(const engine::Planned& planned);

/// Both ends are no longer what the task was begun with: refused `source.changed`, or
/// `source.new_sequence` for sequences that nobody would set.
std::optional<model::Error> no_longer_fits(const plan::Plan& then, const engine::Planned& now);

}  // namespace cutover::task
