// The run as one picture: phases, lives of the migrator and chunks on top, then rows/s of the copy,
// changes/s of the log and lag on one time axis, faults shaded through all of it. Inline SVG that
// takes its colours from the page, so that it follows light, dark and print.
#pragma once

#include <string>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios::report {

/// Empty if there is nothing to draw (the migrator never reported progress).
std::string timeline_svg(const Evidence& evidence);

}  // namespace cutover::scenarios::report
