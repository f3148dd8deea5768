#include <gtest/gtest.h>

#include "migrator/plan/object_pattern.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {
namespace {

TEST(ObjectSelection, SelectsEverythingWhenNothingIsIncluded) {
    EXPECT_TRUE(ObjectSelection().selects({"any", "table"}));
}

TEST(ObjectSelection, TakesABareSchemaForAllItsTables) {
    const ObjectSelection selection{{"app"}, {}};
    EXPECT_TRUE(selection.selects({"app", "orders"}));
    EXPECT_FALSE(selection.selects({"application", "orders"}));
}

TEST(ObjectSelection, LetsExcludeWin) {
    const ObjectSelection selection{{"app", "app.tmp_1"}, {"*.tmp_*"}};
    EXPECT_TRUE(selection.selects({"app", "orders"}));
    EXPECT_FALSE(selection.selects({"app", "tmp_1"}));
}

TEST(ObjectSelection, MeansNamesInTheirExactCase) {
    const ObjectSelection selection{{"App.Orders"}, {}};
    EXPECT_TRUE(selection.selects({"App", "Orders"}));
    EXPECT_FALSE(selection.selects({"app", "orders"}));
}

TEST(ObjectSelection, TakesAQuotedNameToTheLetter) {
    const ObjectSelection selection{{R"("odd.name"."a*")"}, {}};
    EXPECT_TRUE(selection.selects({"odd.name", "a*"}));
    EXPECT_FALSE(selection.selects({"odd.name", "ab"}));
}

TEST(ObjectPattern, MatchesStarsAndQuestionMarks) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("a*b*c", "axxbyybzc"));
    EXPECT_TRUE(matches("tmp_?", "tmp_1"));
    EXPECT_FALSE(matches("tmp_?", "tmp_"));
    EXPECT_FALSE(matches("a*b", "abc"));
    // Linear where a naive matcher would need years.
    EXPECT_FALSE(matches(std::string(40, '*') + "b", std::string(5000, 'a')));
}

TEST(ObjectPattern, RefusesWhatIsNoName) {
    for (const char* wrong : {"", ".", "a.", ".b", "a.b.c", "\"a", "\"a\"b", "a\"b", "\"\""}) {
        EXPECT_FALSE(parse_written_name(wrong)) << wrong;
    }
    EXPECT_EQ(parse_written_name("\"a\"\"b\"")->schema.text, "a\"b");
    EXPECT_FALSE(parse_object_name("schema_only"));
}

TEST(NameMapping, LetsATablesOwnEntryWinOverItsSchemas) {
    NameMapping mapping;
    mapping.schemas = {{"a", "b"}};
    mapping.tables = {{{"a", "x"}, {"c", "y"}}};
    EXPECT_EQ(mapping.table({"a", "x"}), (model::ObjectName{"c", "y"}));
    EXPECT_EQ(mapping.table({"a", "z"}), (model::ObjectName{"b", "z"}));
    EXPECT_EQ(mapping.table({"d", "z"}), (model::ObjectName{"d", "z"}));
}

}  // namespace
}  // namespace cutover::plan
