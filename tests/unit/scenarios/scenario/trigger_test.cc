#include "scenarios/scenario/trigger.h"

#include <gtest/gtest.h>

namespace cutover::scenarios {
namespace {

Trigger trigger(Trigger::Kind kind, double amount, bool relative = false) {
    Trigger made;
    made.kind = kind;
    made.amount = {amount, amount};
    made.relative = relative;
    return made;
}

TEST(Trigger, CountsFromTheStartOrFromThePreviousStep) {
    Observed base;
    base.transactions = 1000;
    Observed now;
    now.transactions = 1199;
    EXPECT_TRUE(reached(trigger(Trigger::Kind::transactions, 200), base, now));
    EXPECT_FALSE(reached(trigger(Trigger::Kind::transactions, 200, true), base, now));
    now.transactions = 1200;
    EXPECT_TRUE(reached(trigger(Trigger::Kind::transactions, 200, true), base, now));
}

TEST(Trigger, WaitsUntilTheOutageOfThePreviousStepIsOver) {
    Observed base;
    base.recoveries = 2;
    Observed now = base;
    const Trigger over = trigger(Trigger::Kind::recoveries, 1, true);
    EXPECT_FALSE(reached(over, base, now));
    now.recoveries = 3;
    EXPECT_TRUE(reached(over, base, now));
}

TEST(Trigger, TellsAPlaceInTheCopyThatWentByUnseen) {
    const Trigger progress = trigger(Trigger::Kind::progress, 0.4);
    Observed now;
    now.phase = "full";
    now.fraction = 0.39;
    EXPECT_FALSE(reached(progress, {}, now));
    EXPECT_FALSE(missed(progress, {}, now));
    now.phase = "keys";
    EXPECT_FALSE(reached(progress, {}, now));
    EXPECT_TRUE(missed(progress, {}, now));
    now.fraction = 0.4;
    EXPECT_TRUE(reached(progress, {}, now));
    EXPECT_FALSE(missed(progress, {}, now));
}

TEST(Trigger, CountsNothingAsAppliedWhileTheMigratorFails) {
    const Trigger applied = trigger(Trigger::Kind::transactions, 100);
    const Trigger below = trigger(Trigger::Kind::lag_below, 1000);
    Observed now;
    now.phase = "incremental";
    now.transactions = 200;
    now.lag = std::chrono::milliseconds(5);
    now.failing = true;
    EXPECT_FALSE(reached(applied, {}, now));
    EXPECT_FALSE(reached(below, {}, now));
    now.failing = false;
    EXPECT_TRUE(reached(applied, {}, now));
    EXPECT_TRUE(reached(below, {}, now));
}

TEST(Trigger, WaitsForAPhaseOrALaterOne) {
    Trigger incremental;
    incremental.kind = Trigger::Kind::phase;
    incremental.name = "incremental";
    Observed now;
    now.phase = "full";
    EXPECT_FALSE(reached(incremental, {}, now));
    now.phase = "finishing";
    EXPECT_TRUE(reached(incremental, {}, now));
}

TEST(Trigger, TrustsLagOnlyInTheIncrementalPhaseAndOnlyIfItWasSaid) {
    const Trigger below = trigger(Trigger::Kind::lag_below, 1000);
    Observed now;
    now.phase = "full";
    now.lag = std::chrono::milliseconds(5);
    EXPECT_FALSE(reached(below, {}, now));
    now.phase = "incremental";
    EXPECT_TRUE(reached(below, {}, now));
    now.lag.reset();
    EXPECT_FALSE(reached(below, {}, now));
}

TEST(Trigger, CountsTheBytesOfItsOwnLinkOnly) {
    Trigger bytes = trigger(Trigger::Kind::link_bytes, 100);
    bytes.name = "destination";
    Observed now;
    now.link_bytes["source"] = 1000;
    EXPECT_FALSE(reached(bytes, {}, now));
    now.link_bytes["destination"] = 100;
    EXPECT_TRUE(reached(bytes, {}, now));
}

TEST(Trigger, TellsASyncPointThatCannotComeAnyMore) {
    const auto gone = [](const char* point, const char* phase) {
        Trigger at = trigger(Trigger::Kind::sync_point, 1);
        at.name = point;
        Observed now;
        now.phase = phase;
        return missed(at, {}, now);
    };
    EXPECT_FALSE(gone("chunk.read", "full"));
    EXPECT_TRUE(gone("chunk.read", "keys"));
    EXPECT_FALSE(gone("task.full_done", "full"));
    EXPECT_TRUE(gone("task.full_done", "incremental"));
    EXPECT_FALSE(gone("task.capture_created", "created"));
    EXPECT_TRUE(gone("task.capture_created", "schema"));
    EXPECT_FALSE(gone("schema.step", "incremental"));
    EXPECT_FALSE(gone("batch.applied", "full"));
    EXPECT_FALSE(gone("batch.applied", "incremental"));
    EXPECT_TRUE(gone("batch.applied", "finished"));
    EXPECT_FALSE(gone("finish.fenced", "incremental"));
}

TEST(Trigger, TellsAPlaceThatAnEndedMigratorCannotReach) {
    Observed now;
    now.phase = "incremental";
    Trigger death = trigger(Trigger::Kind::sync_point, 1);
    death.name = "batch.applied";
    const Trigger lag = trigger(Trigger::Kind::lag_below, 100);
    EXPECT_FALSE(missed(death, {}, now));
    EXPECT_FALSE(missed(lag, {}, now)) << "it may still catch up";
    now.ended = true;
    EXPECT_TRUE(missed(death, {}, now));
    EXPECT_TRUE(missed(lag, {}, now));
    now.ended = false;
    now.phase = "finished";
    EXPECT_TRUE(missed(lag, {}, now));
}

TEST(Trigger, IsNeverFiredByObservationAtASyncPoint) {
    Observed now;
    now.phase = "finished";
    EXPECT_FALSE(reached(trigger(Trigger::Kind::sync_point, 1), {}, now));
}

}  // namespace
}  // namespace cutover::scenarios
