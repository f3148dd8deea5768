#include "scenarios/evidence/secret_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace cutover::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SecretSearchTest : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directories(folder / "servers"); }

    std::filesystem::path write(const std::string& name, const std::string& text) {
        std::ofstream(folder / name) << text;
        return folder / name;
    }

    tests::TemporaryFolder temporary;
    std::filesystem::path folder = temporary.path();
    SecretSearch search{{"hunter2", "correcthorse"}};
    Evidence evidence;
};

TEST_F(SecretSearchTest, NamesTheFileThatHoldsAPasswordAndNotThePassword) {
    write("migrator_1.log", "all is well");
    write("servers/source.log", "LOG: password correcthorse");
    search.begin(evidence.secrets);
    search.folder(folder, evidence.secrets);
    EXPECT_EQ(evidence.secrets.secrets, 2u);
    EXPECT_EQ(evidence.secrets.scanned.size(), 2u);
    EXPECT_THAT(evidence.secrets.hits, ElementsAre("servers/source.log"));
}

TEST_F(SecretSearchTest, ReadsTheArgumentsOfAProcess) {
    search.listing("migrator_1", "cutover migrate task.yaml", evidence.secrets);
    EXPECT_TRUE(evidence.secrets.hits.empty());
    search.listing("verify_2", "cutover verify --password hunter2", evidence.secrets);
    search.listing("gone", "", evidence.secrets);
    EXPECT_THAT(evidence.secrets.listings, ElementsAre("migrator_1", "verify_2"));
    EXPECT_THAT(evidence.secrets.hits, ElementsAre("the arguments of verify_2"));
}

TEST_F(SecretSearchTest, MakesAReportWithAPasswordANoGo) {
    evidence.verdict = Decision::go;
    const auto clean = write("report.html", "<p>go</p>");
    EXPECT_FALSE(search.reports({clean}, evidence));
    EXPECT_EQ(evidence.verdict, Decision::go);
    EXPECT_TRUE(
        search.reports({clean, write("report.json", R"({"message":"hunter2"})")}, evidence));
    EXPECT_EQ(evidence.verdict, Decision::no_go);
    EXPECT_THAT(evidence.reasons.front(), HasSubstr("report.json"));
    EXPECT_THAT(evidence.reasons.front(), Not(HasSubstr("hunter2")));
    EXPECT_FALSE(evidence.assertions.back().passed);
}

}  // namespace
}  // namespace cutover::scenarios
