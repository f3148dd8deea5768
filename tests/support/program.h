// The program `cutover` as a person meets it: started with a task file, heard by its output and its
// exit code. It knows no database and judges nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fixtures/postgres/postgres_client.h"
#include "scenarios/run/migrator_process.h"

namespace cutover::tests {

/// The exit codes of what is refused, and of a command line or a file that cannot be used.
inline constexpr int kRefused = 13;
inline constexpr int kBadUsage = 3;

/// What one run has left behind.
struct Said {
    int exit_code = 0;
    std::string text;  ///< standard output and error
};

/// A run that goes on beside the test.
class RunningProgram {
public:
    explicit RunningProgram(scenarios::Launch launch) : process_(std::move(launch)) {}

    /// Waits until the output has `words`; false if the program ends or a minute goes by first.
    bool wait_for(const std::string& words);
    void signal(int number) { process_.signal(number); }
    int pid() const { return process_.pid(); }
    bool ended() { return process_.ended().has_value(); }
    /// What it has written up to now.
    const std::string& text() {
        listen();
        return text_;
    }
    /// Waits for the end, up to a minute; -1 if it still runs.
    Said wait();

private:
    void listen();

    scenarios::MigratorProcess process_;
    std::string text_;
};

/// Task files and runs of the program in a folder that goes with it.
class Program {
public:
    Program();
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// The build's own program, or what CUTOVER_TEST_PROGRAM in the environment names instead.
    static std::string file();
    /// False for a program without the hooks of rehearsals, as users get it.
    bool can_be_killed_at_places() const;
    const std::filesystem::path& folder() const { return folder_; }
    /// Writes a file into the folder and returns its path.
    std::string write(const std::string& name, const std::string& text) const;
    /// A task file with these ends, passwords by environment variable, and `more` lines of YAML.
    std::string task(const fixtures::PostgresEndpoint& source,
                     const fixtures::PostgresEndpoint& destination, const std::string& more = "",
                     const std::string& name = "bad_input");
    /// A variable of the environment of what is run from now on.
    void set(const std::string& variable, const std::string& value) {
        environment_[variable] = value;
    }
    /// Runs to the end.
    Said run(const std::vector<std::string>& arguments) const;
    RunningProgram start(const std::vector<std::string>& arguments) const;

private:
    std::filesystem::path folder_;
    std::map<std::string, std::string> environment_;
};

}  // namespace cutover::tests
