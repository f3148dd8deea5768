#include "bench/throughput/log_bench.h"

#include <fmt/core.h>

#include <iostream>
#include <thread>

#include "fixtures/data/dataset.h"
#include "fixtures/server/server_error.h"

namespace cutover::bench {

namespace {

using std::chrono::steady_clock;

constexpr const char* kSource = "bench_log";
/// Written after the backlog: an end that has it has applied everything before it.
constexpr const char* kSentinel = "CREATE TABLE bench_done (id integer PRIMARY KEY)";
constexpr const char* kDigest =
    "SELECT (SELECT sum(abalance) FROM pgbench_accounts) || ' ' || (SELECT sum(tbalance) FROM "
    "pgbench_tellers)"
    " || ' ' || (SELECT sum(bbalance) FROM pgbench_branches) || ' ' || (SELECT count(*) FROM "
    "pgbench_history)"
    " || ' ' || (SELECT sum(delta) FROM pgbench_history)";

std::string native_database(int run) {
    return fmt::format("native_{}", run);
}
std::string our_database(int run) {
    return fmt::format("ours_{}", run);
}
std::string our_task(int run) {
    return fmt::format("bench_{}", run);
}

class LogBench {
public:
    LogBench(Ground& ground, const LogOptions& options) : ground_(ground), options_(options) {}

    Comparison measure() {
        prepare_source();
        prepare_native();
        prepare_ours();
        write_backlog();
        Comparison result = blank();
        for (int run = 1; run <= options_.runs; ++run) {
            std::cerr << "log: run " << run << " of " << options_.runs << std::endl;
            if (run % 2 == 0) {
                result.peer_seconds.push_back(native(run));
            }
            result.ours_seconds.push_back(ours(run));
            if (run % 2 == 1) {
                result.peer_seconds.push_back(native(run));
            }
        }
        return result;
    }

private:
    Comparison blank() const {
        Comparison result;
        result.name = "incremental apply";
        result.ours_is =
            fmt::format("cutover migrate, resumed at the backlog, {} lanes, from process start",
                        options_.lanes);
        result.peer_is = "native subscription (binary), from ENABLE";
        result.amount = static_cast<double>(options_.transactions);
        result.unit = "transactions";
        result.target = 1.2;
        return result;
    }

    void prepare_source() {
        ground_.make_database(ground_.source(), kSource);
        fixtures::load_dataset(ground_.source().endpoint(kSource).as_plan(),
                               {.name = "pgbench", .scale = options_.scale, .connections = 2});
        ground_.sql(ground_.source(), kSource, kSentinel);
    }

    void prepare_native() {
        ground_.make_database(ground_.destination(), "native_base");
        fixtures::load_dataset(ground_.destination().endpoint("native_base").as_plan(),
                               {.name = "pgbench", .scale = options_.scale, .connections = 2});
        ground_.sql(ground_.destination(), "native_base", kSentinel);
        ground_.sql(ground_.source(), kSource,
                    "CREATE PUBLICATION bench FOR TABLE pgbench_accounts, pgbench_tellers, "
                    "pgbench_branches,"
                    " pgbench_history, bench_done");
        for (int run = 1; run <= options_.runs; ++run) {
            ground_.make_database(ground_.destination(), native_database(run), "native_base");
            ground_.sql(
                ground_.source(), kSource,
                fmt::format("SELECT pg_create_logical_replication_slot('native_{}', 'pgoutput')",
                            run));
        }
    }

    /// Copies the tables once per run and stops in the log phase, so that only the backlog is left.
    void prepare_ours() {
        for (int run = 1; run <= options_.runs; ++run) {
            std::cerr << "log: copying for run " << run << std::endl;
            ground_.make_database(ground_.destination(), our_database(run));
            const auto program = ground_.start({"migrate", task_file(run), "--json"});
            if (!program->wait_for("\"phase\":\"incremental\",\"", std::chrono::minutes(10))) {
                throw fixtures::ServerError("the program ended before the log phase:\n" +
                                            program->wait(std::chrono::seconds(1)).log);
            }
            program->interrupt();
            ground_.count_memory(program->wait(std::chrono::minutes(2)));
        }
    }

    std::string task_file(int run) {
        return ground_
            .write_task(
                our_task(run), kSource, our_database(run),
                fmt::format("objects: {{include: [public]}}\nlimits: {{workers: 2, lanes: {}}}",
                            options_.lanes))
            .string();
    }

    void write_backlog() {
        std::cerr << "log: writing the backlog" << std::endl;
        constexpr int clients = 4;
        ground_.pgbench(kSource, fmt::format("-n -M prepared -c {} -j 2 -t {}", clients,
                                             options_.transactions / clients));
        ground_.sql(ground_.source(), kSource, "INSERT INTO bench_done VALUES (1)");
        expected_ = ground_.value(ground_.source(), kSource, kDigest);
    }

    double native(int run) {
        auto& destination = ground_.destination();
        const auto place = Ground::direct(ground_.source(), kSource);
        auto client = destination.connect(native_database(run));
        client.query(
            fmt::format("CREATE SUBSCRIPTION bench CONNECTION 'host={} port={} dbname={} user={} "
                        "password={}' PUBLICATION bench"
                        " WITH (slot_name = 'native_{}', create_slot = false, copy_data = false, "
                        "enabled = false,"
                        " binary = true)",
                        place.host, place.port, place.database, place.user, place.password, run));
        ground_.settle();
        const auto began = steady_clock::now();
        client.query("ALTER SUBSCRIPTION bench ENABLE");
        const double took = wait_for_sentinel(client, began);
        client.query("ALTER SUBSCRIPTION bench DISABLE");
        client.query("ALTER SUBSCRIPTION bench SET (slot_name = NONE)");
        client.query("DROP SUBSCRIPTION bench");
        insist_on_equality(native_database(run));
        return took;
    }

    double ours(int run) {
        auto client = ground_.destination().connect(our_database(run));
        const std::string file = task_file(run);
        ground_.settle();
        const auto began = steady_clock::now();
        const auto program = ground_.start({"migrate", file, "--json"});
        const double took = wait_for_sentinel(client, began, program.get());
        program->interrupt();
        ground_.count_memory(program->wait(std::chrono::minutes(2)));
        insist_on_equality(our_database(run));
        return took;
    }

    double wait_for_sentinel(fixtures::PostgresClient& client, steady_clock::time_point began,
                             Program* program = nullptr) {
        while (client.value("SELECT count(*) FROM bench_done") != "1") {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            if (steady_clock::now() - began > std::chrono::minutes(30) ||
                (program != nullptr && !program->running())) {
                throw fixtures::ServerError(
                    "the backlog was not applied" +
                    (program == nullptr ? "" : ":\n" + program->wait({}).log));
            }
        }
        return std::chrono::duration<double>(steady_clock::now() - began).count();
    }

    void insist_on_equality(const std::string& database) {
        const std::string found = ground_.value(ground_.destination(), database, kDigest);
        if (found != expected_) {
            throw fixtures::ServerError(
                fmt::format("{} has {} instead of {}", database, found, expected_));
        }
    }

    Ground& ground_;
    const LogOptions& options_;
    std::string expected_;
};

}  // namespace

void log_bench(Ground& ground, const LogOptions& options, Figures& figures) {
    figures.comparisons.push_back(LogBench(ground, options).measure());
}

}  // namespace cutover::bench
