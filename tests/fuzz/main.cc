// The driver of the fuzz targets: deterministic, without instrumentation of its own. Built with
// the sanitizers (scripts/fuzz does) it sees every byte that is read where none is. An input that
// ends the process is named by target, seed and number, which make it again.
#include <fmt/format.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <map>
#include <optional>

#include "migrator/model/error.h"
#include "tests/fuzz/mutation.h"
#include "tests/fuzz/target.h"

namespace cutover::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

/// No piece of this size that a server can send takes so much processor time to read. A reader that
/// sleeps is given longer, because a busy machine may let the whole process wait.
constexpr unsigned kLongestProcessorSeconds = 20;
constexpr unsigned kLongestSeconds = 900;

struct Options {
    std::vector<std::string> targets;
    std::uint64_t seed = 1;
    std::uint64_t count = 0;
    std::uint64_t seconds = 0;
    std::optional<std::uint64_t> only;
    bool list = false;
};

/// What is running, for the handler of a signal that ends the process.
std::array<char, 200> running{};

void tell_and_die(int signal) {
    [[maybe_unused]] const auto said = ::write(STDERR_FILENO, running.data(), running.size());
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

/// On a stack of their own: an endless recursion has none left.
void tell_deadly_signals() {
    static std::array<char, 1 << 16> room;
    stack_t stack{};
    stack.ss_sp = room.data();
    stack.ss_size = room.size();
    ::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = tell_and_die;
    action.sa_flags = SA_ONSTACK;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGPROF}) {
        ::sigaction(signal, &action, nullptr);
    }
}

std::vector<Target> all_targets() {
    return {log_target(), cells_target(),      json_target(),   positions_target(),
            sql_target(), expression_target(), answers_target()};
}

/// How one target is doing.
struct Counted {
    std::uint64_t inputs = 0;
    std::uint64_t answers = 0;
    std::map<std::string, std::uint64_t> refusals;  ///< by the error's code
};

/// The process ends with a signal once an input has taken too long; 0 lifts the limit.
void limit_time(unsigned processor_seconds, unsigned seconds) {
    itimerval limit{};
    limit.it_value.tv_sec = processor_seconds;
    ::setitimer(ITIMER_PROF, &limit, nullptr);
    ::alarm(seconds);
}

void run_one(const Target& target, const std::string& input, Counted& tally, bool show) {
    ++tally.inputs;
    try {
        target.run(input);
        ++tally.answers;
    } catch (const model::Error& error) {
        ++tally.refusals[error.code()];
        if (show) {
            std::cerr << error.what() << "\n";
        }
    }
}

void fuzz(const Target& target, const Options& options, Counted& tally) {
    Mutation mutation(target.seeds());
    const Clock::time_point end = Clock::now() + std::chrono::seconds(options.seconds);
    const std::uint64_t first = options.only.value_or(0);
    for (std::uint64_t number = first;; ++number) {
        const bool over = options.only         ? number > first
                          : options.count != 0 ? number >= options.count
                                               : Clock::now() >= end;
        if (over) {
            return;
        }
        running.fill(0);
        fmt::format_to_n(running.data(), running.size() - 1,
                         "\nfuzz: it ended at --target {} --seed {} --only {}\n", target.name,
                         options.seed, number);
        const std::string input = mutation.input(options.seed, number);
        if (options.only) {
            std::cerr << fmt::format("input of {} bytes:", input.size());
            for (const char byte : input) {
                std::cerr << fmt::format(" {:02x}", static_cast<unsigned char>(byte));
            }
            std::cerr << "\n";
        }
        limit_time(kLongestProcessorSeconds, kLongestSeconds);
        run_one(target, input, tally, options.only.has_value());
        limit_time(0, 0);
    }
}

/// A reader that never came to an end of anything was stopped at its first question: then what it
/// reads behind that was not tried at all. False if there is one; the seeds alone should do.
bool tell_reached(const Target& target, const Options& options) {
    bool all = true;
    for (const auto& [reader, times] : target.reached ? target.reached() : Reached{}) {
        std::cout << fmt::format("    read to the end: {:<40} {}\n", reader, times);
        all = all && times > 0;
    }
    return all || options.only;
}

int run(const Options& options) {
    tell_deadly_signals();
    for (const Target& target : all_targets()) {
        if (options.list) {
            std::cout << fmt::format("{:<12} {}\n", target.name, target.reads);
            continue;
        }
        const bool wanted =
            options.targets.empty() || std::find(options.targets.begin(), options.targets.end(),
                                                 target.name) != options.targets.end();
        if (!wanted) {
            continue;
        }
        Counted tally;
        try {
            fuzz(target, options, tally);
        } catch (const std::exception& error) {
            std::cerr << running.data()
                      << "an exception that is no operating error: " << error.what() << "\n";
            return 1;
        }
        std::cout << fmt::format("{:<12} {} inputs, {} read, {} refused\n", target.name,
                                 tally.inputs, tally.answers, tally.inputs - tally.answers);
        for (const auto& [code, times] : tally.refusals) {
            std::cout << fmt::format("    {:<40} {}\n", code, times);
        }
        if (!tell_reached(target, options)) {
            std::cerr << "fuzz: a reader has read nothing to its end: if a statement of ours was "
                         "changed, its "
                         "recorded answer (recorded_answers.cc) must be changed like it\n";
            return 1;
        }
        std::cout << std::flush;
    }
    return 0;
}

}  // namespace
}  // namespace cutover::fuzz

int main(int argc, char** argv) {
    cutover::fuzz::Options options;
    CLI::App app("fuzzes what reads the texts of a server", "fuzz");
    app.add_option("--target", options.targets, "only this one (may be repeated); see --list");
    app.add_option("--seed", options.seed, "another seed, other inputs")->capture_default_str();
    CLI::Option* count = app.add_option("--count", options.count, "so many inputs per target");
    app.add_option("--seconds", options.seconds, "so long per target")->excludes(count);
    app.add_option("--only", options.only, "this one input, printed first");
    app.add_flag("--list", options.list, "the targets");
    CLI11_PARSE(app, argc, argv);
    return cutover::fuzz::run(options);
}
