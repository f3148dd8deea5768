#include "migrator/plan/evolution.h"

#include <gmock/gmock.h>

#include "migrator/plan/catalog_text.h"

namespace cutover::plan {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Column {
    std::uint32_t number;
    std::string name;
    std::string type = "int";
};

model::TableSchema table(const std::vector<Column>& columns, std::uint32_t made,
                         const std::string& file = "1") {
    model::TableSchema out;
    out.name = {"public", "item"};
    out.number = 9;
    out.columns_made = made;
    out.rows_file = file;
    for (const auto& [number, name, type] : columns) {
        out.columns.emplace_back();
        out.columns.back().number = number;
        out.columns.back().name = name;
        out.columns.back().type = type;
    }
    return out;
}

PastColumns past(const std::vector<Column>& columns, std::uint32_t made) {
    PastColumns out;
    for (const auto& [number, name, type] : columns) {
        out.columns.push_back({number, name, type});
    }
    out.columns_made = made;
    out.rows_file = "1";
    return out;
}

model::Catalog catalog(const model::TableSchema& table) {
    model::Catalog out;
    out.tables.push_back(table);
    return out;
}

/// What the table of `before` has become.
Evolution next(const model::TableSchema& now, bool columns_differ = true) {
    Evolution out;
    out.catalog = catalog(now);
    out.tables.emplace_back();
    out.tables[0].before = out.tables[0].after = now.name;
    out.tables[0].columns_differ = columns_differ;
    return out;
}

TEST(Ambiguous, TellsApartWhatOnlyCameWentOrWasRenamed) {
    const PastColumns two = past({{1, "a"}, {2, "b"}}, 2);
    EXPECT_FALSE(ambiguous(two, table({{1, "a"}, {2, "b"}, {3, "c"}}, 3)));
    EXPECT_FALSE(ambiguous(two, table({{1, "a"}}, 2)));
    EXPECT_FALSE(ambiguous(two, table({{1, "b"}, {2, "a"}}, 2)));
    EXPECT_FALSE(ambiguous(two, table({{1, "c"}}, 2)));
}

TEST(Ambiguous, DoesNotTellAColumnFromOneOfItsTypeThatIsGone) {
    const PastColumns two = past({{1, "a"}, {2, "b"}}, 2);
    EXPECT_TRUE(ambiguous(two, table({{1, "a"}, {3, "b"}}, 3))) << "dropped and added again";
    EXPECT_TRUE(ambiguous(two, table({{1, "a"}, {3, "c"}}, 3))) << "b may have been called c";
    EXPECT_FALSE(ambiguous(two, table({{1, "a"}, {3, "b", "text"}}, 3)));
    EXPECT_TRUE(ambiguous(two, table({{1, "a"}, {3, "b", "text"}}, 3, "2"))) << "b may have been";
}

TEST(Ambiguous, KnowsThatAColumnHasComeAndGoneUnseen) {
    const PastColumns one = past({{1, "a"}}, 2);  // the second was dropped before
    EXPECT_FALSE(ambiguous(one, table({{1, "a"}, {3, "c"}}, 3)));
    EXPECT_TRUE(ambiguous(one, table({{1, "a"}, {4, "c"}}, 4)));
    EXPECT_FALSE(ambiguous(one, table({{1, "b"}}, 4))) << "rows with it have more columns";
}

TEST(OnlyGrew, IsTrueWhereColumnsHaveComeAndBeenRenamed) {
    const PastColumns two = past({{1, "a"}, {2, "b"}}, 2);
    EXPECT_TRUE(only_grew(two, table({{1, "b"}, {2, "a"}, {3, "c"}}, 3)));
    EXPECT_FALSE(only_grew(two, table({{1, "a"}, {2, "b"}, {4, "c"}}, 4)));
    EXPECT_FALSE(only_grew(two, table({{1, "a"}, {3, "c"}}, 3)));
}

TEST(KeepFormer, KnowsTheColumnsOfBefore) {
    Evolution change = next(table({{1, "b"}}, 1));
    keep_former(nullptr, catalog(table({{1, "a"}}, 1)), change);
    ASSERT_THAT(change.former[9], SizeIs(1));
    EXPECT_EQ(change.former[9][0].columns[0].name, "a");
    EXPECT_FALSE(change.tables[0].copied_anew);
}

TEST(KeepFormer, LeavesOutWhatIsInNoLog) {
    model::TableSchema before = table({{1, "a"}, {2, "twice"}}, 2);
    before.columns[1].generated_expression = "a * 2";
    Evolution change = next(table({{1, "b"}}, 2));
    keep_former(nullptr, catalog(before), change);
    EXPECT_THAT(change.former[9][0].columns, SizeIs(1));
    EXPECT_FALSE(change.tables[0].copied_anew);
}

/// Both may still be in the log.
TEST(KeepFormer, KnowsTheColumnsBeforeAChangeThatIsUnderWay) {
    const model::TableSchema first = table({{1, "a"}}, 1), second = table({{1, "b"}}, 1);
    Evolution under_way = next(second);
    keep_former(nullptr, catalog(first), under_way);
    Evolution change = next(table({{1, "b"}, {2, "c"}}, 2));
    keep_former(&under_way, catalog(second), change);
    ASSERT_THAT(change.former[9], SizeIs(2));
    EXPECT_EQ(change.former[9][0].columns[0].name, "a");
    EXPECT_EQ(change.former[9][1].columns[0].name, "b");

    Evolution elsewhere;
    elsewhere.catalog = catalog(second);
    keep_former(&under_way, catalog(second), elsewhere);
    EXPECT_THAT(elsewhere.former[9], SizeIs(1));
    Evolution gone;
    keep_former(&under_way, catalog(second), gone);
    EXPECT_THAT(gone.former, IsEmpty());
}

/// Dropped by a change that is under way, added again by the next.
TEST(KeepFormer, CopiesAnewWhatIsAmbiguousOverSeveralChanges) {
    const model::TableSchema first = table({{1, "a"}, {2, "b"}}, 2), second = table({{1, "a"}}, 2);
    Evolution under_way = next(second);
    keep_former(nullptr, catalog(first), under_way);
    EXPECT_FALSE(under_way.tables[0].copied_anew);
    Evolution change = next(table({{1, "a"}, {3, "b"}}, 3));
    keep_former(&under_way, catalog(second), change);
    EXPECT_TRUE(change.tables[0].copied_anew);
    EXPECT_THAT(change.tables[0].why_anew, testing::HasSubstr("does not tell"));
    EXPECT_THAT(change.former, IsEmpty());
}

/// It came and went before the first change, which was another table's, and its name comes again.
TEST(KeepFormer, RemembersAColumnThatCameAndWentUnseen) {
    const model::TableSchema first = table({{1, "a"}}, 1), second = table({{1, "a"}}, 2);
    Evolution elsewhere;
    elsewhere.catalog = catalog(second);
    keep_former(nullptr, catalog(first), elsewhere);
    EXPECT_THAT(elsewhere.former[9], SizeIs(1));
    Evolution change = next(table({{1, "a"}, {3, "b"}}, 3));
    keep_former(&elsewhere, catalog(second), change);
    EXPECT_TRUE(change.tables[0].copied_anew);
}

TEST(KeepFormer, NeedsNoRowOfBeforeOfATableThatIsCopiedAnew) {
    const model::TableSchema first = table({{1, "a"}}, 1), second = table({{1, "b"}}, 1);
    Evolution under_way = next(second);
    keep_former(nullptr, catalog(first), under_way);
    Evolution change = next(table({{1, "c"}}, 1));
    change.tables[0].copied_anew = true;
    keep_former(&under_way, catalog(second), change);
    EXPECT_THAT(change.former, IsEmpty());
}

TEST(EvolutionText, IsReadAsItWasWritten) {
    Evolution change = next(table({{1, "b"}, {2, "c"}}, 2));
    change.tables[0].added = {"c"};
    change.gone = {4};
    keep_former(nullptr, catalog(table({{1, "a"}}, 1)), change);
    const std::string text = evolution_text(change);
    EXPECT_EQ(evolution_text(read_evolution_text(text)), text);
    EXPECT_EQ(read_evolution_text(text).former[9][0].columns[0].name, "a");
}

}  // namespace
}  // namespace cutover::plan
