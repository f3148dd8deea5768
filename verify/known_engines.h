// The engines that the judge can read. A new engine gets its line here; nothing else in this folder
// knows an engine by its name.
#pragma once

#include "verify/run/engines.h"

namespace cutover::verify {

JudgedEngines known_engines();

}  // namespace cutover::verify
