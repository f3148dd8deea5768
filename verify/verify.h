// The judge's front door: compare two ends, table by table, and say what holds. Used by the command
// `cutover verify`, which a rehearsal starts as a process of its own. It reads only; it repairs
// nothing.
#pragma once

#include "verify/result/result.h"
#include "verify/run/progress.h"
#include "verify/run/request.h"

namespace cutover::verify {

/// Compares. Throws: connection, refused (an end that cannot be opened, an engine that is none of
/// the request's, a repair file that cannot be written), corrupt (the judge has caught itself
/// contradicting itself).
Result run(const Request& request, const ProgressCallback& progress = {});

}  // namespace cutover::verify
