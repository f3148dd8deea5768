// What the benches run on: a source and a destination server, psql and pgbench from the servers'
// own image, and the program under test as a child process whose events and memory are observed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fixtures/server_factory.h"

namespace cutover::bench {

/// One run of the program.
struct ProgramRun {
    double seconds = 0;       ///< from start to end of the process
    double copy_seconds = 0;  ///< from `phase full` to the next phase
    double peak_memory_mb = 0;
    int exit_code = 0;
    std::string log;  ///< both outputs
};

/// A running program. The destructor kills it.
class Program {
public:
    Program(const std::vector<std::string>& argv, const std::map<std::string, std::string>& secrets,
            std::filesystem::path log);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// True once its log contains `text`; false if the program ended first. Throws ServerError
    /// after `limit`.
    bool wait_for(const std::string& text, std::chrono::seconds limit);
    bool running();
    void interrupt();
    ProgramRun wait(std::chrono::seconds limit);

private:
    std::chrono::steady_clock::time_point began_;
    std::filesystem::path log_;
    int pid_ = -1;
    ProgramRun end_;
};

class Ground {
public:
    /// Starts two servers of this version, with `folder` for task files and logs.
    Ground(std::filesystem::path program, std::filesystem::path folder, int version);

    fixtures::PostgresServer& source() { return *source_; }
    fixtures::PostgresServer& destination() { return *destination_; }
    std::string description() const;

    /// Makes a database that did not exist before.
    void make_database(fixtures::PostgresServer& server, const std::string& name,
                       const std::string& sample = "template0");
    void sql(fixtures::PostgresServer& server, const std::string& database,
             const std::string& statements);
    std::string value(fixtures::PostgresServer& server, const std::string& database,
                      const std::string& query);
    /// Makes both servers write out what they have, so that no run pays for the previous one.
    void settle();

    /// Seconds that a shell script takes inside the servers' image. In it, `psql_source` and
    /// `psql_destination` are variables: psql with all that it needs to connect to `database` at
    /// that server. Throws ServerError if the script fails.
    double shell(const std::string& database, const std::string& script);
    /// Runs pgbench at the source's database in the same way.
    void pgbench(const std::string& database, const std::string& arguments);

    /// Writes a task file; `more` is YAML at its top level.
    std::filesystem::path write_task(const std::string& task, const std::string& source_database,
                                     const std::string& destination_database,
                                     const std::string& more);
    std::unique_ptr<Program> start(const std::vector<std::string>& words);
    /// Starts the program, waits for its end, and insists on exit code 0.
    ProgramRun run(const std::vector<std::string>& words);
    double peak_memory_mb() const { return peak_memory_mb_; }
    void count_memory(const ProgramRun& run);
    /// The host and port to which measured clients connect.
    static fixtures::PostgresEndpoint direct(fixtures::PostgresServer& server,
                                             const std::string& database);

private:
    std::map<std::string, std::string> secrets() const;
    std::string connect_words(fixtures::PostgresServer& server, const std::string& database) const;

    std::filesystem::path program_;
    std::filesystem::path folder_;
    fixtures::ServerFactory servers_;
    std::unique_ptr<fixtures::PostgresServer> source_;
    std::unique_ptr<fixtures::PostgresServer> destination_;
    fixtures::Image image_;
    int logs_ = 0;
    double peak_memory_mb_ = 0;
};

}  // namespace cutover::bench
