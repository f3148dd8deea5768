#include "scenarios/scenario/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "migrator/plan/document.h"
#include "tests/support/temporary_folder.h"

namespace cutover::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kGuarantees = {"G5", "G20"};

/// The claims as texts, or the first problem.
std::vector<std::string> read(const std::string& yaml) {
    plan::Problems problems("a.yaml");
    const plan::Node node = plan::parse_document(yaml, problems);
    const plan::DocumentReader scenario(&node, "", {"claims"}, problems);
    std::vector<std::string> out;
    for (const Claim& claim :
         read_claims(scenario, kGuarantees, {"equal", "recovered"}, problems)) {
        out.push_back(to_text(claim));
    }
    try {
        problems.throw_if_any();
    } catch (const plan::FileError& error) {
        return {error.what()};
    }
    return out;
}

TEST(Claims, NameWhatShowsThem) {
    EXPECT_THAT(read("claims: {G5: [equal, recovered], G20: outcome}"),
                ElementsAre("G5: equal, recovered", "G20: outcome"));
}

TEST(Claims, AreRefusedIfNothingCanFail) {
    EXPECT_THAT(read("claims: {G5: [fence_holds]}"),
                ElementsAre(HasSubstr("G5 is to be shown by `fence_holds`")));
    EXPECT_THAT(read("claims: {G5: []}"), ElementsAre(HasSubstr("nothing shows G5")));
    EXPECT_THAT(read("claims: {G6: equal}"), ElementsAre(HasSubstr("there is no guarantee G6")));
    EXPECT_THAT(read("claims: {}"), ElementsAre(HasSubstr("claims no guarantee")));
    EXPECT_THAT(read("claims: [G5]"), ElementsAre(HasSubstr("must be a map")));
}

TEST(Claims, OfTestsStandBehindTheirHeadsAndAssertions) {
    const tests::TemporaryFolder folder;
    const auto write = [&](const std::string& file, const std::string& text) {
        const std::filesystem::path path = folder.path() / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    };
    write("tests/live/some_test.cc",
          "TEST_F(Some, Thing) {  // G5, G7\n"
          "    EXPECT_EQ(1, 1);    // G5\n"
          "    something();        // G8\n"
          "    // G9\n"
          "}\n"
          "TEST(Other, Thing) {\n"
          "    ASSERT_TRUE(true);  // G5\n");
    write("tests/live/support.cc", "TEST(No, Test) {  // G10\n");
    write("tests/unit/scenarios/fixture_test.cc", "TEST(No, Claim) {  // G11\n");
    write("migrator/precheck/question.cc", "    EXPECT_EQ(1, 1);  // G12\n");
    const auto claims = claims_of_tests(folder.path());
    EXPECT_EQ(claims.size(), 2u);
    EXPECT_THAT(claims.at("G5"), ElementsAre("Some.Thing", "Other.Thing"));
    EXPECT_THAT(claims.at("G7"), ElementsAre("Some.Thing"));
}

}  // namespace
}  // namespace cutover::scenarios
