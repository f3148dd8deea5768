// Assertions about how the migrator behaved: how it went on, failed over, stopped, kept out.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "migrator/model/error.h"
#include "scenarios/assertion/assertion.h"
#include "scenarios/scenario/trigger.h"

namespace cutover::scenarios {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return text;
}

Judgement resumed(const Evidence& evidence, const Parameters& with) {
    const auto killed = std::count_if(evidence.processes.begin(), evidence.processes.end(),
                                      [](const ProcessRun& run) { return run.killed_by_us; });
    const bool passed = static_cast<double>(evidence.resumes.size()) >= with.number("least", 1);
    return {passed, fmt::format("{} kills, {} resumes", killed, evidence.resumes.size())};
}

/// In-flight chunks may be copied again, nothing else.
Judgement resumed_without_full_reload(const Evidence& evidence, const Parameters& with) {
    const double most_chunks = with.number("chunks", 2);
    int in_copy = 0;
    for (const Resume& resume : evidence.resumes) {
        if (static_cast<double>(resume.chunks_copied_again) > most_chunks) {
            return {false,
                    fmt::format("process {} copied {} chunks again ({} rows)", resume.process,
                                resume.chunks_copied_again, resume.rows_copied_again)};
        }
        in_copy += resume.phase == "full" && resume.chunks_done_before > 0 ? 1 : 0;
    }
    std::uint64_t copied = 0;
    for (const ChunkCopied& chunk : evidence.chunks) {
        copied += chunk.rows;
    }
    // Rows that the workloads added before their table was read are copied too; hence the slack.
    const double most_rows =
        static_cast<double>(evidence.dataset_rows) * with.number("factor", 1.1);
    if (static_cast<double>(copied) > most_rows) {
        return {false, fmt::format("{} rows were copied for a dataset of {}", copied,
                                   evidence.dataset_rows)};
    }
    if (in_copy == 0) {
        return {false, "no process went on in the middle of the copy"};
    }
    return {true,
            fmt::format("{} resumes in the middle of the copy; {} rows copied for a dataset of {}",
                        in_copy, copied, evidence.dataset_rows)};
}

Judgement failed_over(const Evidence& evidence, const Parameters&) {
    for (const Failover& failover : evidence.failovers) {
        if (failover.proof.empty()) {
            return {false, "the migrator went on at the promoted server without a proof"};
        }
    }
    if (evidence.failovers.empty()) {
        return {false, "the migrator reported no failover"};
    }
    return {true, evidence.failovers.back().proof};
}

Judgement recovered(const Evidence& evidence, const Parameters& with) {
    // A process tries again many times before it goes on: outages are counted, not attempts.
    std::chrono::milliseconds longest{0};
    for (const Recovery& recovery : evidence.recoveries) {
        longest = std::max(longest, recovery.after);
    }
    return {static_cast<double>(evidence.recoveries.size()) >= with.number("least", 1),
            fmt::format("{} recoveries after {} failed attempts; the longest took {} ms",
                        evidence.recoveries.size(), evidence.retries.size(), longest.count())};
}

/// Every process but the last was killed by us; the last ended as `outcome` says.
Judgement ended_as(const Evidence& evidence, const std::string& outcome) {
    if (evidence.processes.empty()) {
        return {false, "the migrator was never started"};
    }
    for (const ProcessRun& run : evidence.processes) {
        if (&run != &evidence.processes.back() && !run.killed_by_us && !run.frozen_by_us) {
            return {false, fmt::format("process {} ended by itself: {}", run.number, run.outcome)};
        }
    }
    const ProcessRun& last = evidence.processes.back();
    const bool passed = last.exit_code == 0 && last.outcome == outcome;
    return {passed,
            fmt::format("the last process ended as `{}` with exit code {}", last.outcome,
                        last.exit_code ? fmt::format("{}", *last.exit_code) : "none (a signal)")};
}

Judgement completed_by_itself(const Evidence& evidence, const Parameters&) {
    return ended_as(evidence, "completed");
}

Judgement cut_over(const Evidence& evidence, const Parameters&) {
    return ended_as(evidence, "finished");
}

/// A process begins where the task stood and goes forward from there. The one way back is a table
/// that was truncated: it is copied anew, and the log is followed again after it.
Judgement phases_in_order(const Evidence& evidence, const Parameters&) {
    std::string stood;
    std::uint32_t process = 0;
    int copied_anew = 0;
    for (const PhaseChange& change : evidence.phases) {
        const bool anew =
            change.process == process && stood == "incremental" && change.phase == "full";
        if (phase_rank(change.phase) < phase_rank(stood) && !anew) {
            return {false, fmt::format("process {} went to {} when the task stood in {}",
                                       change.process, change.phase, stood)};
        }
        copied_anew += anew ? 1 : 0;
        stood = change.phase;
        process = change.process;
    }
    const bool passed = phase_rank(stood) >= phase_rank("incremental");
    return {passed,
            fmt::format("{} phase changes seen, the last to {}; {} times a table was copied "
                        "anew",
                        evidence.phases.size(), stood.empty() ? "none" : stood, copied_anew)};
}

/// Refused by name: an exit code alone may be a crash, a lost connection or a time that ran out.
bool refused_with(const ZombieRecord& record, std::string_view code, int exit_code) {
    return record.error_code == code && record.exit_code == exit_code;
}

std::string shown(const ZombieRecord& record) {
    return fmt::format("exit {}, {}",
                       record.exit_code ? fmt::format("{}", *record.exit_code) : "none",
                       record.error_code.empty() ? "no error named" : record.error_code);
}

Judgement fence_holds(const Evidence& evidence, const Parameters&) {
    const ZombieRecord& zombie = evidence.zombie;
    if (!zombie.attempted) {
        return {false, "nobody tried to write after the cutover"};
    }
    if (!zombie.compared) {
        return {false, "the destination's rows were not compared with those before"};
    }
    if (zombie.destination_changed) {
        return {false, "the destination changed after the cutover"};
    }
    const bool refused =
        refused_with(zombie, "task.finished", model::exit_code(model::ErrorClass::refused)) ||
        refused_with(zombie, "task.fenced", model::exit_code(model::ErrorClass::stopped));
    if (!refused) {
        return {false, fmt::format("the late process was not fenced off: {}", shown(zombie))};
    }
    return {true,
            fmt::format("the late process was refused ({}) and changed nothing", shown(zombie))};
}

Judgement second_refused(const Evidence& evidence, const Parameters&) {
    const ZombieRecord& second = evidence.second;
    if (!second.attempted) {
        return {false, "no second process was started beside the first"};
    }
    if (!refused_with(second, "task.running", model::exit_code(model::ErrorClass::refused))) {
        return {false,
                fmt::format("the second process was not refused as such: {}", shown(second))};
    }
    return {true, fmt::format("the second process was refused ({})", shown(second))};
}

Judgement caught_up(const Evidence& evidence, const Parameters& with) {
    if (!evidence.rates.drain_took) {
        return {false, "it was never seen to have caught up"};
    }
    const auto ms = evidence.rates.drain_took->count();
    return {static_cast<double>(ms) <= with.number("within", 120) * 1000,
            fmt::format("everything was applied {} ms after the writers had stopped", ms)};
}

/// Writers that had a transaction acknowledged between two instants, by the runner's samples.
std::uint64_t writers_between(const Evidence& evidence, Instant from, Instant to) {
    const WorkloadSample* first = nullptr;
    const WorkloadSample* last = nullptr;
    for (const WorkloadSample& sample : evidence.workload_samples) {
        if (sample.at >= from && sample.at <= to) {
            first = first == nullptr ? &sample : first;
            last = &sample;
        }
    }
    std::uint64_t writers = 0;
    for (std::size_t at = 0; first != nullptr && at < first->by_writer.size(); ++at) {
        writers += last->by_writer.at(at) > first->by_writer[at] ? 1 : 0;
    }
    return writers;
}

/// The source itself was away, or taken over: no writer can be told anything then.
bool source_was_away(const Evidence& evidence, Instant from, Instant to) {
    return std::any_of(
        evidence.faults.begin(), evidence.faults.end(), [&](const FaultRecord& fault) {
            const bool of_the_source =
                fault.name == "promote_standby" ||
                (fault.target == "source" && fault.name.ends_with("_server"));
            const Instant over = fault.healed.value_or(fault.landed.value_or(fault.injected));
            return of_the_source && fault.injected <= to && over >= from;
        });
}

/// The longest time in which the runner looked and found that nobody had been told anything.
std::chrono::milliseconds longest_silence(const Evidence& evidence, Instant from, Instant to) {
    std::chrono::milliseconds longest{0};
    const WorkloadSample* heard = nullptr;
    for (const WorkloadSample& sample : evidence.workload_samples) {
        if (sample.at < from || sample.at > to) {
            continue;
        }
        if (heard == nullptr ||
            sample.transactions_acknowledged > heard->transactions_acknowledged) {
            heard = &sample;
        } else if (!source_was_away(evidence, heard->at, sample.at)) {
            longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                            sample.at - heard->at));
        }
    }
    return longest;
}

std::optional<Instant> first_seen(const Evidence& evidence, const std::string& phase) {
    for (const PhaseChange& change : evidence.phases) {
        if (change.phase == phase) {
            return change.at;
        }
    }
    return std::nullopt;
}

Judgement writes_throughout(const Evidence& evidence, const Parameters& with) {
    const auto full = first_seen(evidence, "full");
    const auto incremental = first_seen(evidence, "incremental");
    const auto stopped = evidence.milestones.find("writers_stopped");
    if (!full || !incremental || stopped == evidence.milestones.end()) {
        return {false, "the copy, the incremental phase or the writers' end was not seen"};
    }
    const std::uint64_t in_copy = writers_between(evidence, *full, *incremental);
    const std::uint64_t after = writers_between(evidence, *incremental, stopped->second);
    const auto silence = longest_silence(evidence, *full, stopped->second);
    const double wanted = with.number("connections", 1);
    const bool passed = static_cast<double>(std::min(in_copy, after)) >= wanted &&
                        static_cast<double>(silence.count()) <= with.number("silence", 10) * 1000;
    const std::string silent = silence.count() == 0
                                   ? "at every look somebody had been told something since the last"
                                   : fmt::format("the longest silence was {} ms", silence.count());
    return {passed, fmt::format("{} connections committed during the copy and {} after it; {}, "
                                "the source's failover aside",
                                in_copy, after, silent)};
}

Judgement error_named(const Evidence& evidence, const Parameters& with) {
    const std::string code = with.text("code");
    for (const MigratorError& error : evidence.errors) {
        if (error.code == code) {
            return {true, error.message};
        }
    }
    return {false, fmt::format("no error with code {} among {}", code, evidence.errors.size())};
}

/// What a command needs until it is felt: chunks and batches in flight, the reporting itself.
constexpr std::chrono::milliseconds kFelt{1500};
/// Less than this shows no rate.
constexpr std::chrono::milliseconds kShows{2000};

struct Moved {
    std::string cannot;  ///< why nothing can be told
    std::uint64_t units = 0;
    double seconds = 0;

    double rate() const { return static_cast<double>(units) / seconds; }
};

/// Rows (of the copy) or changes (of the log) that moved while a step of the timeline was held.
Moved moved_during(const Evidence& evidence, std::uint32_t step) {
    const auto fault = std::find_if(evidence.faults.begin(), evidence.faults.end(),
                                    [&](const FaultRecord& record) { return record.step == step; });
    if (fault == evidence.faults.end() || !fault->landed || !fault->healed) {
        return {fmt::format("step {} was not held for a while", step)};
    }
    const Sample* first = nullptr;
    const Sample* last = nullptr;
    for (const Sample& sample : evidence.samples) {
        if (sample.at >= *fault->landed + kFelt && sample.at <= *fault->healed) {
            first = first == nullptr ? &sample : first;
            last = &sample;
        }
    }
    if (first == nullptr || last->at - first->at < kShows) {
        return {fmt::format("step {} was not watched for {} ms", step, kShows.count())};
    }
    if (first->phase != last->phase || first->process != last->process) {
        return {fmt::format("during step {} another phase or process began", step)};
    }
    const bool copy = first->phase == "full";
    return {"", copy ? last->rows - first->rows : last->changes - first->changes,
            std::chrono::duration<double>(last->at - first->at).count()};
}

std::uint32_t step_of(const Parameters& with) {
    return static_cast<std::uint32_t>(with.number("step", 0));
}

Judgement stood_still(const Evidence& evidence, const Parameters& with) {
    const Moved moved = moved_during(evidence, step_of(with));
    if (!moved.cannot.empty()) {
        return {false, moved.cannot};
    }
    return {moved.units == 0, fmt::format("{} rows moved in {:.1f} s", moved.units, moved.seconds)};
}

/// A standstill is below any rate and shows no throttle.
Judgement rate_below(const Evidence& evidence, const Parameters& with) {
    const Moved moved = moved_during(evidence, step_of(with));
    if (!moved.cannot.empty()) {
        return {false, moved.cannot};
    }
    const double most = with.number("per_second", 0);
    return {moved.units > 0 && moved.rate() <= most,
            fmt::format("{:.0f} rows/s over {:.1f} s; at most {:.0f} were allowed", moved.rate(),
                        moved.seconds, most)};
}

const AssertionKind kConductKinds[] = {
    {"resumed", "killed processes were followed by ones that resumed", resumed, {{"least"}}},
    {"resumed_without_full_reload",
     "at most `chunks` chunks were copied again",
     resumed_without_full_reload,
     {{"chunks"}, {"factor"}}},
    {"failed_over", "went on at the promoted server, with a proof", failed_over, {}},
    {"recovered", "after so many outages the same process went on", recovered, {{"least"}}},
    {"completed_by_itself", "a task without incremental ends by itself", completed_by_itself, {}},
    {"cut_over", "never ended by itself; ended by the cutover", cut_over, {}},
    {"phases_in_order", "schema, full, incremental in one task", phases_in_order, {}},
    {"fence_holds", "after the cutover no process of the task writes", fence_holds, {}},
    {"second_refused", "beside a running process a second one is refused", second_refused, {}},
    {"caught_up", "caught up within so many seconds of the writers' end", caught_up, {{"within"}}},
    {"writes_throughout",
     "so many connections wrote in each phase, and never all were silent for long",
     writes_throughout,
     {{"connections"}, {"silence"}}},
    {"stood_still",
     "while step `step` was held, no row moved",
     stood_still,
     {{"step", true, true}}},
    {"rate_below",
     "while step `step` was held, rows moved, but no more than so many",
     rate_below,
     {{"step", true, true}, {"per_second", true, true}}},
    {"error_named", "the migrator stopped with this error code", error_named, {{"code", false}}},
};

std::optional<Instant> last_landed(const Evidence& evidence) {
    std::optional<Instant> last;
    for (const FaultRecord& fault : evidence.faults) {
        const Instant at = fault.landed.value_or(fault.injected);
        last = last ? std::max(*last, at) : at;
    }
    return last;
}

Judgement loud_failure(const ExpectedOutcome& outcome, const Evidence& evidence) {
    if (evidence.processes.empty()) {
        return {false, "the migrator was never started"};
    }
    const ProcessRun& run = evidence.processes.back();
    if (!run.ended || run.killed_by_us || !run.exit_code || *run.exit_code == 0) {
        return {false, "the migrator did not stop by itself with an error"};
    }
    const auto late = last_landed(evidence);
    const auto took = late ? *run.ended - *late : *run.ended - run.started;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(took).count();
    if (seconds > static_cast<std::int64_t>(outcome.within_seconds)) {
        return {false, fmt::format("it stopped {} s after the fault; {} s were allowed", seconds,
                                   outcome.within_seconds)};
    }
    // What people read: an event's own fields would name a position whatever the text says.
    std::string said;
    std::vector<std::string> names = outcome.names;
    for (const MigratorError& error : evidence.errors) {
        if (error.process == run.number) {
            said += fmt::format("{} {}\n", error.message, error.hint);
            if (outcome.names_position) {
                names.push_back(error.position.empty() ? "a position" : error.position);
            }
        }
    }
    for (const std::string& name : names) {
        if (lower(said).find(lower(name)) == std::string::npos) {
            return {false, fmt::format("its error does not name `{}`; it says: {}", name,
                                       said.empty() ? "nothing" : said)};
        }
    }
    return {true,
            fmt::format("stopped after {} s with exit code {}: {}", seconds, *run.exit_code, said)};
}

}  // namespace

std::span<const AssertionKind> conduct_assertions() {
    return kConductKinds;
}

AssertionResult judge_loud_failure(const ExpectedOutcome& outcome, const Evidence& evidence) {
    Judgement judgement = loud_failure(outcome, evidence);
    return {fmt::format("failed_loudly {{within: {} s}}", outcome.within_seconds), judgement.passed,
            std::move(judgement.detail)};
}

}  // namespace cutover::scenarios
