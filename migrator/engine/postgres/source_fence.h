// A fence around a task's tables at the source: triggers that refuse every write, whoever writes
// and by whatever session. They need no more of the account than publishing the tables does. Making
// them takes each table's lock against writers, so that nobody who has written is unfinished when
// they are there. They are found again by their name alone.
#pragma once

#include <string>

#include "migrator/engine/postgres/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// The name of the triggers and of the schema that their function is in.
std::string fence_name(const plan::TaskSpec& spec);

/// As engine::Source::fence(). Outside a transaction.
bool set_fence(Connection& connection, const plan::Plan& plan);

/// As engine::Source::lift_fence(). A table that others hold for long is waited for.
/// Throws besides: operation (after 30 s).
void lift_fence(Connection& connection, const plan::TaskSpec& spec);

}  // namespace cutover::postgres
