#include "bench/throughput/copy_bench.h"

#include <fmt/core.h>

#include <iostream>

#include "fixtures/server/server_error.h"

namespace cutover::bench {

namespace {

constexpr const char* kColumns =
    "(aid integer NOT NULL, bid integer, abalance integer, filler character(84))";

void make_accounts(Ground& ground, const std::string& table, std::uint64_t rows) {
    ground.sql(
        ground.source(), "bench",
        fmt::format("CREATE TABLE {0} {1}; INSERT INTO {0} SELECT i, (i - 1) / 100000 + 1, 0, ''"
                    " FROM generate_series(1, {2}) AS i",
                    table, kColumns, rows));
    ground.sql(ground.source(), "bench", "VACUUM (FREEZE, ANALYZE) " + table);
}

std::string copy_task(const std::string& table, int streams) {
    return fmt::format(
        "phases: [schema, full]\nobjects: {{include: [public.{}]}}\nlimits: {{workers: {}}}", table,
        streams);
}

/// Removes the table and what the task keeps, so that the next run starts from nothing.
void forget(Ground& ground, const std::string& task_file, const std::string& table) {
    ground.run({"release", task_file});
    ground.sql(ground.destination(), "bench", "DROP TABLE IF EXISTS " + table);
}

std::string copy_task_file(Ground& ground, const std::string& table, int streams) {
    return ground.write_task("bench_copy", "bench", "bench", copy_task(table, streams)).string();
}

void insist_on_rows(Ground& ground, const std::string& table, std::uint64_t rows) {
    const std::string found =
        ground.value(ground.destination(), "bench", "SELECT count(*) FROM " + table);
    if (found != std::to_string(rows)) {
        throw fixtures::ServerError(
            fmt::format("{} has {} rows instead of {}", table, found, rows));
    }
}

ProgramRun ours(Ground& ground, const std::string& table, const CopyOptions& options,
                std::uint64_t rows, bool keep = false) {
    const std::string task = copy_task_file(ground, table, options.streams);
    ground.settle();
    ProgramRun run = ground.run({"migrate", task, "--json"});
    insist_on_rows(ground, table, rows);
    if (!keep) {
        forget(ground, task, table);
    }
    return run;
}

double peer(Ground& ground, const std::string& table, const CopyOptions& options) {
    const int streams = options.streams;
    ground.sql(ground.destination(), "bench", fmt::format("CREATE TABLE {} {}", table, kColumns));
    const auto blocks = std::stoull(ground.value(
        ground.source(), "bench", fmt::format("SELECT pg_relation_size('{}') / 8192", table)));
    std::string script;
    std::string waits;
    for (int stream = 0; stream < streams; ++stream) {
        const auto from = blocks * static_cast<unsigned>(stream) / static_cast<unsigned>(streams);
        const auto to = blocks * static_cast<unsigned>(stream + 1) / static_cast<unsigned>(streams);
        const std::string range =
            stream + 1 < streams ? fmt::format("ctid >= '({},0)' AND ctid < '({},0)'", from, to)
                                 : fmt::format("ctid >= '({},0)'", from);
        script += fmt::format(
            "psql_source -c \"COPY (SELECT * FROM {0} WHERE {1}) TO STDOUT (FORMAT binary)\" |"
            " psql_destination -c \"COPY {0} FROM STDIN (FORMAT binary)\" & p{2}=$!; ",
            table, range, stream);
        waits += fmt::format("wait $p{}; ", stream);
    }
    ground.settle();
    const double took = ground.shell("bench", script + waits);
    insist_on_rows(ground, table, options.rows);
    ground.sql(ground.destination(), "bench", "DROP TABLE " + table);
    return took;
}

Comparison compare_copy(Ground& ground, const CopyOptions& options) {
    Comparison result;
    result.name = "full copy";
    result.ours_is = fmt::format(
        "cutover migrate, phases schema and full, {} workers, whole process", options.streams);
    result.peer_is =
        fmt::format("psql COPY BINARY | psql COPY BINARY, {} streams", options.streams);
    result.amount = static_cast<double>(options.rows);
    result.unit = "rows";
    result.target = 0.85;
    std::vector<double> copies;
    for (int run = 0; run < options.runs; ++run) {
        std::cerr << "copy: run " << run + 1 << " of " << options.runs << std::endl;
        if (run % 2 == 1) {
            result.peer_seconds.push_back(peer(ground, "pgbench_accounts", options));
        }
        const ProgramRun mine = ours(ground, "pgbench_accounts", options, options.rows);
        result.ours_seconds.push_back(mine.seconds);
        copies.push_back(mine.copy_seconds);
        if (run % 2 == 0) {
            result.peer_seconds.push_back(peer(ground, "pgbench_accounts", options));
        }
    }
    result.remarks.push_back(
        fmt::format("of ours, the copy itself: {:.2f} s, ratio {:.2f}; the rest is precheck, "
                    "planning, schema and bookkeeping",
                    median(copies), median(result.peer_seconds) / median(copies)));
    return result;
}

double read_both(Ground& ground) {
    return ground.shell(
        "bench",
        "psql_source -c 'COPY pgbench_accounts TO STDOUT (FORMAT binary)' >/dev/null & a=$!;"
        "psql_destination -c 'COPY pgbench_accounts TO STDOUT (FORMAT binary)' >/dev/null & b=$!;"
        "wait $a; wait $b");
}

Comparison compare_verify(Ground& ground, const CopyOptions& options, const std::string& how) {
    Comparison result;
    result.name = "verify, " + how;
    result.ours_is = "cutover verify, all columns";
    result.peer_is = "COPY BINARY of both sides at once to /dev/null";
    result.amount = static_cast<double>(options.rows);
    result.unit = "rows";
    result.ratio = Comparison::Ratio::time;
    result.target = 1.3;
    const std::string task = copy_task_file(ground, "pgbench_accounts", options.streams);
    for (int run = 0; run < options.runs; ++run) {
        std::cerr << "verify, " << how << ": run " << run + 1 << " of " << options.runs
                  << std::endl;
        if (run % 2 == 1) {
            result.peer_seconds.push_back(read_both(ground));
        }
        result.ours_seconds.push_back(ground.run({"verify", task}).seconds);
        if (run % 2 == 0) {
            result.peer_seconds.push_back(read_both(ground));
        }
    }
    return result;
}

FlatCost measure_flat(Ground& ground, const CopyOptions& options) {
    FlatCost flat;
    for (const std::uint64_t rows : options.flat_sizes) {
        make_accounts(ground, fmt::format("accounts_{}", rows), rows);
        flat.sizes.push_back({static_cast<double>(rows), {}});
    }
    for (int run = 0; run < options.runs; ++run) {
        for (auto& size : flat.sizes) {
            std::cerr << fmt::format("flat: run {} of {}, {:.0f} rows", run + 1, options.runs,
                                     size.rows)
                      << std::endl;
            const std::string table = fmt::format("accounts_{:.0f}", size.rows);
            const auto rows = static_cast<std::uint64_t>(size.rows);
            size.seconds.push_back(ours(ground, table, options, rows).copy_seconds);
        }
    }
    return flat;
}

}  // namespace

void copy_benches(Ground& ground, const CopyOptions& options, Figures& figures) {
    ground.make_database(ground.source(), "bench");
    ground.make_database(ground.destination(), "bench");
    if (options.copy || options.verify) {
        make_accounts(ground, "pgbench_accounts", options.rows);
    }
    if (options.copy) {
        figures.comparisons.push_back(compare_copy(ground, options));
    }
    if (options.verify) {
        ours(ground, "pgbench_accounts", options, options.rows, true);
        ground.sql(ground.destination(), "bench", "VACUUM (FREEZE, ANALYZE) pgbench_accounts");
        figures.comparisons.push_back(compare_verify(ground, options, "no key"));
        for (auto* server : {&ground.source(), &ground.destination()}) {
            ground.sql(*server, "bench", "ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)");
        }
        figures.comparisons.push_back(compare_verify(ground, options, "by key"));
        forget(ground, copy_task_file(ground, "pgbench_accounts", options.streams),
               "pgbench_accounts");
    }
    if (!options.flat_sizes.empty()) {
        figures.flat = measure_flat(ground, options);
    }
}

}  // namespace cutover::bench
