// Whether what bears the names of our objects at a memory server is ours: as own_objects.h of every
// engine, asked before anything of them is read.
#pragma once

#include <string>

#include "migrator/engine/memory/database/server.h"

namespace cutover::memory {

/// Throws: refused `control.schema_foreign` if another role has made what tasks keep at a
/// destination.
void require_own_control(const Server& server);

/// Throws: refused `capture.foreign` if another role has made what a capture of that name is made
/// of.
void require_own_capture(const Server& server, const std::string& name);

}  // namespace cutover::memory
