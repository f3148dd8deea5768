#include "scenarios/run/afterwards.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenarios/assertion/assertion.h"

namespace cutover::scenarios {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// A rate is called sustained over at least this.
constexpr std::chrono::seconds kSustained{3};
/// Behind by more than this counts as catching up.
constexpr milliseconds kBehind{1000};

double seconds_between(Instant from, Instant to) {
    return std::chrono::duration<double>(to - from).count();
}

std::optional<milliseconds> between(const Evidence& evidence, const std::string& from,
                                    const std::string& to) {
    const auto begin = evidence.milestones.find(from);
    const auto end = evidence.milestones.find(to);
    if (begin == evidence.milestones.end() || end == evidence.milestones.end()) {
        return std::nullopt;
    }
    return duration_cast<milliseconds>(end->second - begin->second);
}

/// Rows, bytes and time of the copy, the gaps between processes left out.
void measure_full(Evidence& evidence) {
    double seconds = 0;
    double rows = 0;
    double bytes = 0;
    const Sample* last = nullptr;
    const Sample* first = nullptr;
    for (const Sample& sample : evidence.samples) {
        if (sample.phase != "full") {
            continue;
        }
        first = first == nullptr ? &sample : first;
        if (last != nullptr && last->process == sample.process && sample.rows >= last->rows) {
            seconds += seconds_between(last->at, sample.at);
            rows += static_cast<double>(sample.rows - last->rows);
            bytes += static_cast<double>(sample.bytes - std::min(sample.bytes, last->bytes));
        }
        last = &sample;
    }
    if (first == nullptr || seconds <= 0) {
        return;
    }
    evidence.rates.full_rows_per_second = rows / seconds;
    evidence.rates.full_bytes_per_second = bytes / seconds;
    evidence.rates.full_took = duration_cast<milliseconds>(last->at - first->at);
}

/// The best pace that was held while there was something to catch up with.
void measure_catch_up(Evidence& evidence) {
    const std::vector<Sample>& samples = evidence.samples;
    for (std::size_t from = 0; from < samples.size(); ++from) {
        for (std::size_t to = from + 1; to < samples.size(); ++to) {
            const bool one_run = samples[from].phase == "incremental" &&
                                 samples[to].phase == "incremental" &&
                                 samples[to].process == samples[from].process;
            if (!one_run || samples[to - 1].lag.value_or(milliseconds(0)) < kBehind) {
                break;
            }
            if (samples[to].at - samples[from].at < kSustained) {
                continue;
            }
            const double rate = static_cast<double>(samples[to].changes - samples[from].changes) /
                                seconds_between(samples[from].at, samples[to].at);
            evidence.rates.catch_up_changes_per_second =
                std::max(evidence.rates.catch_up_changes_per_second.value_or(0), rate);
            break;
        }
    }
}

void measure_lag(Evidence& evidence) {
    std::vector<milliseconds> lags;
    for (const Sample& sample : evidence.samples) {
        if (sample.lag) {
            lags.push_back(*sample.lag);
        }
    }
    if (lags.empty()) {
        return;
    }
    std::sort(lags.begin(), lags.end());
    evidence.rates.lag_p50 = lags[lags.size() / 2];
    evidence.rates.lag_p99 = lags[lags.size() * 99 / 100];
    evidence.rates.lag_max = lags.back();
}

void measure_workload(Evidence& evidence) {
    const auto& samples = evidence.workload_samples;
    if (samples.size() < 2) {
        return;
    }
    // The time after the last acknowledgement is not part of the pace.
    const auto last =
        std::find_if(samples.begin(), samples.end(), [&](const WorkloadSample& sample) {
            return sample.transactions_acknowledged == samples.back().transactions_acknowledged;
        });
    const double seconds = seconds_between(samples.front().at, last->at);
    if (seconds > 0) {
        evidence.rates.workload_transactions_per_second =
            static_cast<double>(last->transactions_acknowledged -
                                samples.front().transactions_acknowledged) /
            seconds;
    }
}

/// The first sign that rows or changes moved after `from`.
std::optional<Instant> progress_after(const Evidence& evidence, Instant from) {
    const Sample* before = nullptr;
    for (const Sample& sample : evidence.samples) {
        const bool moved = before == nullptr || sample.process != before->process ||
                           sample.rows > before->rows || sample.transactions > before->transactions;
        if (sample.at > from && moved) {
            return sample.at;
        }
        before = &sample;
    }
    return std::nullopt;
}

AssertionResult judge_survival(const Scenario& scenario, const Evidence& evidence) {
    AssertionResult result{"survived", false, "the migrator was never started"};
    if (evidence.processes.empty()) {
        return result;
    }
    const ProcessRun& last = evidence.processes.back();
    const std::string wanted = scenario.has_incremental() ? "finished" : "completed";
    // A process killed behind the fence has nothing left to do; the cutover itself was answered.
    const bool fenced = last.killed_by_us && evidence.milestones.contains("cut_over");
    const bool late = scenario.outcome.or_late_write && last.exit_code == 1 &&
                      last.outcome == wanted && !evidence.finishes.empty() &&
                      evidence.finishes.back().outcome == "late_write";
    result.passed = fenced || late || (last.exit_code == 0 && last.outcome == wanted);
    result.detail = late ? "cut over, and a late write was told"
                    : fenced
                        ? "cut over; the process was killed behind the fence"
                        : fmt::format("the last process ended as `{}`, exit code {}", last.outcome,
                                      last.exit_code ? fmt::format("{}", *last.exit_code) : "none");
    return result;
}

AssertionResult judge_timeline(const RunProblems& problems, const Evidence& evidence) {
    const auto fired = std::count_if(evidence.schedule.begin(), evidence.schedule.end(),
                                     [](const ScheduleStep& step) { return step.fired; });
    AssertionResult result{"timeline", problems.obstacles.empty(), ""};
    result.detail = problems.obstacles.empty()
                        ? fmt::format("{} of {} steps were executed and seen to land", fired,
                                      evidence.schedule.size())
                        : problems.obstacles.front();
    return result;
}

void note_not_proved(const Scenario& scenario, Evidence& evidence) {
    std::vector<std::string>& out = evidence.not_proved;
    if (!evidence.verify.ran) {
        out.push_back("The judge did not compare the two sides.");
    }
    for (const std::string& part : evidence.verify.not_compared) {
        out.push_back("Not compared: " + part + ".");
    }
    for (const TableProof& table : evidence.verify.tables) {
        if (table.verdict == "partial") {
            out.push_back(fmt::format("{} was compared in part only.", table.table));
        }
    }
    if (!evidence.ledger.kept) {
        out.push_back("No ledger of acknowledged writes was kept.");
    } else if (evidence.ledger.unknown > 0) {
        out.push_back(
            fmt::format("{} transactions lost their connection before the answer: whether the "
                        "source committed them is not known from the client's side.",
                        evidence.ledger.unknown));
    }
    if (evidence.ledger.lost_by_source > 0) {
        out.push_back(fmt::format(
            "That every acknowledged write survived: the source lost {} of them when it failed "
            "over to an asynchronous standby. The destination was held against what the promoted "
            "server has.",
            evidence.ledger.lost_by_source));
    }
    if (!evidence.zombie.attempted && scenario.has_incremental()) {
        out.push_back("Nobody tried to write through a late process after the cutover.");
    }
    if (scenario.workloads.empty()) {
        out.push_back("Nobody wrote to the source during this run.");
    }
    out.push_back(
        "Times were measured on one machine that carried both ends, the writers and the migrator.");
}

}  // namespace

void measure_rates(Evidence& evidence) {
    measure_full(evidence);
    measure_catch_up(evidence);
    measure_lag(evidence);
    measure_workload(evidence);
    evidence.rates.drain_took = between(evidence, "writers_stopped", "drained");
    evidence.rates.cutover_took = between(evidence, "writers_stopped", "cut_over");
}

void measure_effects(Evidence& evidence) {
    for (FaultRecord& fault : evidence.faults) {
        const Instant over = fault.healed.value_or(fault.landed.value_or(fault.injected));
        fault.effect_ended = progress_after(evidence, over).value_or(over);
    }
}

void judge(const Scenario& scenario, const RunProblems& problems, Evidence& evidence) {
    evidence.expected_outcome = scenario.outcome.or_late_write ? "survived_or_late_write"
                                : scenario.outcome.survived    ? "survived"
                                                               : "failed_loudly";
    evidence.assertions.push_back(scenario.outcome.survived
                                      ? judge_survival(scenario, evidence)
                                      : judge_loud_failure(scenario.outcome, evidence));
    for (const AssertionChoice& choice : scenario.assertions) {
        evidence.assertions.push_back(judge_assertion(choice, evidence));
    }
    evidence.reasons = problems.failures;
    for (const AssertionResult& result : evidence.assertions) {
        if (!result.passed && !problems.ended_early) {
            evidence.reasons.push_back(fmt::format("{}: {}", result.name, result.detail));
        }
    }
    const bool differs =
        evidence.verify.ran && evidence.verify.exit_code == 1 && scenario.outcome.survived;
    const bool failed =
        problems.cut_short ? !problems.failures.empty() || differs : !evidence.reasons.empty();
    if (!failed) {
        evidence.reasons.clear();
    }
    evidence.assertions.insert(evidence.assertions.begin() + 1, judge_timeline(problems, evidence));
    evidence.verdict = failed                       ? Decision::no_go
                       : problems.obstacles.empty() ? Decision::go
                                                    : Decision::could_not;
    evidence.reasons.insert(evidence.reasons.end(), problems.obstacles.begin(),
                            problems.obstacles.end());
    if (problems.ended_early) {
        evidence.reasons.push_back("the run ended there: nothing was proved");
    }
    if (evidence.verdict == Decision::go) {
        evidence.reasons.push_back(fmt::format("{} assertions hold", evidence.assertions.size()));
    }
    note_not_proved(scenario, evidence);
}

std::string_view to_string(Decision verdict) {
    switch (verdict) {
        case Decision::go:
            return "go";
        case Decision::no_go:
            return "no-go";
        case Decision::could_not:
            return "could not";
    }
    return {};
}

int exit_code(Decision verdict) {
    switch (verdict) {
        case Decision::go:
            return 0;
        case Decision::no_go:
            return 1;
        case Decision::could_not:
            return 2;
    }
    return 2;
}

}  // namespace cutover::scenarios
