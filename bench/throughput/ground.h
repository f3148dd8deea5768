// What the benches stand on: a source and a destination server, psql and pgbench from the servers'
// own image, and the program under test as a child whose events and memory are seen.
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
    double copy_seconds = 0;  ///< from `phase full` to what came after it
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

    /// True once its log holds `text`; false if it ended first. Throws ServerError after `limit`.
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
    /// Starts two servers of that version with `folder` for task files and logs.
    Ground(std::filesystem::path program, std::filesystem::path folder, int version);

    fixtures::PostgresServer& source() { return *source_; }
    fixtures::PostgresServer& destination() { return *destination_; }
    std::string description() const;

    /// A database that was not there before.
    void make_database(fixtures::PostgresServer& server, const std::string& name,
                       const std::string& sample = "template0");
    void sql(fixtures::PostgresServer& server, const std::string& database,
             const std::string& statements);
    std::string value(fixtures::PostgresServer& server, const std::string& database,
                      const std::string& query);
    /// Both servers write out what they have, so that no run pays for the one before.
    void settle();

    /// Seconds that a shell script takes inside the servers' image. `psql_source` and
    /// `psql_destination` are variables in it: psql with all it needs to connect to `database`
    /// there. Throws ServerError if it fails.
    double shell(const std::string& database, const std::string& script);
    /// pgbench at the source's database, likewise.
    void pgbench(const std::string& database, const std::string& arguments);

    /// Writes a task file; `more` is YAML at its top level.
    std::filesystem::path write_task(const std::string& task, const std::string& source_database,
                                     const std::string& destination_database,
                                     const std::string& more);
    std::unique_ptr<Program> start(const std::vector<std::string>& words);
    /// Starts, waits, and insists on exit code 0.
    ProgramRun run(const std::vector<std::string>& words);
    double peak_memory_mb() const { return peak_memory_mb_; }
    void count_memory(const ProgramRun& run);
    /// Where clients that are measured connect to.
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
