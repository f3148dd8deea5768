// `limits:` and `retry:` of a task file, checked against the documented ranges. Advised minimums
// within a range (G24, G26) are not refused here; the precheck reports them.
#pragma once

#include "migrator/plan/document.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Reports every mistake to `problems`; a value that is wrong or absent keeps its default.
Limits read_limits(const Node* node, Problems& problems);
RetryWindows read_retry(const Node* node, Problems& problems);

}  // namespace cutover::plan
