// `cutover precheck`: the precheck as a command of the program. Errors (a task file that cannot be
// used, an engine that does not exist) leave as exceptions; the program's main prints them and
// picks the exit code.
#pragma once

#include <ostream>

#include "migrator/engine/registry.h"

namespace CLI {
class App;
}

namespace cutover::precheck {

/// Adds the command. It runs while `app` parses; then `exit_code` is 0 for go, 1 for no-go.
/// `registry`, `exit_code` and `out` must outlive the parse. Throws: plan::FileError, model::Error.
void add_commands(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                  int& exit_code);

}  // namespace cutover::precheck
