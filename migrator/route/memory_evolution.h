// What a change of a memory database's columns comes to at the destination. Its tables are made
// once.
#pragma once

#include "migrator/engine/route.h"

namespace cutover::route {

/// As Route::evolve(). Throws: refused `schema.not_followed` (a table came, went or was renamed).
engine::Evolved evolve_memory(const plan::TaskSpec& spec, const engine::SchemaChange& change);

}  // namespace cutover::route
