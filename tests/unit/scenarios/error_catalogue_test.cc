// That the catalogue's text is the YAML that the program reads, and that codes which are put
// together at run time are found in it. Whether it is complete, scripts/check holds.
#include "scenarios/error_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/plan/document.h"
#include "scenarios/explain.h"

namespace cutover::scenarios {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ErrorCatalogue kSmall(
    "a.b:\n  class: [finding, refused]\n  meaning: It is.\n  remedy: Do.\n  found_by: [c.d]\n"
    "kind.KIND:\n  class: finding\n  meaning: It is.\n  remedy: Do.\n"
    "postgres.SQLSTATE:\n  class: [operation, conflict]\n  meaning: It is.\n  remedy: Do.\n"
    "command_line:\n  class: refused\n  exit: 3\n  meaning: It is.\n  remedy: Do.\n");

TEST(ErrorCatalogue, IsReadAsItStandsInTheTree) {
    EXPECT_GT(error_catalogue().entries().size(), 250u);
    for (const ErrorEntry& entry : error_catalogue().entries()) {
        EXPECT_THAT(entry.classes, testing::Not(IsEmpty())) << entry.code;
        EXPECT_EQ(entry.meaning.find("  "), std::string::npos) << entry.code;
    }
}

TEST(ErrorCatalogue, FindsACode) {
    const auto found = kSmall.find("a.b");
    ASSERT_TRUE(found);
    EXPECT_THAT(found->classes, ElementsAre("finding", "refused"));
    EXPECT_THAT(found->found_by, ElementsAre("c.d"));
    EXPECT_EQ(found->meaning, "It is.");
    EXPECT_FALSE(kSmall.find("a.c"));
}

TEST(ErrorCatalogue, FindsACodeThatIsPutTogetherByItsFamily) {
    EXPECT_EQ(kSmall.find("kind.view")->code, "kind.view");
    EXPECT_EQ(kSmall.find("kind.KIND")->code, "kind.KIND");
    EXPECT_FALSE(kSmall.find("kind."));
    EXPECT_FALSE(kSmall.find("kin.view"));
}

/// The class of a server's error follows from its SQLSTATE.
TEST(ErrorCatalogue, KnowsTheClassOfAServersError) {
    EXPECT_THAT(kSmall.find("postgres.23505")->classes, ElementsAre("conflict"));
    EXPECT_THAT(kSmall.find("postgres.57P01")->classes, ElementsAre("connection"));
    EXPECT_THAT(kSmall.find("postgres.SQLSTATE")->classes, ElementsAre("operation", "conflict"));
    EXPECT_FALSE(kSmall.find("postgres.2350"));
    EXPECT_FALSE(kSmall.find("postgres.unreachble"));
}

TEST(ErrorCatalogue, SaysWhatTheProgramEndsWith) {
    EXPECT_THAT(exit_codes(*kSmall.find("a.b"), "refused"), ElementsAre(13));
    EXPECT_THAT(exit_codes(*kSmall.find("a.b"), "finding"), ElementsAre(1, 13));
    EXPECT_THAT(exit_codes(*kSmall.find("a.b"), "problem"), ElementsAre(3));
    EXPECT_THAT(exit_codes(*kSmall.find("command_line"), "refused"), ElementsAre(3));
}

TEST(ErrorCatalogue, NamesTheNearCode) {
    EXPECT_EQ(kSmall.nearest("comand_line"), "command_line");
    EXPECT_EQ(kSmall.nearest("something.else"), "");
}

TEST(ErrorCatalogue, RefusesATextThatIsNone) {
    EXPECT_THROW(ErrorCatalogue("a.b:\n  class: refused\n  remedy: Do.\n"), plan::FileError);
    EXPECT_THROW(ErrorCatalogue("a.b:\n  clas: refused\n  meaning: M.\n  remedy: Do.\n"),
                 plan::FileError);
}

TEST(ReadMore, IsSaidOfWhatCanBeRead) {
    EXPECT_EQ(read_more("slot.missing"), "more: cutover explain slot.missing");
    EXPECT_EQ(read_more("no.such_code"), "");
}

}  // namespace
}  // namespace cutover::scenarios
