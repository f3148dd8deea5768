// Reads what `cutover verify --json` has said into the evidence. The judge itself runs as a program
// of its own: what proves a run must not share a process with what drove it.
#pragma once

#include <string>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios {

/// `output` holds the JSON document, perhaps between lines of other text.
VerifyRecord judge_record(int exit_code, const std::string& output);

}  // namespace cutover::scenarios
