// Whether a plan may be run, and whether it still fits what is at both ends: said in one error that
// names everything. Pure.
#pragma once

#include <optional>
#include <vector>

#include "migrator/engine/route.h"
#include "migrator/engine/sink.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/plan/plan.h"

namespace cutover::task {

/// A plan that was made now must not be run: refused `plan.blocked`, naming every blocking finding,
/// and what the destination cannot do that the plan asks of it.
std::optional<model::Error> cannot_be_run(const engine::Planned& planned,
                                          const engine::SinkTraits& destination);

/// What was there when the task was begun is no longer so.
inline constexpr const char* kSourceChanged = "source.changed";

/// Both ends are no longer what the task was begun with: refused kSourceChanged; `source.grown` or
/// `source.new_sequence` if all that was there is there, and tables, columns or sequences are new.
std::optional<model::Error> no_longer_fits(const plan::Plan& then, const engine::Planned& now);

/// Tells that a task which had moved nothing goes on with another plan. `change` is what differs;
/// `forgotten` are the ids of schema steps whose objects stay at the destination.
model::Finding corrected(const std::string& task, const std::string& change,
                         const std::vector<std::string>& forgotten);

}  // namespace cutover::task
