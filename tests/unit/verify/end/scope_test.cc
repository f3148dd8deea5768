#include "verify/end/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::verify {
namespace {

using model::ObjectName;
using testing::ElementsAre;

TableShape table(std::string name, std::string root = {}) {
    TableShape out;
    out.name = {"app", std::move(name)};
    out.root = root.empty() ? ObjectName() : ObjectName{"app", std::move(root)};
    return out;
}

/// What is read, by the source's names; `!` where the destination has no counterpart.
std::vector<std::string> read(const Scope& scope) {
    std::vector<std::string> out;
    for (const TableChoice& choice : scope.tables) {
        out.push_back(choice.source->name.name + (choice.destination == nullptr ? "!" : ""));
    }
    return out;
}

struct ScopeTest : testing::Test {
    Scope choose() const { return choose_scope(catalogs, {objects, mapping, patterns, filters}); }

    Catalogs catalogs;
    plan::ObjectSelection objects;
    plan::NameMapping mapping;
    std::vector<std::string> patterns;
    std::map<ObjectName, std::string> filters;
};

TEST_F(ScopeTest, TakesSequencesOfNoTableThatTheSelectionTakes) {
    catalogs.source_sequences = {{"app", "tickets"}, {"app", "skipped"}, {"other", "numbers"}};
    objects.include = {"app"};
    objects.exclude = {"app.skipped"};
    mapping.schemas = {{"app", "shop"}};
    EXPECT_THAT(choose().source.sequences, ElementsAre(ObjectName{"app", "tickets"}));
    EXPECT_THAT(choose().destination.sequences, ElementsAre(ObjectName{"shop", "tickets"}));
    patterns = {"app.t"};
    EXPECT_TRUE(choose().source.sequences.empty());
    patterns = {"shop.tick*"};
    EXPECT_EQ(choose().source.sequences.size(), 1u);
}

TEST_F(ScopeTest, NamesSettingsOfWhatIsNotThere) {
    catalogs.source_tables = {table("orders")};
    catalogs.source_tables[0].columns.resize(1);
    catalogs.source_tables[0].columns[0].name = "id";
    filters = {{{"app", "orders"}, "true"}, {{"app", "ordres"}, "true"}};
    mapping.tables = {{{"app", "orders"}, {"app", "o"}}, {{"app", "t"}, {"app", "u"}}};
    mapping.columns = {{{"app", "orders"}, {{"id", "no"}, {"idd", "no"}}}};
    mapping.excluded_columns = {{{"app", "orders"}, {"id", "x"}}, {{"app", "y"}, {"id"}}};
    mapping.schemas = {{"app", "shop"}, {"types", "shop"}};
    EXPECT_THAT(
        choose().idle_settings,
        ElementsAre("objects.filters: app.ordres", "objects.rename.tables: app.t",
                    "objects.rename.columns: app.orders.idd",
                    "objects.exclude_columns: app.orders.x", "objects.exclude_columns: app.y"));
    patterns = {"app.orders"};  // narrows what is compared, not what the task may speak of
    EXPECT_EQ(choose().idle_settings.size(), 5u);
    catalogs.source_sequences = {{"app", "t"}};
    EXPECT_EQ(choose().idle_settings.size(), 4u);
}

TEST_F(ScopeTest, NamesPatternsThatSelectNothing) {
    catalogs.source_tables = {table("orders"), table("lost")};
    catalogs.destination_tables = {table("orders")};
    catalogs.source_sequences = {{"app", "tickets"}};
    EXPECT_TRUE(choose().idle_patterns.empty());
    patterns = {"app.ordres", "app.orders", "app.lost", "shop.*", "app.tickets", "not..a.name"};
    EXPECT_THAT(choose().idle_patterns, ElementsAre("app.ordres", "shop.*", "not..a.name"));
    mapping.schemas = {{"app", "shop"}};
    EXPECT_THAT(choose().idle_patterns, ElementsAre("app.ordres", "not..a.name"));
}

TEST_F(ScopeTest, NamesPatternsOfTheTaskThatSelectNothing) {
    catalogs.source_tables = {table("orders"), table("items")};
    catalogs.destination_tables = catalogs.source_tables;
    catalogs.source_sequences = {{"app", "tickets"}, {"app", "skipped"}};
    objects.include = {"app.orders", "app.items", "app.tickets", "app.skipped", "app.ordres"};
    objects.exclude = {"app.skipped"};
    EXPECT_THAT(choose().idle_patterns, ElementsAre("app.skipped", "app.ordres"));
    patterns = {"app.orders"};  // narrows; the others are left out as asked
    EXPECT_THAT(choose().idle_patterns, ElementsAre("app.skipped", "app.ordres"));
}

TEST_F(ScopeTest, ListsTablesThatAreNeverCompared) {
    catalogs.source_left_out = {{{"app", "a"}, "tables of the extension x"},
                                {{"app", "b"}, "tables of the extension x"},
                                {{"other", "c"}, "tables of the extension x"},
                                {{"app", "d"}, "tables of the extension y"}};
    objects.include = {"app.a", "app.b", "app.d"};
    EXPECT_THAT(choose().not_compared, ElementsAre("tables of the extension x: app.a, app.b",
                                                   "tables of the extension y: app.d"));
    EXPECT_EQ(choose().idle_patterns.size(), 3u);
    patterns = {"app.d"};
    EXPECT_THAT(choose().not_compared, ElementsAre("tables of the extension y: app.d"));
}

struct PartitionScopeTest : ScopeTest {
    PartitionScopeTest() {
        catalogs.source_tables = {table("orders"), table("orders_1", "orders"),
                                  table("orders_2", "orders")};
        catalogs.destination_tables = catalogs.source_tables;
    }
};

TEST_F(PartitionScopeTest, ReadsPartitionsThroughARootThatWasAskedFor) {
    EXPECT_THAT(read(choose()), ElementsAre("orders"));
    patterns = {"app.ord*"};
    EXPECT_THAT(read(choose()), ElementsAre("orders"));
    EXPECT_EQ(choose().source.tables.size(), 3u);
}

TEST_F(PartitionScopeTest, ReadsPartitionsWhoseRootWasNotAskedFor) {
    patterns = {"app.orders_*"};
    EXPECT_THAT(read(choose()), ElementsAre("orders_1", "orders_2"));
    EXPECT_TRUE(choose().idle_patterns.empty());
    catalogs.source_tables.erase(catalogs.source_tables.begin());  // nor taken by the task
    patterns.clear();
    EXPECT_THAT(read(choose()), ElementsAre("orders_1", "orders_2"));
}

TEST_F(PartitionScopeTest, ReadsTheRootOnceWhereTheDestinationHasOtherPartitions) {
    patterns = {"app.orders_*"};
    catalogs.destination_tables = {table("orders"), table("orders_1")};
    ASSERT_THAT(read(choose()), ElementsAre("orders"));
    EXPECT_THAT(choose().tables[0].note, testing::HasSubstr("no partition app.orders_1"));
    catalogs.destination_tables.clear();
    EXPECT_THAT(read(choose()), ElementsAre("orders!"));
}

}  // namespace
}  // namespace cutover::verify
