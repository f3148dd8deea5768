#include "scenarios/assertion/assertion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cutover::scenarios {
namespace {

using testing::HasSubstr;

bool holds(const std::string& name, const Evidence& evidence,
           const std::map<std::string, std::string>& with = {}) {
    const AssertionChoice choice{name, with, 1};
    EXPECT_EQ(assertion_mistake(choice), "");
    return judge_assertion(choice, evidence).passed;
}

/// Step 1 paused the copy, step 2 throttled the log to 100 rows/s; the command is felt late.
void hold_steps(Evidence& evidence, Instant t0) {
    for (const std::uint32_t step : {1u, 2u}) {
        const Instant begin = t0 + std::chrono::seconds(step == 1 ? 2 : 12);
        FaultRecord held;
        held.step = step;
        held.landed = begin;
        held.healed = begin + std::chrono::seconds(6);
        evidence.faults.push_back(held);
        for (int second = 0; second <= 6; ++second) {
            Sample sample;
            sample.at = begin + std::chrono::seconds(second);
            sample.process = 1;
            sample.phase = step == 1 ? "full" : "incremental";
            sample.rows = second == 0 ? 400 : 500;
            sample.changes = static_cast<std::uint64_t>(second == 0 ? 0 : 900 + 100 * second);
            evidence.samples.push_back(sample);
        }
    }
}

/// A run in which everything went well.
Evidence good() {
    Evidence evidence;
    const Instant t0 = Instant(std::chrono::seconds(1'000'000));
    const auto at = [&](int seconds) { return t0 + std::chrono::seconds(seconds); };
    evidence.dataset_rows = 1000;
    evidence.dataset_tables = 2;
    evidence.verify.ran = true;
    evidence.verify.exit_code = 0;
    evidence.verify.verdict = "consistent";
    evidence.verify.tables = {{"a", 600, 600, "equal", "stream-merge", 0, {}},
                              {"b", 400, 400, "equal_by_rule", "multiset", 0, {}}};
    evidence.ledger.kept = true;
    evidence.ledger.acknowledged = 500;
    evidence.ledger.checks = {{"append.lost", "source", true, "", {}},
                              {"append.lost", "destination", true, "", {}},
                              {"append.doubled", "destination", true, "", {}}};
    WorkloadRecord bank;
    bank.name = "bank";
    bank.connections = 4;
    bank.checks = {{"bank.total", "source", true, "", {}},
                   {"bank.total", "destination", true, "", {}},
                   {"bank.total", "destination while running", true, "", {}}};
    evidence.workloads = {bank};
    evidence.workload_samples = {{at(1), 10, 10, {5, 5}},
                                 {at(9), 90, 10, {45, 45}},
                                 {at(11), 110, 10, {55, 55}},
                                 {at(13), 110, 0, {55, 55}},
                                 {at(19), 190, 10, {95, 95}}};
    evidence.phases = {{at(0), 1, "full"}, {at(10), 2, "incremental"}};
    evidence.milestones["writers_stopped"] = at(20);
    ProcessRun first{1, at(0), at(5), std::nullopt, 9, true, false, 1, "", "", "m1", "", false};
    ProcessRun last{2, at(5),      at(30), 0,    std::nullopt, false, true,
                    2, "finished", "0/9",  "m2", "",           false};
    evidence.processes = {first, last};
    evidence.chunks = {{at(2), 1, "a", 0, 600, false}, {at(8), 2, "b", 0, 400, true}};
    Resume resume;
    resume.process = 2;
    resume.phase = "full";
    resume.chunks_done_before = 1;
    evidence.resumes = {resume};
    evidence.failovers = {{at(15), 2, "timeline 1 -> 2"}};
    Retry attempt;
    attempt.recovered = at(15);
    evidence.retries = {attempt, attempt, attempt};
    evidence.recoveries = {{at(15), 2, std::chrono::milliseconds(900)}};
    hold_steps(evidence, t0);
    evidence.sequences = {{"s", "a.id", 11, 10}};
    evidence.auxiliary_while_running = {{"source", "replication slot", "cutover_shop"},
                                        {"source", "publication", "cutover_shop"},
                                        {"destination", "schema", "cutover"}};
    evidence.released = true;
    evidence.zombie = {true, 13, "task.finished", "finished", true, false};
    evidence.second = {true, 13, "task.running", "running", false, false};
    evidence.secrets = {3, {"migrator.log"}, {"migrator_1", "migrator_2"}, {}};
    evidence.rates.drain_took = std::chrono::milliseconds(900);
    return evidence;
}

struct Breakage {
    std::string assertion;
    std::function<void(Evidence&)> breaks;
    std::map<std::string, std::string> with = {};
};

class EachAssertion : public testing::TestWithParam<Breakage> {};

TEST_P(EachAssertion, HoldsInAGoodRunAndFailsWhenItsSubjectIsBroken) {
    Evidence evidence = good();
    EXPECT_TRUE(holds(GetParam().assertion, evidence, GetParam().with)) << "in the good run";
    GetParam().breaks(evidence);
    EXPECT_FALSE(holds(GetParam().assertion, evidence, GetParam().with)) << "in the broken run";
}

INSTANTIATE_TEST_SUITE_P(
    Assertion, EachAssertion,
    testing::Values(
        Breakage{"equal", [](Evidence& e) { e.verify.exit_code = 1; }},
        Breakage{"equal", [](Evidence& e) { e.verify.exit_code = 2; }},
        Breakage{"equal", [](Evidence& e) { e.verify.ran = false; }},
        Breakage{"equal", [](Evidence& e) { e.verify.tables[1].verdict = "partial"; }},
        Breakage{"equal", [](Evidence& e) { e.verify.tables.clear(); }},
        Breakage{"no_lost_ack", [](Evidence& e) { e.ledger.checks[1].passed = false; }},
        Breakage{"no_lost_ack", [](Evidence& e) { e.ledger.checks.clear(); }},
        Breakage{"no_lost_ack", [](Evidence& e) { e.ledger.acknowledged = 0; }},
        Breakage{"no_lost_ack",
                 [](Evidence& e) {
                     e.ledger.checks.push_back({"ledger.append.readable", "destination", false, "", {}});
                 }},
        Breakage{"no_duplicate", [](Evidence& e) { e.ledger.checks[2].passed = false; }},
        Breakage{"bank_total", [](Evidence& e) { e.workloads[0].checks[1].passed = false; }},
        Breakage{"bank_total", [](Evidence& e) { e.workloads.clear(); }},
        Breakage{"workload_invariants",
                 [](Evidence& e) { e.workloads[0].checks[0].passed = false; }},
        Breakage{"consistent_states", [](Evidence& e) { e.workloads[0].checks[2].passed = false; }},
        Breakage{"consistent_states", [](Evidence& e) { e.workloads[0].checks.pop_back(); }},
        Breakage{"sequences_ahead", [](Evidence& e) { e.sequences[0].next_value = 10; }},
        Breakage{"sequences_ahead", [](Evidence& e) { e.sequences.clear(); }},
        Breakage{"dataset_at_least", [](Evidence& e) { e.dataset_rows = 999; }, {{"rows", "1000"}}},
        Breakage{"resumed", [](Evidence& e) { e.resumes.clear(); }},
        Breakage{"resumed_without_full_reload",
                 [](Evidence& e) { e.resumes[0].chunks_copied_again = 3; }},
        Breakage{"resumed_without_full_reload",
                 [](Evidence& e) { e.chunks.push_back(e.chunks[0]); }},
        Breakage{"resumed_without_full_reload", [](Evidence& e) { e.resumes.clear(); }},
        Breakage{"failed_over", [](Evidence& e) { e.failovers[0].proof.clear(); }},
        Breakage{"failed_over", [](Evidence& e) { e.failovers.clear(); }},
        Breakage{"recovered", [](Evidence& e) { e.recoveries.clear(); }},
        Breakage{"cut_over", [](Evidence& e) { e.processes[1].outcome = "failed"; }},
        Breakage{"cut_over", [](Evidence& e) { e.processes[0].killed_by_us = false; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.exit_code = 0; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.destination_changed = true; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.attempted = false; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.compared = false; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.exit_code = 10; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.exit_code = -1; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.exit_code = 70; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.error_code = "precheck.blocked"; }},
        Breakage{"fence_holds", [](Evidence& e) { e.zombie.error_code = "task.fenced"; }},
        Breakage{"second_refused", [](Evidence& e) { e.second.attempted = false; }},
        Breakage{"second_refused", [](Evidence& e) { e.second.exit_code = 10; }},
        Breakage{"second_refused", [](Evidence& e) { e.second.error_code = "task.changed"; }},
        Breakage{"caught_up", [](Evidence& e) { e.rates.drain_took.reset(); }},
        Breakage{"caught_up", [](Evidence& e) { e.rates.drain_took = std::chrono::minutes(5); }},
        // One of the two writers is silent: in the copy, then after it.
        Breakage{"writes_throughout",
                 [](Evidence& e) { e.workload_samples[1].by_writer[1] = 5; },
                 {{"connections", "2"}}},
        Breakage{"writes_throughout",
                 [](Evidence& e) { e.workload_samples[4].by_writer[1] = 55; },
                 {{"connections", "2"}}},
        Breakage{"writes_throughout",
                 [](Evidence& e) {
                     e.workload_samples[3].at += std::chrono::seconds(4);
                 },
                 {{"silence", "5"}}},
        Breakage{"writes_throughout", [](Evidence& e) { e.workload_samples.resize(2); }},
        Breakage{"phases_in_order", [](Evidence& e) { e.phases.resize(1); }},
        // The second process begins before the place where the first one stood, then the third.
        Breakage{"phases_in_order",
                 [](Evidence& e) { e.phases.insert(e.phases.begin() + 1, {{}, 2, "schema"}); }},
        Breakage{"phases_in_order",
                 [](Evidence& e) {
                     e.phases.push_back({{}, 3, "full"});
                     e.phases.push_back({{}, 3, "incremental"});
                 }},
        // Any process, not only the first, goes forward.
        Breakage{"phases_in_order",
                 [](Evidence& e) {
                     e.phases.insert(e.phases.begin() + 1, {{e.phases[0].at, 2, "keys"},
                                                            {e.phases[0].at, 2, "full"}});
                 }},
        Breakage{"phases_in_order", [](Evidence& e) { e.phases.push_back({{}, 2, "full"}); }},
        Breakage{"stood_still", [](Evidence& e) { e.samples[6].rows += 1; }, {{"step", "1"}}},
        Breakage{"stood_still", [](Evidence& e) { e.faults[0].healed.reset(); }, {{"step", "1"}}},
        Breakage{"stood_still", [](Evidence& e) { e.samples.clear(); }, {{"step", "1"}}},
        Breakage{"rate_below",
                 [](Evidence& e) { e.samples[13].changes += 1000; },
                 {{"step", "2"}, {"per_second", "150"}}},
        Breakage{"rate_below",
                 [](Evidence& e) {
                     for (Sample& sample : e.samples) {
                         sample.changes = 0;
                     }
                 },
                 {{"step", "2"}, {"per_second", "150"}}},
        Breakage{"no_auxiliary_left",
                 [](Evidence& e) { e.auxiliary_after_release = e.auxiliary_while_running; }},
        Breakage{"no_auxiliary_left", [](Evidence& e) { e.auxiliary_while_running.clear(); }},
        Breakage{"no_auxiliary_left", [](Evidence& e) { e.auxiliary_while_running.pop_back(); }},
        Breakage{"no_auxiliary_left",
                 [](Evidence& e) {
                     e.auxiliary_while_running.erase(e.auxiliary_while_running.begin());
                 }},
        Breakage{"no_secret_in_logs", [](Evidence& e) { e.secrets.hits = {"migrator.log"}; }},
        Breakage{"no_secret_in_logs", [](Evidence& e) { e.secrets.secrets = 0; }},
        Breakage{"no_secret_in_logs", [](Evidence& e) { e.secrets.listings.pop_back(); }},
        Breakage{"no_secret_in_logs", [](Evidence& e) { e.secrets.scanned.clear(); }}));

TEST(Assertion, TellsAnUnknownNameOrParameterWithTheNearOne) {
    EXPECT_THAT(assertion_mistake({"no_lost_akc", {}, 1}),
                HasSubstr("did you mean `no_lost_ack`?"));
    EXPECT_THAT(assertion_mistake({"resumed", {{"leats", "1"}}, 1}),
                HasSubstr("did you mean `least`?"));
    EXPECT_THAT(assertion_mistake({"resumed", {{"least", "one"}}, 1}), HasSubstr("not a number"));
}

TEST(Assertion, CountsOutagesThatWereSurvivedAndNotTheAttemptsInThem) {
    EXPECT_TRUE(holds("recovered", good(), {{"least", "1"}}));
    EXPECT_FALSE(holds("recovered", good(), {{"least", "2"}})) << "three attempts, one outage";
}

TEST(Assertion, LetsAFrozenProcessBeFollowedByAnother) {
    Evidence evidence = good();
    evidence.zombie = {true, 15, "task.fenced", "the claim is over", true, false};
    EXPECT_TRUE(holds("fence_holds", evidence));
    evidence.processes[0].killed_by_us = false;
    EXPECT_FALSE(holds("cut_over", evidence));
    evidence.processes[0].frozen_by_us = true;
    EXPECT_TRUE(holds("cut_over", evidence));
}

TEST(Assertion, LetsWritersBeSilentWhileTheSourceFailsOver) {
    Evidence evidence = good();
    evidence.workload_samples[3].at += std::chrono::seconds(4);
    EXPECT_FALSE(holds("writes_throughout", evidence, {{"silence", "5"}}));
    FaultRecord fault;
    fault.name = "promote_standby";
    fault.injected = evidence.workload_samples[2].at + std::chrono::seconds(1);
    evidence.faults = {fault};
    EXPECT_TRUE(holds("writes_throughout", evidence, {{"silence", "5"}}));
    evidence.faults[0].name = "restart_server";
    evidence.faults[0].target = "destination";
    EXPECT_FALSE(holds("writes_throughout", evidence, {{"silence", "5"}}));
}

TEST(Assertion, LetsATruncatedTableBeCopiedAnew) {
    Evidence evidence = good();
    for (const char* phase : {"full", "keys", "incremental"}) {
        evidence.phases.push_back({{}, 2, phase});
    }
    EXPECT_TRUE(holds("phases_in_order", evidence));
}

TEST(Assertion, ShowsTheDivergenceOnlyIfTheJudgeFoundOne) {
    Evidence evidence = good();
    EXPECT_FALSE(holds("divergence_shown", evidence));
    evidence.verify.exit_code = 1;
    evidence.verify.tables[0].differences = 3;
    EXPECT_TRUE(holds("divergence_shown", evidence));
    EXPECT_FALSE(holds("divergence_shown", evidence, {{"least", "4"}}));
}

/// A run that ended 10 s after its fault with an error that names the slot.
Evidence loud() {
    Evidence evidence = good();
    ProcessRun& run = evidence.processes.back();
    run.exit_code = 14;
    run.outcome = "failed";
    FaultRecord fault;
    fault.name = "drop_slot";
    fault.injected = *run.ended - std::chrono::seconds(11);
    fault.landed = *run.ended - std::chrono::seconds(10);
    evidence.faults = {fault};
    evidence.errors = {{*run.ended, run.number, "corrupt", "slot.missing",
                        "slot cutover_shop is gone; the last applied position is 0/9", "", "0/9",
                        "source"}};
    return evidence;
}

const ExpectedOutcome kLoud{false, 60, {"Cutover_shop"}, {}, true};

TEST(LoudFailure, HoldsIfTheCauseIsNamedInTime) {
    EXPECT_TRUE(judge_loud_failure(kLoud, loud()).passed);
}

TEST(LoudFailure, FailsIfTheMigratorWentOnOrWasKilledOrSaidNothing) {
    Evidence evidence = loud();
    evidence.processes.back().exit_code = 0;
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.processes.back().exit_code.reset();
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.processes.back().ended.reset();
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.errors.clear();
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
}

/// The position of the event itself is in every error; people read the text.
TEST(LoudFailure, FailsIfTheTextDoesNotNameThePosition) {
    Evidence evidence = loud();
    evidence.errors[0].message = "slot cutover_shop is gone";
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.errors[0].position = "0/A";
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.errors[0].position.clear();
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
    evidence = loud();
    evidence.errors[0].code = "cutover_other";
    evidence.errors[0].message = "it is gone; the last applied position is 0/9";
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
}

TEST(LoudFailure, FailsIfItCameTooLate) {
    Evidence evidence = loud();
    evidence.faults[0].landed = *evidence.processes.back().ended - std::chrono::seconds(61);
    EXPECT_FALSE(judge_loud_failure(kLoud, evidence).passed);
}

}  // namespace
}  // namespace cutover::scenarios
