// simulation: whole tasks through seeds. See --help.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "migrator/flow/deliberate_bug.h"
#include "tests/simulation/run.h"
#include "tests/simulation/shrink.h"

namespace cutover::simulation {
namespace {

struct Options {
    std::uint64_t seeds = 2000;
    std::uint64_t first = 1;
    std::uint64_t seed = 0;  ///< not 0: only this one, with a trace
    std::uint64_t bug_seeds = 30000;
    std::uint64_t same_twice = 0;
    bool quiet = false;
    bool all_bugs = false;
    bool list_bugs = false;
    bool keep_going = false;
    std::string bug;
    Caps caps;
};

void print_help() {
    std::puts(
        "simulation: runs whole tasks (copy, log, cutover) on memory databases, one execution per "
        "seed,\n"
        "and says whether anything was lost, doubled, out of order or written after the fence.\n\n"
        "  --seeds N        that many seeds (default 2000)\n"
        "  --first S        the first of them (default 1)\n"
        "  --seed S         only this one, with a trace\n"
        "  --quiet          with --seed: no trace\n"
        "  --keep-going     report every failing seed, shrink none\n"
        "  --same-twice N   runs N seeds twice each: the executions must be equal\n"
        "  --bug NAME       with a deliberate bug\n"
        "  --list-bugs      what bugs there are\n"
        "  --all-bugs       each bug until it is caught; fails if one is not\n"
        "  --bug-seeds N    seeds per bug at the most (default 30000)\n"
        "  --max-tables N, --max-rows N, --max-writers N, --max-transactions N, --max-workers N, "
        "--max-lanes N,\n"
        "  --max-kills N, --max-faults N, --max-outages N, --max-commands N\n"
        "  --max-alterations N\n"
        "                   upper bounds of what a seed draws");
}

/// Exits on a bad line.
Options parse(int count, char** words) {
    Options options;
    const std::map<std::string, std::uint64_t*> numbers = {
        {"--seeds", &options.seeds},
        {"--first", &options.first},
        {"--seed", &options.seed},
        {"--bug-seeds", &options.bug_seeds},
        {"--same-twice", &options.same_twice},
        {"--max-tables", &options.caps.tables},
        {"--max-rows", &options.caps.rows},
        {"--max-writers", &options.caps.writers},
        {"--max-transactions", &options.caps.transactions},
        {"--max-workers", &options.caps.workers},
        {"--max-lanes", &options.caps.lanes},
        {"--max-kills", &options.caps.kills},
        {"--max-faults", &options.caps.faults},
        {"--max-outages", &options.caps.outages},
        {"--max-commands", &options.caps.commands},
        {"--max-alterations", &options.caps.alterations},
    };
    const std::map<std::string, bool*> switches = {{"--quiet", &options.quiet},
                                                   {"--all-bugs", &options.all_bugs},
                                                   {"--list-bugs", &options.list_bugs},
                                                   {"--keep-going", &options.keep_going}};
    for (int at = 1; at < count; ++at) {
        const std::string word = words[at];
        if (word == "--help") {
            print_help();
            std::exit(0);
        }
        if (const auto found = switches.find(word); found != switches.end()) {
            *found->second = true;
        } else if (at + 1 < count && word == "--bug") {
            options.bug = words[++at];
        } else if (const auto number = numbers.find(word);
                   at + 1 < count && number != numbers.end()) {
            *number->second = std::strtoull(words[++at], nullptr, 10);
        } else {
            std::fprintf(stderr, "simulation: not understood: %s (try --help)\n", word.c_str());
            std::exit(3);
        }
    }
    return options;
}

void report_failure(std::uint64_t seed, const Caps& caps, const std::string& bug) {
    const Shrunk small = shrink(seed, caps);
    std::printf("smallest that still fails: %s\nreproduce: simulation%s --seed %llu%s\n",
                small.failure.c_str(), bug.empty() ? "" : (" --bug " + bug).c_str(),
                static_cast<unsigned long long>(seed), small.caps.options().c_str());
}

int run_one(const Options& options) {
    const Life verdict = run_seed(options.seed, options.caps, !options.quiet);
    std::printf(
        "seed %llu: %s %s\nsteps %llu, trace %016llx, starts %llu, kills %llu, calls %llu, chunks "
        "opened %llu, rework %llu, states checked %llu\n",
        static_cast<unsigned long long>(options.seed), verdict.good ? "good," : "FAILED:",
        verdict.good ? verdict.outcome.c_str() : verdict.failure.c_str(),
        static_cast<unsigned long long>(verdict.steps),
        static_cast<unsigned long long>(verdict.trace_hash),
        static_cast<unsigned long long>(verdict.starts),
        static_cast<unsigned long long>(verdict.kills),
        static_cast<unsigned long long>(verdict.calls),
        static_cast<unsigned long long>(verdict.chunk_opens),
        static_cast<unsigned long long>(verdict.rework),
        static_cast<unsigned long long>(verdict.states_checked));
    return verdict.good ? 0 : 1;
}

int run_many(const Options& options) {
    const auto start = std::chrono::steady_clock::now();
    std::map<std::string, std::uint64_t> outcomes;
    Life sum;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
        const Life verdict = run_seed(seed, options.caps);
        ++outcomes[verdict.good ? verdict.outcome : "FAILED"];
        sum.steps += verdict.steps;
        sum.starts += verdict.starts;
        sum.kills += verdict.kills;
        sum.troubles += verdict.troubles;
        sum.outages += verdict.outages;
        sum.rework += verdict.rework;
        sum.chunk_opens += verdict.chunk_opens;
        sum.states_checked += verdict.states_checked;
        if (!verdict.good) {
            std::printf("seed %llu FAILED: %s\n", static_cast<unsigned long long>(seed),
                        verdict.failure.c_str());
            std::fflush(stdout);
            ++failed;
            if (!options.keep_going) {
                report_failure(seed, options.caps, options.bug);
                break;
            }
        }
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (const auto& [outcome, count] : outcomes) {
        std::printf("%s: %llu\n", outcome.c_str(), static_cast<unsigned long long>(count));
    }
    std::printf(
        "%.1f s, %.0f seeds/s; %llu steps, %llu starts, %llu kills, %llu failed calls, %llu "
        "outages, "
        "%llu chunks opened (%llu again), %llu states checked\n",
        seconds, static_cast<double>(options.seeds) / seconds,
        static_cast<unsigned long long>(sum.steps), static_cast<unsigned long long>(sum.starts),
        static_cast<unsigned long long>(sum.kills), static_cast<unsigned long long>(sum.troubles),
        static_cast<unsigned long long>(sum.outages),
        static_cast<unsigned long long>(sum.chunk_opens),
        static_cast<unsigned long long>(sum.rework),
        static_cast<unsigned long long>(sum.states_checked));
    return failed == 0 ? 0 : 1;
}

int run_twice(const Options& options) {
    for (std::uint64_t seed = options.first; seed < options.first + options.same_twice; ++seed) {
        const Life first = run_seed(seed, options.caps);
        const Life second = run_seed(seed, options.caps);
        if (first.trace_hash != second.trace_hash || first.steps != second.steps) {
            std::printf("seed %llu runs differently the second time\n",
                        static_cast<unsigned long long>(seed));
            return 1;
        }
    }
    std::printf("%llu seeds ran the same twice\n",
                static_cast<unsigned long long>(options.same_twice));
    return 0;
}

int run_bugs(const Options& options) {
    bool all_caught = true;
    std::printf("%-38s %10s   %s\n", "bug", "seeds", "first sign");
    for (const flow::BugName& bug : flow::kBugs) {
        flow::active_bug = bug.bug;
        std::uint64_t seed = 1;
        std::string failure;
        for (; seed <= options.bug_seeds && failure.empty(); ++seed) {
            failure = run_seed(seed, options.caps).failure;
        }
        flow::active_bug = flow::Bug::none;
        all_caught = all_caught && !failure.empty();
        std::string sign = failure.substr(0, failure.find('\n'));
        std::printf("%-38s %10s   %s\n", std::string(bug.name).c_str(),
                    failure.empty() ? "NOT CAUGHT" : std::to_string(seed - 1).c_str(),
                    sign.substr(0, 110).c_str());
        std::fflush(stdout);
    }
    return all_caught ? 0 : 1;
}

int main_of(int count, char** words) {
    const Options options = parse(count, words);
    if (options.list_bugs) {
        for (const flow::BugName& bug : flow::kBugs) {
            std::printf("%-38s %s\n", std::string(bug.name).c_str(), std::string(bug.what).c_str());
        }
        return 0;
    }
    if (options.same_twice != 0) {
        return run_twice(options);
    }
    if (options.all_bugs) {
        return run_bugs(options);
    }
    for (const flow::BugName& bug : flow::kBugs) {
        if (bug.name == options.bug) {
            flow::active_bug = bug.bug;
        }
    }
    if (!options.bug.empty() && flow::active_bug == flow::Bug::none) {
        std::fprintf(stderr, "simulation: no bug is called %s (try --list-bugs)\n",
                     options.bug.c_str());
        return 3;
    }
    return options.seed != 0 ? run_one(options) : run_many(options);
}

}  // namespace
}  // namespace cutover::simulation

int main(int count, char** words) {
    return cutover::simulation::main_of(count, words);
}
