// A fence around a task's tables at the source: triggers that refuse every write, whoever writes
// and by whatever session. They need no more of the account than publishing the tables does. Making
// them takes each table's lock against writers, so that nobody who has written is unfinished when
// they are there. All of them call one function, which is the switch: replaced, it lets everything
// pass at once, and no table has to be locked for that. They are found again by that function.
#pragma once

#include <string>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/source.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// The name of the triggers and of the schema that their function is in.
std::string fence_name(const plan::TaskSpec& spec);

/// As engine::Source::fence(). Outside a transaction. Throws besides: refused `capture.foreign` (a
/// schema of that name is another role's).
engine::FenceTry set_fence(Connection& connection, const plan::Plan& plan);

/// As engine::Source::lift_fence(): switched off first, then the triggers are dropped, for a few
/// seconds at most, wherever nobody reads. Outside a transaction. Throws besides: refused
/// `capture.foreign`; operation `finish.fence_stays` (its making has not ended for half a minute).
void lift_fence(Connection& connection, const plan::TaskSpec& spec);

}  // namespace cutover::postgres
