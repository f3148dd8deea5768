// `cutover explain`, and the way to it from an error on the terminal: no server is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Explain, SaysWhatACodeMeansAndWhatToDo) {
    const Said said = Program().run({"explain", "column.missing"});
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_THAT(said.text, AllOf(HasSubstr("refused, exit code 13"), HasSubstr("lacks a column"),
                                 HasSubstr("destination.column_missing"),
                                 HasSubstr("What to do\n    Add the column")));
}

TEST(Explain, NamesTheNearCode) {
    const Said said = Program().run({"explain", "slot.mising"});
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text,
                HasSubstr("there is no code `slot.mising`; did you mean `slot.missing`?"));
    const Said json = Program().run({"explain", "slot.mising", "--json"});
    EXPECT_EQ(json.exit_code, kBadUsage);
    EXPECT_THAT(json.text, HasSubstr("\"code\":\"command_line\""));
}

TEST(Explain, ListsAllCodesByClass) {
    const Said said = Program().run({"explain"});
    EXPECT_EQ(said.exit_code, 0);
    const std::size_t stopped = said.text.find("\nstopped\n");
    ASSERT_NE(stopped, std::string::npos);
    EXPECT_GT(said.text.find("task.fenced"), stopped);
    EXPECT_LT(said.text.find("slot.missing"), stopped);
}

TEST(Explain, GivesJson) {
    const auto one =
        nlohmann::json::parse(Program().run({"explain", "postgres.23505", "--json"}).text);
    EXPECT_EQ(one["code"], "postgres.23505");
    EXPECT_EQ(one["classes"][0]["class"], "conflict");
    EXPECT_EQ(one["classes"][0]["exit_codes"][0], 12);
    EXPECT_GT(nlohmann::json::parse(Program().run({"explain", "--json"}).text).size(), 250u);
}

/// Who reads JSON has the code in a field of its own.
TEST(Explain, IsNamedByAnErrorOnTheTerminal) {
    const Program program;
    const std::string file =
        program.write("shop.yaml",
                      "source: {engine: postgres, host: a.invalid, database: d, user: u}\n"
                      "destination: {engine: postgres, host: b.invalid, database: d, user: u}\n");
    EXPECT_THAT(program.run({"verify", file}).text,
                HasSubstr("\nmore: cutover explain postgres.connect_refused\n"));
    const Said json = program.run({"verify", file, "--format", "json"});
    EXPECT_THAT(json.text.substr(json.text.find("{\"event\"")), Not(HasSubstr("cutover explain")));
}

}  // namespace
}  // namespace cutover::tests
