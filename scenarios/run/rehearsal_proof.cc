// The part of a rehearsal that looks at what came of it: invariants, ledger, judge, sequences, what
// is left behind, what was said. It only gathers; assertions judge.
#include <fmt/format.h>

#include <fstream>

#include "migrator/model/error.h"
#include "migrator/plan/output_file.h"
#include "scenarios/evidence/cutover_answer.h"
#include "scenarios/evidence/judge_record.h"
#include "scenarios/evidence/schedule.h"
#include "scenarios/run/rehearsal.h"

namespace cutover::scenarios {

namespace {

using namespace std::chrono_literals;

constexpr auto kVerifyLimit = 900s;
constexpr auto kReleaseLimit = 60s;
constexpr auto kStatusLimit = 60s;
constexpr auto kSampleEvery = 2s;
/// Of repeated samples only the failures and the count matter.
constexpr const char* kSampledSide = "destination while running";

}  // namespace

void Rehearsal::sample_destination() {
    const bool caught_up = observed_.consistent && migrator_runs_ && writing_;
    if (!caught_up || Clock::now() - sampled_ < kSampleEvery) {
        return;
    }
    sampled_ = Clock::now();
    WorkloadEnd end;
    end.endpoint = ground_->direct(Side::destination);
    for (std::size_t at = 0; at < workloads_.size(); ++at) {
        try {
            for (Check& check : workloads_[at]->sample(end, kSampledSide)) {
                samples_[at].push_back(std::move(check));
            }
        } catch (const model::Error&) {
            // The destination is down on purpose just now.
        }
    }
}

/// What the task keeps beside the data, seen while it follows the log: later it may be gone
/// already, and then its absence after the release would prove nothing.
void Rehearsal::sample_auxiliary() {
    const bool due = observed_.phase == "incremental" && migrator_runs_ &&
                     evidence_.auxiliary_while_running.empty() &&
                     Clock::now() - auxiliary_asked_ >= kSampleEvery;
    if (!due) {
        return;
    }
    auxiliary_asked_ = Clock::now();
    try {
        evidence_.auxiliary_while_running = ground_->auxiliary(task_);
    } catch (const model::Error&) {
        // An end is down on purpose just now.
    }
}

void Rehearsal::prove() {
    narrator_.say("proving");
    if (scenario_.outcome.survived) {
        // First the judge: what it says counts even if the looking breaks down after it.
        verify();
        check_workloads();
        ask_what_came_after();
        evidence_.sequences = ground_->sequences();
        milestone("verified");
        poll();
    } else {
        for (const auto& workload : workloads_) {
            evidence_.workloads.push_back(workload->record());
        }
    }
}

void Rehearsal::check_workloads() {
    WorkloadEnd source;
    source.endpoint = ground_->direct(Side::source);
    WorkloadEnd destination;
    destination.endpoint = ground_->direct(Side::destination);
    const SourceDurability durability =
        ground_->failed_over() ? SourceDurability::may_lose : SourceDurability::kept;
    for (std::size_t at = 0; at < workloads_.size(); ++at) {
        WorkloadRecord record = workloads_[at]->record();
        WorkloadVerdict verdict = workloads_[at]->check(source, destination, durability);
        record.checks = std::move(verdict.checks);
        for (Check& check : samples_[at]) {
            record.checks.push_back(std::move(check));
        }
        add_to(evidence_.ledger, verdict.ledger);
        evidence_.workloads.push_back(std::move(record));
    }
}

void Rehearsal::verify() {
    const auto began = Clock::now();
    const CommandOutcome outcome = run_cutover("verify", {"--format", "json"}, kVerifyLimit);
    evidence_.verify = judge_record(outcome.exit_code, outcome.output);
    evidence_.verify.took =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
    narrator_.say(fmt::format("the judge says {}", evidence_.verify.verdict));
}

/// Asked of the servers themselves, as the judge is.
void Rehearsal::ask_what_came_after() {
    if (!scenario_.has_incremental()) {
        return;
    }
    const Instant asked = wall_now();
    const CommandOutcome said = run_cutover("status", {"--json"}, kStatusLimit);
    CutoverAnswer answer = cutover_answer("status", said.exit_code, said.output);
    answer.at = asked;
    evidence_.after_cutover = std::move(answer);
}

void Rehearsal::release() {
    if (migrator_runs_) {
        return;
    }
    const CommandOutcome outcome = run_cutover("release", {}, kReleaseLimit);
    evidence_.released = outcome.exit_code == 0;
    evidence_.auxiliary_after_release = ground_->auxiliary(task_);
    milestone("released");
    poll();
}

void Rehearsal::look_for_secrets() {
    keep_logs();
    secrets_.folder(options_.folder, evidence_.secrets);
}

void Rehearsal::keep_logs() {
    if (!std::filesystem::exists(options_.folder)) {
        return;
    }
    evidence_.schedule_file = "schedule.json";
    plan::write_file("--report-dir", options_.folder / evidence_.schedule_file,
                     schedule_text(evidence_));
    if (ground_ == nullptr || !std::exchange(logs_wanted_, false)) {
        return;
    }
    try {
        ground_->copy_logs(options_.folder / "servers");
    } catch (const std::exception& error) {
        narrator_.say(std::string("the servers' logs could not be kept: ") + error.what());
    }
}

}  // namespace cutover::scenarios
