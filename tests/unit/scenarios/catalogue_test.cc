// Holds the scenario files themselves: each can be read, claims guarantees that exist, and rests on
// at least two oracles.
#include "scenarios/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "migrator/model/error.h"
#include "tests/support/temporary_folder.h"

namespace cutover::scenarios {
namespace {

const std::set<std::string> kOracles = {"equal",      "no_lost_ack", "no_duplicate",
                                        "bank_total", "ring_intact", "workload_invariants"};

std::vector<std::string> all_names() {
    return Catalogue("scenarios").names();
}

class EachScenario : public testing::TestWithParam<std::string> {};

TEST_P(EachScenario, CanBeReadAndRestsOnTwoOracles) {
    const Scenario scenario = Catalogue("scenarios").load(GetParam());
    const auto has = [&](const std::string& name) {
        return std::any_of(scenario.assertions.begin(), scenario.assertions.end(),
                           [&](const AssertionChoice& choice) { return choice.name == name; });
    };
    if (!scenario.outcome.survived || has("divergence_shown")) {
        return;
    }
    if (has("late_write_told") || (has("cutover_told") && !has("equal"))) {
        return;  // the ends may differ, if ledger, judge and status say so
    }
    const auto oracles = std::count_if(kOracles.begin(), kOracles.end(), has);
    EXPECT_GE(oracles, 2);
    EXPECT_TRUE(has("equal"));
    if (scenario.has_incremental()) {
        EXPECT_FALSE(scenario.workloads.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, EachScenario, testing::ValuesIn(all_names()),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::replace(name.begin(), name.end(), '/', '_');
                             return name;
                         });

/// Faults and assertions, by name.
std::set<std::string> parts_of(const Scenario& scenario) {
    std::set<std::string> out;
    for (const Step& step : scenario.timeline) {
        out.insert("do " + step.action);
    }
    for (const AssertionChoice& assertion : scenario.assertions) {
        out.insert("assert " + assertion.name);
    }
    return out;
}

/// The other rehearsals take turns.
TEST(Catalogue, HasEveryFaultAndAssertionInTheRehearsalsThatAlwaysRun) {
    const Catalogue catalogue("scenarios");
    std::set<std::string> always, all;
    std::ifstream file("tests/live/scenarios/always.txt");
    for (std::string name; std::getline(file, name);) {
        always.merge(parts_of(catalogue.load(name)));
    }
    for (const std::string& name : catalogue.names()) {
        all.merge(parts_of(catalogue.load(name)));
    }
    EXPECT_EQ(always, all);
}

TEST(Catalogue, SaysWhatAFolderOfScenariosMustHave) {
    const tests::TemporaryFolder folder;
    std::filesystem::copy("scenarios/guarantees.yaml", folder / "guarantees.yaml");
    try {
        const Catalogue catalogue(folder.path());
        FAIL() << "a folder without rehearsals was taken";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "scenario.folder");
        EXPECT_THAT(std::string(error.what()), testing::HasSubstr("rehearsals"));
    }
}

TEST(Catalogue, KnowsEveryGuarantee) {
    const Catalogue catalogue("scenarios");
    ASSERT_EQ(catalogue.guarantees().size(), 213u);
    EXPECT_EQ(catalogue.guarantees().front().id, "G1");
    EXPECT_EQ(catalogue.guarantees().back().id, "G213");
}

TEST(Catalogue, FindsAScenarioByTheEndOfItsNameAndSuggestsTheNearOne) {
    const Catalogue catalogue("scenarios");
    EXPECT_EQ(catalogue.load("main").name, "postgres_to_postgres/main");
    try {
        catalogue.load("postgres_to_postgres/mian");
        FAIL();
    } catch (const model::Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("did you mean `postgres_to_postgres/main`?"));
    }
}

}  // namespace
}  // namespace cutover::scenarios
