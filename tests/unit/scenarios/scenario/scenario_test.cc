#include "scenarios/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/plan/document.h"

namespace cutover::scenarios {
namespace {

using testing::HasSubstr;

const std::string kWhole = R"(promise: Killed in the copy, it goes on.
claims: {G5: equal, G20: outcome}
seed: 99
needs: processes
topology:
  source: {version: 17, standby: true, failover_slot: true, settings: {wal_sender_timeout: 3s}}
  destination: {version: 18}
  tls: disable
dataset: {name: main, scale: 0.5}
workload:
  - {name: bank, connections: 2, rate: 150, options: {accounts: 100}}
migration:
  phases: [full, incremental]
  limits: {workers: 3, full: {rows_per_second: 1000}}
timeline:
  - at: {progress: 40 %}
    do: kill_migrator
  - at: {after: previous, transactions: 500..3000}
    do: cut_link
    with: {link: source}
  - at: {phase: incremental}
    do: kill_migrator
  - at: {sync_point: batch.committed, pass: 2}
    do: kill_migrator
outcome: survived
assert:
  - equal
  - resumed_without_full_reload: {chunks: 3}
)";

Scenario parsed(const std::string& text) {
    return parse_scenario("t/one", "one.yaml", text, {"G5", "G20"});
}

std::string mistakes(const std::string& text) {
    try {
        parsed(text);
    } catch (const plan::FileError& error) {
        return error.what();
    }
    return {};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

TEST(Scenario, ReadsEveryPart) {
    const Scenario scenario = parsed(kWhole);
    EXPECT_EQ(scenario.promise, "Killed in the copy, it goes on.");
    EXPECT_EQ(scenario.seed, 99u);
    EXPECT_EQ(scenario.needs, Needs::processes);
    EXPECT_TRUE(scenario.topology.source.failover_slot);
    EXPECT_EQ(scenario.topology.source.settings.at("wal_sender_timeout"), "3s");
    EXPECT_EQ(scenario.topology.destination.version, 18);
    EXPECT_EQ(scenario.dataset.scale, 0.5);
    ASSERT_EQ(scenario.workloads.size(), 1u);
    EXPECT_EQ(scenario.workloads[0].options.at("accounts"), "100");
    EXPECT_TRUE(scenario.has_incremental());
    ASSERT_EQ(scenario.timeline.size(), 4u);
    EXPECT_EQ(scenario.timeline[0].at.kind, Trigger::Kind::progress);
    EXPECT_DOUBLE_EQ(scenario.timeline[0].at.amount.least, 0.4);
    EXPECT_TRUE(scenario.timeline[1].at.relative);
    EXPECT_EQ(scenario.timeline[1].with.at("link"), "source");
    EXPECT_EQ(scenario.timeline[3].at.name, "batch.committed");
    ASSERT_EQ(scenario.assertions.size(), 2u);
    EXPECT_EQ(scenario.assertions[1].with.at("chunks"), "3");
}

TEST(Scenario, TellsTheEndsApartByTheirPorts) {
    const auto outcome = [](const std::string& names) {
        return replaced(kWhole, "outcome: survived",
                        "outcome: {failed_loudly: {names: [" + names + "]}}");
    };
    ExpectedOutcome expected = parsed(outcome("away, {port_of: source}")).outcome;
    fill_in_ports(expected, {{"source", 26281}, {"destination", 26282}});
    EXPECT_THAT(expected.names, testing::ElementsAre("away", ":26281"));
    EXPECT_THAT(mistakes(outcome("{port_of: sauce}")), HasSubstr("did you mean `source`?"));
    EXPECT_THAT(mistakes(outcome("{prot_of: source}")), HasSubstr("did you mean `port_of`?"));
}

TEST(Scenario, ReadsATriggerThatWaitsForTheEndOfAnOutage) {
    const Scenario scenario = parsed(replaced(kWhole, "transactions: 500..3000", "recoveries: 1"));
    EXPECT_EQ(scenario.timeline[1].at.kind, Trigger::Kind::recoveries);
    EXPECT_EQ(scenario.timeline[1].at.text(), "1 outages survived, after the previous step");
}

TEST(Scenario, MayTakeHalfAnHourUnlessItSaysOtherwise) {
    EXPECT_EQ(parsed(kWhole).limit, std::chrono::minutes(30));
    EXPECT_EQ(parsed("limit_minutes: 5\n" + kWhole).limit, std::chrono::minutes(5));
    EXPECT_THAT(mistakes("limit_minutes: 0\n" + kWhole), HasSubstr("limit_minutes"));
}

TEST(Scenario, HandsTheMigrationOnToTheTaskFile) {
    const Scenario scenario = parsed(kWhole);
    ASSERT_EQ(scenario.task.size(), 2u);
    EXPECT_EQ(scenario.task[0].key, "phases");
    EXPECT_EQ(scenario.task[1].text, R"({"workers": "3", "full": {"rows_per_second": "1000"}})");
}

TEST(Scenario, TellsAnUnknownKeyWithItsLineAndTheNearOne) {
    const std::string said = mistakes(replaced(kWhole, "promise:", "promisse:"));
    EXPECT_THAT(said, HasSubstr("one.yaml:1:1"));
    EXPECT_THAT(said, HasSubstr("did you mean `promise`?"));
}

TEST(Scenario, RefusesAClaimThatIsNoGuarantee) {
    EXPECT_THAT(mistakes(replaced(kWhole, "G20", "G999")), HasSubstr("there is no guarantee G999"));
}

TEST(Scenario, RefusesATriggerWithTwoPlacesOrNone) {
    EXPECT_THAT(mistakes(replaced(kWhole, "{progress: 40 %}", "{progress: 40 %, chunks: 3}")),
                HasSubstr("names 2 places"));
    EXPECT_THAT(mistakes(replaced(kWhole, "{progress: 40 %}", "{after: previous}")),
                HasSubstr("names 0 places"));
}

TEST(Scenario, RefusesAmountsThatMakeNoSense) {
    EXPECT_THAT(mistakes(replaced(kWhole, "40 %", "40")),
                HasSubstr("timeline[1].at.progress is no amount"));
    EXPECT_THAT(mistakes(replaced(kWhole, "500..3000", "3000..500")), HasSubstr("is no amount"));
    EXPECT_THAT(mistakes(replaced(kWhole, "40 %", "140 %")), HasSubstr("is no amount"));
}

TEST(Scenario, RefusesAnotherActionAtASyncPoint) {
    const std::string text =
        replaced(kWhole, "pass: 2}\n    do: kill_migrator", "pass: 2}\n    do: cut_link");
    EXPECT_THAT(mistakes(text), HasSubstr("only kill_migrator"));
}

TEST(Scenario, RefusesASyncPointThatNoStartCanArm) {
    const std::string text = replaced(kWhole, "at: {phase: incremental}\n    do: kill_migrator",
                                      "at: {phase: incremental}\n    do: stop_writers");
    EXPECT_THAT(mistakes(text), HasSubstr("armed when the migrator starts"));
}

TEST(Scenario, RefusesAFailoverSlotWithoutAStandby) {
    EXPECT_THAT(mistakes(replaced(kWhole, "standby: true, ", "")), HasSubstr("needs a standby"));
}

TEST(Scenario, RefusesALoudFailureThatNamesNothing) {
    EXPECT_THAT(
        mistakes(replaced(kWhole, "outcome: survived", "outcome: {failed_loudly: {within: 30}}")),
        HasSubstr("must name its cause"));
}

TEST(Scenario, DrawsTheSameAmountsFromTheSameSeed) {
    Scenario one = parsed(kWhole);
    Scenario two = parsed(kWhole);
    Scenario other = parsed(kWhole);
    const auto drawn = draw_amounts(one, 7);
    draw_amounts(two, 7);
    draw_amounts(other, 8);
    ASSERT_TRUE(drawn.contains(2));
    EXPECT_FALSE(drawn.contains(1));
    const double amount = one.timeline[1].at.amount.least;
    EXPECT_GE(amount, 500);
    EXPECT_LE(amount, 3000);
    EXPECT_EQ(one.timeline[1].at.amount, two.timeline[1].at.amount);
    EXPECT_NE(amount, other.timeline[1].at.amount.least);
}

}  // namespace
}  // namespace cutover::scenarios
