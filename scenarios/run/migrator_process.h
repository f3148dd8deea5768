// One life of the embedded migrator as a child process: started with its secrets in its own
// environment, heard through its log (JSON lines), killed when a scenario says so. Nothing here
// waits unless it is asked to; what the lines mean is the journal's business.
#pragma once

#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cutover::scenarios {

struct Launch {
    std::vector<std::string> argv;                   ///< the program first
    std::map<std::string, std::string> environment;  ///< added to ours, for the child only
    std::string log_file;  ///< standard output and error, in the order written
};

struct ProcessEnd {
    std::optional<int> exit_code;
    std::optional<int> signal;
};

/// One thread. The child dies with the thread that made it, and with this object.
class MigratorProcess {
public:
    /// Starts it. Throws fixtures::ServerError if that is not possible.
    explicit MigratorProcess(Launch launch);
    ~MigratorProcess();
    MigratorProcess(const MigratorProcess&) = delete;
    MigratorProcess& operator=(const MigratorProcess&) = delete;

    int pid() const { return pid_; }
    /// As /proc says it: R, S, D, T (stopped), Z, ...; '\0' once it was waited for.
    char state() const;
    /// Name of its log without folder and ending: `migrator_2`, `verify_5`.
    std::string name() const;
    /// As a process listing shows them, read when the program was seen to run; empty if it was gone
    /// before.
    const std::string& arguments() const { return arguments_; }
    /// Lines completed since the last call, of both outputs.
    std::vector<std::string> new_lines();
    /// Sends a signal if it still runs; returns at once.
    void signal(int number);
    /// How it has ended; nothing while it runs.
    std::optional<ProcessEnd> ended();
    /// As ended(), after waiting up to `limit`.
    std::optional<ProcessEnd> wait_ended(std::chrono::milliseconds limit);

private:
    void read_arguments();

    Launch launch_;
    int pid_ = -1;
    std::ifstream log_;
    std::string partial_;
    std::string arguments_;
    std::optional<ProcessEnd> end_;
};

}  // namespace cutover::scenarios
