// Every engine and route that the program knows, by name: a new one gets a line here.
#pragma once

#include "migrator/engine/registry.h"

namespace cutover::scenarios {

engine::Registry all_engines();

}  // namespace cutover::scenarios
