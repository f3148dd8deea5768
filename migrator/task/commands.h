// The task's commands of the program: migrate, status, pause, resume, throttle, stop, finish,
// release. Errors leave as exceptions; the program's main says them and picks the exit code.
#pragma once

#include <ostream>

#include "migrator/engine/registry.h"

namespace CLI {
class App;
}

namespace cutover::task {

/// Adds the commands. The chosen one runs while `app` parses and sets `exit_code`. Everything given
/// must outlive the parse. Throws: plan::FileError, model::Error.
void add_commands(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                  int& exit_code);

}  // namespace cutover::task
