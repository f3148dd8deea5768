// `cutover verify`: the judge as a command of the program, for a pair that any tool has migrated.
// Errors leave as exceptions; the program's main prints them and picks the exit code.
#pragma once

#include <functional>
#include <ostream>
#include <string_view>
#include <vector>

#include "migrator/plan/endpoint_rules.h"
#include "migrator/plan/task_spec.h"
#include "verify/verify.h"

namespace CLI {
class App;
}

namespace cutover::verify {

/// What the program knows and the judge cannot find out by itself.
struct CommandParts {
    JudgedEngines engines;
    plan::EngineRules endpoints = {};  ///< the rules by which task files are read
    /// Names of the rules that the route of this task declares (model/value_rule.h); empty if none.
    std::function<std::vector<std::string_view>(const plan::TaskSpec&)> declared_rules = {};
    /// Asks the task of this file, if there is one, what came after its cutover; empty if nobody
    /// can be asked.
    std::function<AfterCutover(const plan::TaskSpec&)> after_cutover = {};
};

/// Adds the command. It runs while `app` parses; then `exit_code` is 0
/// consistent, 1 inconsistent, 2 could not tell. `out` and `exit_code` must outlive the parse.
/// Throws: plan::FileError, model::Error.
void add_commands(CLI::App& app, CommandParts parts, std::ostream& out, int& exit_code);

}  // namespace cutover::verify
