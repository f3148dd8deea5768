// `cutover rehearse`: rehearsals as a command of the program. Chooses scenarios, runs them one
// after another, tells the terminal, has the reports written, remembers the verdicts.
#pragma once

#include <filesystem>
#include <ostream>

namespace CLI {
class App;
}

namespace cutover::scenarios {

/// Adds the command. It runs while `app` parses; then `exit_code` is the worst of the runs: 0 go, 1
/// no-go, 2 could not tell. `program` is this executable, which migrates and verifies as a child
/// process. Everything given must outlive the parse. Throws: plan::FileError, model::Error.
void add_commands(CLI::App& app, const std::filesystem::path& program, std::ostream& out,
                  int& exit_code);

}  // namespace cutover::scenarios
