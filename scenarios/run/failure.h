// What leaves a command as an exception, told to people and, where a command was asked for JSON, to
// programs as well: the same object that a migration's events have. Decides nothing else.
#pragma once

#include <string>
#include <vector>

#include "migrator/model/error.h"
#include "migrator/plan/document.h"

namespace cutover::scenarios {

/// True if the command line asks for JSON: `--json`, `--format json`.
bool json_asked(const std::vector<std::string>& arguments);

/// One line. `problems` may be empty. No secrets: messages never hold any.
std::string failure_json(const model::Error& error, const std::vector<plan::Problem>& problems,
                         int exit_code);

}  // namespace cutover::scenarios
