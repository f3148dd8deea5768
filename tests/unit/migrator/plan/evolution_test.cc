#include "migrator/plan/evolution.h"

#include <gmock/gmock.h>

namespace cutover::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

model::Catalog table_with(const std::vector<std::string>& columns) {
    model::TableSchema table;
    table.name = {"public", "item"};
    for (const std::string& name : columns) {
        model::ColumnSchema column;
        column.name = name;
        table.columns.push_back(column);
    }
    model::Catalog out;
    out.tables.push_back(table);
    return out;
}

TableEvolution change() {
    TableEvolution out;
    out.before = out.after = {"public", "item"};
    return out;
}

TableEvolution renaming(const std::string& then, const std::string& now) {
    TableEvolution out = change();
    out.columns[then] = now;
    return out;
}

Evolution next(const std::vector<TableEvolution>& tables, const std::vector<std::string>& columns) {
    Evolution out;
    out.tables = tables;
    out.catalog = table_with(columns);
    return out;
}

TEST(Compose, FollowsAColumnThroughBothChanges) {
    TableEvolution first = renaming("a", "b");
    first.added = {"x"};
    first.retyped = {"b"};
    Evolution second = next({renaming("b", "c")}, {"c", "x"});
    second.tables[0].after.name = second.catalog.tables[0].name.name = "thing";
    compose({first}, second);
    ASSERT_THAT(second.former, SizeIs(1));
    const TableEvolution& both = second.former[0];
    EXPECT_EQ(both.before.name, "item");
    EXPECT_EQ(both.after.name, "thing");
    EXPECT_THAT(both.columns, ElementsAre(Pair("a", "c"), Pair("b", "c")));
    EXPECT_THAT(both.added, ElementsAre("x"));
    EXPECT_THAT(both.retyped, ElementsAre("c"));
    EXPECT_FALSE(both.copied_anew);
    EXPECT_THAT(second.tables[0].columns, ElementsAre(Pair("b", "c")));
    EXPECT_FALSE(second.tables[0].copied_anew);
}

TEST(Compose, KeepsWhatTheSecondChangeLeavesAlone) {
    Evolution second = next({}, {"b"});
    compose({renaming("a", "b")}, second);
    ASSERT_THAT(second.former, SizeIs(1));
    EXPECT_THAT(second.former[0].columns, ElementsAre(Pair("a", "b")));
    EXPECT_FALSE(second.former[0].copied_anew);
    EXPECT_THAT(second.tables, IsEmpty());
}

TEST(Compose, ForgetsRowsThatAreInACopyOfTheirOwn) {
    TableEvolution first = renaming("a", "b");
    first.copied_anew = true;
    Evolution second = next({renaming("b", "c")}, {"c"});
    compose({first}, second);
    EXPECT_THAT(second.former[0].columns, ElementsAre(Pair("b", "c")));
    EXPECT_FALSE(second.former[0].copied_anew);
}

/// Rows of before look like rows of now, and their value is another column's.
TEST(Compose, CopiesAnewWhatWasDroppedAndAddedAgain) {
    TableEvolution first = change();
    first.columns["a"] = std::nullopt;
    Evolution second = next({change()}, {"a"});
    second.tables[0].added = {"a"};
    compose({first}, second);
    EXPECT_TRUE(second.former[0].copied_anew);
    EXPECT_TRUE(second.tables[0].copied_anew);
    EXPECT_THAT(second.tables[0].why_anew, HasSubstr("the name a"));
}

TEST(Compose, CopiesAnewWhereNamesWereExchangedOverSeveralChanges) {
    Evolution second = next({renaming("b", "a")}, {"a", "between"});
    compose({renaming("a", "between")}, second);
    EXPECT_TRUE(second.tables[0].copied_anew) << "a was another column";
}

/// The oldest rows have no such column; those of between have one of that name.
TEST(Compose, CopiesAnewWhatCameAndWentInBetween) {
    TableEvolution added = change();
    added.added = {"a"};
    TableEvolution dropped = change();
    dropped.columns["a"] = std::nullopt;
    Evolution second = next({dropped}, {"id"});
    compose({added}, second);
    EXPECT_FALSE(second.tables[0].copied_anew);
    EXPECT_THAT(second.former[0].added, IsEmpty());
    Evolution third = next({added}, {"id", "a"});
    compose(second.former, third);
    EXPECT_TRUE(third.tables[0].copied_anew);
}

TEST(Compose, LeavesANameAloneThatIsTheSameColumnAgain) {
    Evolution second = next({renaming("b", "a")}, {"a"});
    compose({renaming("a", "b")}, second);
    EXPECT_THAT(second.former[0].columns, ElementsAre(Pair("a", "a"), Pair("b", "a")));
    EXPECT_FALSE(second.tables[0].copied_anew);
}

}  // namespace
}  // namespace cutover::plan
