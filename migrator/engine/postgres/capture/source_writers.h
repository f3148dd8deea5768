// Who can write to the source besides this task: sessions and prepared transactions of its
// database, and which of the plan's tables those that have not ended have begun to write to. Reads
// only.
#pragma once

#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/source.h"

namespace cutover::postgres {

/// As engine::Source::writers(). Told by locks, which everybody may see: a writer keeps its
/// table's lock until its transaction has ended. Sessions of this task under the same account are
/// left out, and so are those of this program that belong to no task: they only read.
std::vector<engine::SourceWriter> read_writers(Connection& connection, const plan::Plan& plan);

}  // namespace cutover::postgres
