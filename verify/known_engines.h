// The engines that the judge can read: a new one gets its line here, and nothing else in this
// folder knows an engine by its name.
#pragma once

#include "verify/run/engines.h"

namespace cutover::verify {

JudgedEngines known_engines();

}  // namespace cutover::verify
