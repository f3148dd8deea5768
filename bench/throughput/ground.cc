#include "bench/throughput/ground.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "fixtures/server/command.h"
#include "fixtures/server/server_error.h"
#include "migrator/plan/output_path.h"

namespace cutover::bench {

namespace {

using fixtures::PostgresServer;
using fixtures::ServerError;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{10};

double seconds_since(steady_clock::time_point began) {
    return std::chrono::duration<double>(steady_clock::now() - began).count();
}

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Seconds of the day of an RFC 3339 instant; enough for differences within one run.
double clock_of(const std::string& at) {
    double hour = 0;
    double minute = 0;
    double second = 0;
    char colon = ':';
    std::istringstream text(at.substr(at.find('T') + 1));
    text >> hour >> colon >> minute >> colon >> second;
    return hour * 3600 + minute * 60 + second;
}

/// From the event `phase full` to the next phase or the end.
double copy_seconds(const std::string& log) {
    double began = -1;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const auto event = nlohmann::json::parse(line, nullptr, false);
        if (!event.is_object()) {
            continue;
        }
        const std::string kind = event.value("event", "");
        if (kind == "phase" && event.value("phase", "") == "full") {
            began = clock_of(event.value("at", ""));
        } else if (began >= 0 && (kind == "phase" || kind == "ended")) {
            return clock_of(event.value("at", "")) - began;
        }
    }
    return 0;
}

}  // namespace

Program::Program(const std::vector<std::string>& argv,
                 const std::map<std::string, std::string>& secrets, std::filesystem::path log)
    : began_(steady_clock::now()), log_(std::move(log)) {
    fixtures::CommandPlace place;
    place.environment = secrets;
    pid_ = fixtures::start_command(argv, log_.string(), place);
}

Program::~Program() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool Program::running() {
    if (pid_ < 0) {
        return false;
    }
    int status = 0;
    rusage used{};
    if (::wait4(pid_, &status, WNOHANG, &used) != pid_) {
        return true;
    }
    pid_ = -1;
    end_.seconds = seconds_since(began_);
    end_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    end_.peak_memory_mb = static_cast<double>(used.ru_maxrss) / 1024.0;
    end_.log = contents(log_);
    end_.copy_seconds = copy_seconds(end_.log);
    return false;
}

void Program::interrupt() {
    if (running()) {
        ::kill(pid_, SIGINT);
    }
}

bool Program::wait_for(const std::string& text, std::chrono::seconds limit) {
    const auto deadline = steady_clock::now() + limit;
    while (contents(log_).find(text) == std::string::npos) {
        if (!running()) {
            return false;
        }
        if (steady_clock::now() > deadline) {
            throw ServerError("the program did not say " + text + ":\n" + contents(log_));
        }
        std::this_thread::sleep_for(kLook);
    }
    return true;
}

ProgramRun Program::wait(std::chrono::seconds limit) {
    const auto deadline = steady_clock::now() + limit;
    while (running()) {
        if (steady_clock::now() > deadline) {
            throw ServerError("the program did not end:\n" + contents(log_));
        }
        std::this_thread::sleep_for(kLook);
    }
    return end_;
}

Ground::Ground(std::filesystem::path program, std::filesystem::path folder, int version)
    : program_(std::move(program)),
      folder_(std::move(folder)),
      image_(fixtures::find_image("postgres", version)) {
    plan::make_writable_folder("--output", folder_);
    fixtures::PostgresSpec spec;
    spec.version = version;
    spec.settings = {{"shared_buffers", "512MB"},  {"max_wal_size", "16GB"},
                     {"checkpoint_timeout", "1h"}, {"max_replication_slots", "64"},
                     {"max_wal_senders", "64"},    {"autovacuum", "off"}};
    spec.name = "source";
    source_ = servers_.postgres(spec);
    spec.name = "destination";
    destination_ = servers_.postgres(spec);
}

std::string Ground::description() const {
    return fmt::format("PostgreSQL {} to {}, {}; fsync off, shared_buffers 512 MB",
                       source_->spec().version, destination_->spec().version,
                       servers_.description());
}

void Ground::make_database(PostgresServer& server, const std::string& name,
                           const std::string& sample) {
    sql(server, "postgres", "DROP DATABASE IF EXISTS " + name);
    sql(server, "postgres", fmt::format("CREATE DATABASE {} TEMPLATE {}", name, sample));
}

void Ground::sql(PostgresServer& server, const std::string& database,
                 const std::string& statements) {
    server.connect(database).query(statements, std::chrono::minutes(30));
}

std::string Ground::value(PostgresServer& server, const std::string& database,
                          const std::string& query) {
    return server.connect(database).value(query, std::chrono::minutes(10));
}

void Ground::settle() {
    sql(*source_, "postgres", "CHECKPOINT");
    sql(*destination_, "postgres", "CHECKPOINT");
}

fixtures::PostgresEndpoint Ground::direct(PostgresServer& server, const std::string& database) {
    fixtures::PostgresEndpoint place = server.endpoint(database);
    const fixtures::Address address = server.body().direct_address();
    place.host = address.host;
    place.port = address.port;
    return place;
}

std::string Ground::connect_words(PostgresServer& server, const std::string& database) const {
    const auto place = direct(server, database);
    return fmt::format("-h {} -p {} -U {} -d {}", place.host, place.port, place.user,
                       place.database);
}

double Ground::shell(const std::string& database, const std::string& script) {
    fixtures::CommandPlace place;
    place.root = image_.root.string();
    place.uid = image_.uid;
    place.gid = image_.gid;
    // The servers of a run have different passwords; psql finds the right one by host and port.
    const auto at_source = direct(*source_, database);
    const auto at_destination = direct(*destination_, database);
    place.environment = {{"SOURCE_PASSWORD", at_source.password},
                         {"DESTINATION_PASSWORD", at_destination.password}};
    const std::string psql = image_.program("psql") + " -X -q -v ON_ERROR_STOP=1 ";
    const std::string full = fmt::format(
        "set -e; psql_source() {{ PGPASSWORD=$SOURCE_PASSWORD {0} {1} \"$@\"; }};"
        "psql_destination() {{ PGPASSWORD=$DESTINATION_PASSWORD {0} {2} \"$@\"; }};"
        "pgbench_source() {{ PGPASSWORD=$SOURCE_PASSWORD {3} {4} \"$@\"; }}; {5}",
        psql, connect_words(*source_, database), connect_words(*destination_, database),
        image_.program("pgbench"),
        fmt::format("-h {} -p {} -U {}", at_source.host, at_source.port, at_source.user), script);
    const auto began = steady_clock::now();
    const auto result =
        fixtures::run_command({"/bin/sh", "-c", full}, std::chrono::hours(1), place);
    const double took = seconds_since(began);
    if (!result.ok()) {
        throw ServerError("a shell script failed: " + result.output);
    }
    return took;
}

void Ground::pgbench(const std::string& database, const std::string& arguments) {
    shell(database, "pgbench_source " + arguments + " " + database + " 2>&1");
}

std::filesystem::path Ground::write_task(const std::string& task,
                                         const std::string& source_database,
                                         const std::string& destination_database,
                                         const std::string& more) {
    const auto file = folder_ / (task + ".yaml");
    const auto end = [](const fixtures::PostgresEndpoint& place, const std::string& variable) {
        return fmt::format(
            "{{engine: postgres, hosts: [\"{}:{}\"], database: {}, user: {}, password: {{env: {}}},"
            " tls: {{mode: disable}}}}",
            place.host, place.port, place.database, place.user, variable);
    };
    std::ofstream(file) << "task: " << task << "\nsource: "
                        << end(direct(*source_, source_database), "BENCH_SOURCE_PASSWORD")
                        << "\ndestination: "
                        << end(direct(*destination_, destination_database),
                               "BENCH_DESTINATION_PASSWORD")
                        << "\n"
                        << more << "\n";
    return file;
}

std::map<std::string, std::string> Ground::secrets() const {
    return {{"BENCH_SOURCE_PASSWORD", source_->endpoint().password},
            {"BENCH_DESTINATION_PASSWORD", destination_->endpoint().password}};
}

std::unique_ptr<Program> Ground::start(const std::vector<std::string>& words) {
    std::vector<std::string> argv = {program_.string()};
    argv.insert(argv.end(), words.begin(), words.end());
    const auto log = folder_ / fmt::format("{}_{}.log", ++logs_, words.front());
    std::filesystem::remove(log);  // left by an earlier bench
    return std::make_unique<Program>(argv, secrets(), log);
}

ProgramRun Ground::run(const std::vector<std::string>& words) {
    const ProgramRun end = start(words)->wait(std::chrono::hours(1));
    count_memory(end);
    if (end.exit_code != 0) {
        throw ServerError(
            fmt::format("{} {} ended with {}:\n{}", program_.string(), words.front(), end.exit_code,
                        end.log.substr(end.log.size() > 3000 ? end.log.size() - 3000 : 0)));
    }
    return end;
}

void Ground::count_memory(const ProgramRun& run) {
    peak_memory_mb_ = std::max(peak_memory_mb_, run.peak_memory_mb);
}

}  // namespace cutover::bench
