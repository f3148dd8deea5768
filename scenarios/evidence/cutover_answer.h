// Reads what `cutover finish --json` or `cutover status --json` has said into the evidence.
#pragma once

#include <optional>
#include <string>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios {

/// `output` holds the JSON object on a line of its own, perhaps between lines of other text.
CutoverAnswer cutover_answer(const std::string& verb, std::optional<int> exit_code,
                             const std::string& output);

/// `refused after ..., naming ...`: one line for people.
std::string shown(const CutoverAnswer& answer);

}  // namespace cutover::scenarios
