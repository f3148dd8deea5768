#include "scenarios/run/afterwards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::scenarios {
namespace {

using testing::Contains;
using testing::HasSubstr;

const Instant kStart = Instant(std::chrono::seconds(1'000'000));

Instant at(int milliseconds) {
    return kStart + std::chrono::milliseconds(milliseconds);
}

Scenario scenario() {
    Scenario made;
    made.assertions = {{"equal", {}, 1}};
    return made;
}

/// A run that ended well and was found equal.
Evidence gone_well() {
    Evidence evidence;
    ProcessRun run;
    run.number = 1;
    run.exit_code = 0;
    run.ended = at(9000);
    run.outcome = "finished";
    evidence.processes = {run};
    evidence.verify.ran = true;
    evidence.verify.exit_code = 0;
    evidence.verify.tables = {{"a", 1, 1, "equal", "", 0, {}}};
    return evidence;
}

TEST(Judge, SaysGoOnlyIfEverythingHolds) {
    Evidence evidence = gone_well();
    judge(scenario(), {}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::go);
    EXPECT_EQ(exit_code(evidence.verdict), 0);
}

TEST(Judge, SaysNoGoWhenAnAssertionFails) {
    Evidence evidence = gone_well();
    evidence.verify.exit_code = 1;
    judge(scenario(), {}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::no_go);
    EXPECT_THAT(evidence.reasons, Contains(HasSubstr("equal:")));
}

/// A cutover that ends with 1: right where the scenario takes a late write, and one was told.
TEST(Judge, TakesALateWriteOnlyWhereItMayComeAndIsTold) {
    Scenario hasty;
    hasty.outcome.or_late_write = true;
    Evidence evidence = gone_well();
    evidence.processes[0].exit_code = 1;
    const auto verdict_of = [](const Scenario& scenario, Evidence run) {
        judge(scenario, {}, run);
        return run.verdict;
    };
    EXPECT_EQ(verdict_of(hasty, evidence), Decision::no_go);
    evidence.finishes.emplace_back().outcome = "cut_over";
    EXPECT_EQ(verdict_of(hasty, evidence), Decision::no_go);
    evidence.finishes.emplace_back().outcome = "late_write";
    EXPECT_EQ(verdict_of(hasty, evidence), Decision::go);
    hasty.outcome.or_late_write = false;
    EXPECT_EQ(verdict_of(hasty, evidence), Decision::no_go);
}

TEST(Judge, SaysNoGoWhenTheMigratorDidNotFinish) {
    Evidence evidence = gone_well();
    evidence.processes[0].outcome = "failed";
    evidence.processes[0].exit_code = 14;
    judge(scenario(), {}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::no_go);
}

TEST(Judge, SaysCouldNotWhenAFaultDidNotLandAndNothingElseIsWrong) {
    Evidence evidence = gone_well();
    judge(scenario(), {{}, {"step 1 was not seen to land"}, false, false}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::could_not);
    EXPECT_EQ(exit_code(evidence.verdict), 2);
}

TEST(Judge, LetsADifferenceOutrankAFaultThatDidNotLand) {
    Evidence evidence = gone_well();
    evidence.verify.exit_code = 1;
    judge(scenario(), {{}, {"step 1 was not seen to land"}, false, false}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::no_go);
}

TEST(Judge, DoesNotBlameTheProductForARunThatWasCutShort) {
    Evidence evidence;
    judge(scenario(), {{}, {"there is no image"}, true, false}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::could_not);
    EXPECT_THAT(evidence.reasons, testing::ElementsAre("there is no image"));
}

TEST(Judge, SaysWhatTheSourceItselfLost) {
    Evidence evidence = gone_well();
    evidence.ledger.kept = true;
    evidence.ledger.acknowledged = 100;
    evidence.ledger.lost_by_source = 3;
    evidence.ledger.checks = {{"ledger.bank.lost", "destination", true, "", {}}};
    Scenario asks = scenario();
    asks.assertions.push_back({"no_lost_ack", {}, 2});
    judge(asks, {}, evidence);
    EXPECT_EQ(evidence.verdict, Decision::go);
    EXPECT_THAT(evidence.not_proved, Contains(HasSubstr("the source lost 3 of them")));
    EXPECT_THAT(evidence.assertions.back().detail, HasSubstr("3 lost by the source"));
}

TEST(Rates, LeaveTheGapBetweenTwoProcessesOut) {
    Evidence evidence;
    const auto sample = [](int ms, std::uint32_t process, std::uint64_t rows) {
        Sample made;
        made.at = at(ms);
        made.process = process;
        made.phase = "full";
        made.rows = rows;
        return made;
    };
    evidence.samples = {sample(0, 1, 0), sample(1000, 1, 1000), sample(60000, 2, 1000),
                        sample(61000, 2, 2000)};
    measure_rates(evidence);
    ASSERT_TRUE(evidence.rates.full_rows_per_second);
    EXPECT_DOUBLE_EQ(*evidence.rates.full_rows_per_second, 1000);
    EXPECT_EQ(evidence.rates.full_took, std::chrono::milliseconds(61000));
}

TEST(Rates, TakeCatchUpOnlyWhileBehind) {
    Evidence evidence;
    for (int second = 0; second <= 8; ++second) {
        Sample sample;
        sample.at = at(second * 1000);
        sample.process = 1;
        sample.phase = "incremental";
        sample.changes =
            static_cast<std::uint64_t>(second <= 4 ? 500 * second : 2000 + 100 * (second - 4));
        sample.lag = std::chrono::milliseconds(second <= 4 ? 5000 : 10);
        evidence.samples.push_back(sample);
    }
    measure_rates(evidence);
    ASSERT_TRUE(evidence.rates.catch_up_changes_per_second);
    EXPECT_DOUBLE_EQ(*evidence.rates.catch_up_changes_per_second, 500);
}

TEST(Effects, LastUntilProgressIsSeenAgain) {
    Evidence evidence;
    FaultRecord fault;
    fault.injected = at(1000);
    fault.landed = at(1100);
    fault.healed = at(2000);
    evidence.faults = {fault};
    for (const auto& [ms, transactions] : {std::pair{900, 5}, {2500, 5}, {4000, 6}}) {
        Sample sample;
        sample.at = at(ms);
        sample.process = 1;
        sample.phase = "incremental";
        sample.transactions = static_cast<std::uint64_t>(transactions);
        evidence.samples.push_back(sample);
    }
    measure_effects(evidence);
    EXPECT_EQ(evidence.faults[0].effect_ended, at(4000));
}

}  // namespace
}  // namespace cutover::scenarios
