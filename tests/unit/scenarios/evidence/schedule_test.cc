#include "scenarios/evidence/schedule.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::scenarios {
namespace {

Step step(Trigger::Kind kind, double amount, bool relative) {
    Step made;
    made.at.kind = kind;
    made.at.amount = {amount, amount};
    made.at.relative = relative;
    made.action = "kill_migrator";
    return made;
}

Evidence executed() {
    Evidence evidence;
    evidence.scenario = "postgres_to_postgres/main";
    evidence.seed = 77;
    ScheduleStep first;
    first.number = 1;
    first.fired = true;
    first.fraction = 0.43;
    ScheduleStep second;
    second.number = 2;
    second.fired = true;
    second.transactions = 1234;
    evidence.schedule = {first, second};
    return evidence;
}

TEST(Schedule, PutsThePlacesWhereStepsFiredIntoTheScenario) {
    const std::string text = schedule_text(executed());
    EXPECT_EQ(read_schedule(text).scenario, "postgres_to_postgres/main");
    EXPECT_EQ(read_schedule(text).seed, 77u);
    Scenario scenario;
    scenario.timeline = {step(Trigger::Kind::progress, 0.4, false),
                         step(Trigger::Kind::transactions, 500, true)};
    apply_schedule(text, scenario);
    EXPECT_DOUBLE_EQ(scenario.timeline[0].at.amount.least, 0.43);
    EXPECT_DOUBLE_EQ(scenario.timeline[1].at.amount.least, 1234);
    EXPECT_FALSE(scenario.timeline[1].at.relative) << "an executed place is an absolute one";
}

TEST(Schedule, RefusesOneOfAnotherScenario) {
    Scenario scenario;
    scenario.timeline = {step(Trigger::Kind::progress, 0.4, false)};
    EXPECT_THROW(apply_schedule(schedule_text(executed()), scenario), model::Error);
    EXPECT_THROW(read_schedule("{}"), model::Error);
    EXPECT_THROW(read_schedule("nothing"), model::Error);
}

}  // namespace
}  // namespace cutover::scenarios
