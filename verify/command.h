// `cutover verify`: the judge as a command of the program, for a pair that any tool has migrated.
// Errors leave as exceptions; the program's main says them and picks the code.
#pragma once

#include <functional>
#include <ostream>

#include "migrator/plan/task_spec.h"
#include "verify/verify.h"

namespace CLI {
class App;
}

namespace cutover::verify {

/// Asks the task of this file, if there is one, what came after its cutover.
using AskTask = std::function<AfterCutover(const plan::TaskSpec&)>;

/// Adds the command, for ends of these engines. It runs while `app` parses; then `exit_code` is 0
/// consistent, 1 inconsistent, 2 could not tell. `out` and `exit_code` must outlive the parse.
/// Throws: plan::FileError, model::Error.
void add_commands(CLI::App& app, JudgedEngines engines, AskTask ask_task, std::ostream& out,
                  int& exit_code);

}  // namespace cutover::verify
