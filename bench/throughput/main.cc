// The throughput bench: measures the program of the same build against PostgreSQL's own tools, on
// servers of its own, and prints the ratios. Exit code 0 if every target is met, 1 if one is
// missed, 2 if it could not measure.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "bench/throughput/catch_up_bench.h"
#include "bench/throughput/copy_bench.h"
#include "bench/throughput/log_bench.h"

namespace {

using namespace cutover::bench;

struct Choices {
    std::vector<std::string> only = {"copy", "verify", "flat", "log", "catch-up"};
    CopyOptions copy;
    LogOptions log;
    CatchUpOptions catch_up;
    int runs = 5;
    int version = 17;
    std::string program;
    std::string output = "build/bench";

    bool wants(const std::string& name) const {
        return std::find(only.begin(), only.end(), name) != only.end();
    }
};

std::string machine() {
    std::ifstream cpu("/proc/cpuinfo");
    std::string model = "unknown processor";
    for (std::string line; std::getline(cpu, line);) {
        if (line.starts_with("model name")) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    }
    return fmt::format("{} cores, {}", std::thread::hardware_concurrency(), model);
}

Figures measure(const Choices& choices) {
    Figures figures;
    figures.runs = choices.runs;
    figures.machine = machine();
    Ground ground(choices.program, choices.output, choices.version);
    figures.servers = ground.description();
    CopyOptions copy = choices.copy;
    copy.runs = choices.runs;
    copy.copy = choices.wants("copy");
    copy.verify = choices.wants("verify");
    if (!choices.wants("flat")) {
        copy.flat_sizes.clear();
    }
    if (copy.copy || copy.verify || !copy.flat_sizes.empty()) {
        copy_benches(ground, copy, figures);
    }
    if (choices.wants("log")) {
        LogOptions log = choices.log;
        log.runs = choices.runs;
        log_bench(ground, log, figures);
    }
    if (choices.wants("catch-up")) {
        CatchUpOptions catch_up = choices.catch_up;
        catch_up.runs = choices.runs;
        catch_up_bench(ground, catch_up, figures);
    }
    figures.peak_memory_mb = ground.peak_memory_mb();
    return figures;
}

}  // namespace

int main(int argc, char** argv) {
    Choices choices;
    choices.program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../../scenarios/cutover")
            .lexically_normal();
    CLI::App app(
        "Measures cutover against PostgreSQL's own tools; prints ratios and writes "
        "bench.json.");
    app.add_option("--only", choices.only, "copy, verify, flat, log, catch-up (default: all)")
        ->delimiter(',')
        ->check(CLI::IsMember({"copy", "verify", "flat", "log", "catch-up"}));
    app.add_option("--runs", choices.runs, "alternating runs of each; medians are taken")
        ->check(CLI::Range(1, 99));
    app.add_option("--rows", choices.copy.rows, "rows of pgbench_accounts for copy and verify");
    app.add_option("--streams", choices.copy.streams, "workers, and streams of the peer")
        ->check(CLI::Range(1, 16));
    app.add_option("--flat-sizes", choices.copy.flat_sizes, "table sizes in rows")->delimiter(',');
    app.add_option("--transactions", choices.log.transactions, "backlog for log");
    app.add_option("--lanes", choices.log.lanes, "lanes for log")->check(CLI::Range(1, 16));
    app.add_option("--catch-up-transactions", choices.catch_up.transactions,
                   "backlog for catch-up");
    app.add_option("--version", choices.version, "PostgreSQL of both servers");
    app.add_option("--program", choices.program, "the cutover to measure");
    app.add_option("--output", choices.output, "folder for task files, logs and bench.json");
    CLI11_PARSE(app, argc, argv);
    try {
        const Figures figures = measure(choices);
        std::ofstream(std::filesystem::path(choices.output) / "bench.json") << figures.json();
        std::cout << figures.table() << std::flush;
        return figures.all_met() ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "bench: " << error.what() << "\n";
        return 2;
    }
}
