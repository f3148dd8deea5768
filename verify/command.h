// `cutover verify`: the judge as a command of the program, for a pair that any tool has migrated.
// Errors leave as exceptions; the program's main says them and picks the code.
#pragma once

#include <ostream>

namespace CLI {
class App;
}

namespace cutover::verify {

/// Adds the command. It runs while `app` parses; then `exit_code` is 0 consistent, 1 inconsistent,
/// 2 could not tell. `out` and `exit_code` must outlive the parse. Throws: plan::FileError,
/// model::Error.
void add_commands(CLI::App& app, std::ostream& out, int& exit_code);

}  // namespace cutover::verify
