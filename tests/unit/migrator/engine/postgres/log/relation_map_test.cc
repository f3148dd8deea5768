#include "migrator/engine/postgres/log/relation_map.h"

#include <gmock/gmock.h>

#include "tests/unit/migrator/engine/postgres/log/message_builder.h"

namespace cutover::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string type_name(std::uint32_t type, std::int32_t modifier) {
    return type == 25 ? "text" : "other(" + std::to_string(modifier) + ")";
}

class RelationMapTest : public testing::Test {
protected:
    RelationMapTest() {
        plan_.tables.push_back(planned_table(0, "item", {"id", "name", "extra"}));
        plan_.tables.push_back(planned_table(1, "loose", {"a"}, true));
    }
    std::shared_ptr<const MappedRelation> map(const std::string& name,
                                              const std::vector<WireColumn>& columns,
                                              char identity = 'd') {
        return RelationMap(plan_, type_name, {{"public", "root"}})
            .map(decode_relation(MessageReader(
                std::string_view(bytes_ = relation_message(9, name, columns, identity))
                    .substr(1))));
    }
    std::string problem(const std::string& name, const std::vector<WireColumn>& columns,
                        char identity = 'd') {
        const auto mapped = map(name, columns, identity);
        return mapped->problem ? mapped->problem->code() + ": " + mapped->problem->message() : "";
    }

    plan::Plan plan_;
    std::string bytes_;
};

TEST_F(RelationMapTest, SkipsWhatIsNotCarried) {
    plan_.tables[0].columns.erase(plan_.tables[0].columns.begin() + 1);  // `name`
    const auto mapped = map("item", {{"id", true}, {"name"}, {"extra"}});
    ASSERT_FALSE(mapped->problem);
    EXPECT_THAT(mapped->shape.targets, ElementsAre(0, RowShape::kSkipped, 1));
    EXPECT_THAT(mapped->shape.sources, ElementsAre(0, 2));
    EXPECT_FALSE(map("item", {{"id", true}, {"extra"}})->shape.unreadable) << "it may go";
}

TEST_F(RelationMapTest, ReadsNoRowOfAnotherShape) {
    const auto unreadable = [&](const std::vector<WireColumn>& columns) {
        const auto mapped = map("item", columns);
        EXPECT_FALSE(mapped->problem);
        EXPECT_EQ(mapped->shape.targets.size(), columns.size());
        return mapped->shape.unreadable;
    };
    EXPECT_FALSE(unreadable({{"id", true}, {"name"}, {"extra"}}));
    EXPECT_TRUE(unreadable({{"id", true}, {"name"}}));
    EXPECT_TRUE(unreadable({{"id", true}, {"name"}, {"extra"}, {"new"}}));
    EXPECT_TRUE(unreadable({{"id", true}, {"name", false, 26, 8}, {"extra"}}));
    EXPECT_TRUE(unreadable({{"id", true}, {"name"}, {"renamed"}}));
    EXPECT_TRUE(unreadable({{"id", true}, {"extra"}, {"name"}})) << "names were exchanged";
}

/// Exactly the columns of before: what else has the same names may be anybody's.
TEST_F(RelationMapTest, ReadsRowsOfBeforeTheChange) {
    plan_.tables[0].columns[2].source.fill = model::ColumnFill{"7", "seven"};
    plan_.tables[0].former = {{{{"id", "text", 0}, {"old", "text", 1}, {"went", "text", {}}}},
                              {{{"id", "text", 0}, {"middle", "text", 1}}}};
    const auto first = map("item", {{"id", true}, {"old"}, {"went"}});
    EXPECT_FALSE(first->problem);
    EXPECT_FALSE(first->shape.unreadable);
    EXPECT_THAT(first->shape.targets, ElementsAre(0, 1, RowShape::kSkipped));
    EXPECT_THAT(first->shape.sources, ElementsAre(0, 1, RowShape::kFilled));
    EXPECT_EQ(first->shape.fills[2], "seven");
    EXPECT_FALSE(map("item", {{"id", true}, {"middle"}})->shape.unreadable);
    EXPECT_TRUE(map("item", {{"id", true}, {"old"}})->shape.unreadable);
    EXPECT_TRUE(map("item", {{"id", true}, {"middle"}, {"extra"}})->shape.unreadable);
    EXPECT_TRUE(map("item", {{"id", true}, {"went"}, {"old"}})->shape.unreadable);
    plan_.tables[0].former.push_back({{{"", "text", 0}, {"", "text", 1}}});
    EXPECT_THAT(map("item", {{"id", true}, {"whatever"}})->shape.sources,
                ElementsAre(0, 1, RowShape::kFilled));
}

TEST_F(RelationMapTest, KnowsATableByItsNumberWhateverItWasCalled) {
    plan_.tables[0].schema.number = 9;
    EXPECT_EQ(problem("item_2", {{"id", true}, {"name"}, {"extra"}}), "");
    plan_.tables[0].schema.number = 10;
    EXPECT_THAT(problem("item_2", {{"id", true}, {"name"}, {"extra"}}),
                testing::AllOf(HasSubstr("public.item_2"), HasSubstr("a partition that was added"),
                               testing::Not(HasSubstr("was changed"))));
}

TEST_F(RelationMapTest, WantsOldKeysInTheLog) {
    EXPECT_EQ(problem("item", {{"id", true}, {"name"}, {"extra"}}), "");
    EXPECT_THAT(problem("item", {{"id"}, {"name", true}, {"extra"}}, 'i'),
                HasSubstr("the old value of key column id"));
    EXPECT_EQ(problem("item", {{"id"}, {"name"}, {"extra"}}, 'f'), "");
    EXPECT_THAT(problem("loose", {{"a", true}}), HasSubstr("whole old rows"));
    EXPECT_EQ(problem("loose", {{"a", true}}, 'f'), "");
    plan_.tables[0].sets_replica_identity = true;
    EXPECT_THAT(problem("item", {{"id", true}, {"name"}, {"extra"}}),
                HasSubstr("as was set at the start"));
}

TEST_F(RelationMapTest, KnowsThePartitionedTablesAboveOurs) {
    EXPECT_TRUE(map("root", {{"id", true}})->ancestor);
    EXPECT_FALSE(map("root", {{"id", true}})->problem);
    EXPECT_FALSE(map("item", {{"id", true}, {"name"}, {"extra"}})->ancestor);
}

TEST_F(RelationMapTest, DoesNotMissGeneratedColumns) {
    model::ColumnSchema generated;
    generated.name = "twice";
    generated.generated_expression = "id * 2";
    plan_.tables[0].schema.columns.push_back(generated);
    EXPECT_EQ(problem("item", {{"id", true}, {"name"}, {"extra"}}), "");
}

}  // namespace
}  // namespace cutover::postgres
