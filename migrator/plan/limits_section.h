// `limits:` and `retry:` of a task file, held to the documented ranges. Advised floors inside
// a range (G24, G26) are the precheck's, not refused here.
#pragma once

#include "migrator/plan/document.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Tells every mistake to `problems`; what is wrong or absent keeps its default.
Limits read_limits(const Node* node, Problems& problems);
RetryWindows read_retry(const Node* node, Problems& problems);

}  // namespace cutover::plan
