#include "bench/throughput/catch_up_bench.h"

#include <fmt/core.h>
#include <signal.h>

#include <iostream>
#include <thread>

#include "fixtures/server/server_error.h"

namespace cutover::bench {

namespace {

using std::chrono::steady_clock;

constexpr const char* kDatabase = "bench_catch_up";
constexpr const char* kDestination = "bench_caught_up";
constexpr const char* kTask = "bench_catch_up";

/// What the tables are like. The wide value is never written again, so the log leaves it out.
struct Case {
    const char* name;
    const char* words;  ///< describes what is written
    int tables;         ///< each transaction changes a row of every table
    bool keyless;
    std::uint64_t fewer_rows;  ///< divides the number asked for
    std::uint64_t fewer_transactions;
};

constexpr Case kCases[] = {
    {"catch up, out-of-line values", "one row of one table per transaction", 1, false, 1, 1},
    {"catch up, three tables at once", "one row of three tables per transaction", 3, false, 1, 2},
    {"catch up, keyless", "one row of a table without a key per transaction", 1, true, 20, 4},
};

std::string table_name(int number) {
    return fmt::format("wide_{}", number);
}

class CatchUp {
public:
    CatchUp(Ground& ground, const CatchUpOptions& options, const Case& one)
        : ground_(ground),
          options_(options),
          case_(one),
          rows_(options.rows / one.fewer_rows / static_cast<std::uint64_t>(one.tables)),
          transactions_(options.transactions / one.fewer_transactions) {}

    Comparison measure() {
        Comparison result;
        result.name = case_.name;
        result.ours_is = fmt::format(
            "cutover migrate, killed at half of the copy and started again: the backlog before "
            "consistency ({}, {} lanes)",
            case_.words, options_.lanes);
        result.peer_is = "as many transactions after consistency";
        result.amount = static_cast<double>(transactions_);
        result.unit = "transactions";
        result.target = 0.5;
        for (int run = 1; run <= options_.runs; ++run) {
            std::cerr << case_.name << ": run " << run << " of " << options_.runs << std::endl;
            one_run(result);
        }
        return result;
    }

private:
    void one_run(Comparison& result) {
        make_tables();
        const std::string file = task_file();
        kill_at_half(file);
        keep_out_of_line(ground_.destination(), kDestination);
        result.ours_seconds.push_back(apply_backlog(file, 1));
        result.peer_seconds.push_back(apply_backlog(file, 2));
        insist_on_equality();
        ground_.run({"release", file});
    }

    /// Seconds from the process's first look at the log until it is done; then stops the process.
    double apply_backlog(const std::string& file, int number) {
        write_backlog(number);
        ground_.settle();
        auto client = ground_.destination().connect(kDestination);
        const auto program = ground_.start({"migrate", file, "--json"});
        insist(program->wait_for("\"event\":\"progress\",\"phase\":\"incremental\"",
                                 std::chrono::minutes(5)),
               *program);
        const double took = wait_for_sentinel(client, number, *program);
        insist(program->wait_for("\"consistent\":true", std::chrono::minutes(5)), *program);
        program->interrupt();
        ground_.count_memory(program->wait(std::chrono::minutes(2)));
        return took;
    }

    void make_tables() {
        ground_.make_database(ground_.destination(), kDestination);
        ground_.make_database(ground_.source(), kDatabase);
        std::string sql = "CREATE TABLE done (id integer PRIMARY KEY);";
        for (int table = 0; table < case_.tables; ++table) {
            sql += fmt::format("CREATE TABLE {0} (id integer {1}, n integer NOT NULL, wide text);",
                               table_name(table), case_.keyless ? "NOT NULL" : "PRIMARY KEY");
            if (case_.keyless) {
                sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL;", table_name(table));
            }
        }
        ground_.sql(ground_.source(), kDatabase, sql);
        keep_out_of_line(ground_.source(), kDatabase);
        sql.clear();
        for (int table = 0; table < case_.tables; ++table) {
            sql += fmt::format(
                "INSERT INTO {} SELECT i, 0, repeat(md5(i::text), 96) FROM "
                "generate_series(1, {}) AS i;",
                table_name(table), rows_);
        }
        ground_.sql(ground_.source(), kDatabase, sql);
        ground_.sql(ground_.source(), kDatabase, "VACUUM (FREEZE, ANALYZE)");
    }

    /// A wide value is neither compressed nor stored in the row; otherwise compression would be
    /// measured.
    void keep_out_of_line(fixtures::PostgresServer& server, const std::string& database) {
        for (int table = 0; table < case_.tables; ++table) {
            ground_.sql(
                server, database,
                fmt::format("ALTER TABLE {} ALTER wide SET STORAGE EXTERNAL", table_name(table)));
        }
    }

    std::string task_file() {
        return ground_
            .write_task(kTask, kDatabase, kDestination,
                        fmt::format("objects: {{include: [public]}}\nlimits: {{workers: 2, lanes: "
                                    "{}, chunk_mb: {}}}",
                                    options_.lanes, kChunkMb))
            .string();
    }

    /// Kills at a sync point, so that the same share is copied every time.
    void kill_at_half(const std::string& file) {
        const std::uint64_t bytes = rows_ * static_cast<std::uint64_t>(case_.tables) * kRowBytes;
        const std::uint64_t chunks = bytes / (kChunkMb << 20) / 2;
        const auto end =
            ground_
                .start({"migrate", file, "--json", "--kill-at",
                        fmt::format("chunk.committed:{}", std::max<std::uint64_t>(1, chunks))})
                ->wait(std::chrono::minutes(5));
        if (end.exit_code != 128 + SIGKILL) {
            throw fixtures::ServerError("the program was not killed:\n" + end.log);
        }
    }

    /// Changes rows all over the table, the same rows each time.
    void write_backlog(int number) {
        std::string updates;
        for (int table = 0; table < case_.tables; ++table) {
            updates += fmt::format(
                " UPDATE {} SET n = n + 1 WHERE id = 1 + abs(hashint4(i)::bigint) % {};",
                table_name(table), rows_);
        }
        if (case_.keyless) {
            ground_.sql(ground_.source(), kDatabase,
                        "CREATE INDEX IF NOT EXISTS for_the_writer ON wide_0 (id)");
        }
        ground_.sql(ground_.source(), kDatabase,
                    fmt::format("DO $$ BEGIN FOR i IN 1..{} LOOP {} COMMIT; END LOOP; END $$;",
                                transactions_, updates));
        ground_.sql(ground_.source(), kDatabase,
                    fmt::format("INSERT INTO done VALUES ({})", number));
    }

    double wait_for_sentinel(fixtures::PostgresClient& client, int number, Program& program) {
        const auto began = steady_clock::now();
        const std::string query = fmt::format("SELECT count(*) FROM done WHERE id = {}", number);
        while (client.value(query) != "1") {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            insist(steady_clock::now() - began < std::chrono::minutes(30) && program.running(),
                   program);
        }
        return std::chrono::duration<double>(steady_clock::now() - began).count();
    }

    void insist(bool good, Program& program) {
        if (!good) {
            throw fixtures::ServerError("the backlog was not applied:\n" +
                                        (program.running() ? "" : program.wait({}).log));
        }
    }

    void insist_on_equality() {
        for (int table = 0; table < case_.tables; ++table) {
            const std::string query =
                fmt::format("SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)) FROM {} t",
                            table_name(table));
            const std::string expected = ground_.value(ground_.source(), kDatabase, query);
            const std::string found = ground_.value(ground_.destination(), kDestination, query);
            if (found != expected) {
                throw fixtures::ServerError(
                    fmt::format("{} has {} instead of {}", table_name(table), found, expected));
            }
        }
    }

    static constexpr std::uint64_t kChunkMb = 4;
    static constexpr std::uint64_t kRowBytes = 3'072 + 200;

    Ground& ground_;
    const CatchUpOptions& options_;
    const Case& case_;
    std::uint64_t rows_;  ///< of each table
    std::uint64_t transactions_;
};

}  // namespace

void catch_up_bench(Ground& ground, const CatchUpOptions& options, Figures& figures) {
    for (const Case& one : kCases) {
        figures.comparisons.push_back(CatchUp(ground, options, one).measure());
    }
}

}  // namespace cutover::bench
