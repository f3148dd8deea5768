// Makes the memory engine known to a registry, under the name `memory`.
#pragma once

#include "migrator/engine/memory/database/server.h"
#include "migrator/engine/registry.h"

namespace cutover::memory {

/// `net` and `runtime` must outlive the registry and everything made through it.
void add_engine(engine::Registry& registry, const Net& net, flow::Runtime& runtime);

}  // namespace cutover::memory
