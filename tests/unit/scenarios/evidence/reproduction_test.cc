#include "scenarios/evidence/reproduction.h"

#include <gtest/gtest.h>

namespace cutover::scenarios {
namespace {

std::string line(const std::string& scenario, const std::string& folder) {
    return reproduction_of(scenario, 7, folder, "/project/scenarios");
}

TEST(Reproduction, NamesScenarioAndSeed) {
    EXPECT_EQ(line("postgres_to_postgres/main", "/project/scenarios"),
              "./scripts/rehearse postgres_to_postgres/main --seed 7");
    EXPECT_EQ(line("postgres_to_postgres/main", "/project/elsewhere/../scenarios/"),
              "./scripts/rehearse postgres_to_postgres/main --seed 7");
}

TEST(Reproduction, NamesAFolderOfScenariosThatIsNotTheOwnOne) {
    EXPECT_EQ(line("loop/kill_loop", "/project/reports/kill_loop"),
              "./scripts/rehearse loop/kill_loop --seed 7 --scenarios reports/kill_loop");
    EXPECT_EQ(line("loop/kill_loop", "/elsewhere/mine"),
              "./scripts/rehearse loop/kill_loop --seed 7 --scenarios /elsewhere/mine");
}

TEST(Reproduction, MakesOneWordOfEachNameForTheShell) {
    EXPECT_EQ(line("loop/it's", "/else where"),
              "./scripts/rehearse 'loop/it'\\''s' --seed 7 --scenarios '/else where'");
}

}  // namespace
}  // namespace cutover::scenarios
