// `cutover explain`: what an error code means and what to do, from the catalogue. Needs no task
// file and no server.
#pragma once

#include <ostream>
#include <string>

namespace CLI {
class App;
}

namespace cutover::scenarios {

/// Adds the command. It runs while `app` parses and leaves 0 in `exit_code`; a code that there is
/// not is a mistake of the command line. Everything given must outlive the parse.
void add_explain(CLI::App& app, std::ostream& out, int& exit_code);

/// The line that an error on a terminal ends with: how to read more. Empty for a code that the
/// catalogue does not have.
std::string read_more(const std::string& code);

}  // namespace cutover::scenarios
