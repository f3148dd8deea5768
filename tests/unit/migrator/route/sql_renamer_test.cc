// Renames inside the server's own texts.
#include "migrator/route/sql_renamer.h"

#include <gtest/gtest.h>

namespace cutover::route {
namespace {

using model::ObjectName;

class SqlRenamerTest : public testing::Test {
protected:
    SqlRenamerTest() : names_(mapping(), catalog()), renamer_(names_) {}

    const plan::NameMapping& mapping() {
        mapping_.schemas["app"] = "shop";
        mapping_.tables[{"app", "orders"}] = {"sales", "Orders 2"};
        mapping_.columns[{"app", "orders"}] = {
            {"qty", "quantity"}, {"Price", "select"}, {"at", "moment"}, {"zone", "area"}};
        return mapping_;
    }
    static model::Catalog catalog() {
        model::Catalog catalog;
        for (const char* name : {"orders", "other", "odd \"name"}) {
            model::TableSchema table;
            table.name = {"app", name};
            catalog.tables.push_back(table);
        }
        model::TypeSchema type;
        type.name = {"app", "mood"};
        catalog.types.push_back(type);
        model::SequenceSchema sequence;
        sequence.name = {"app", "orders_id_seq"};
        sequence.owned_by_table = ObjectName{"app", "orders"};
        catalog.sequences.push_back(sequence);
        return catalog;
    }
    std::string in_orders(const std::string& text) {
        return renamer_.in_table(text, {"app", "orders"});
    }

    plan::NameMapping mapping_;
    NameMap names_;
    SqlRenamer renamer_;
};

TEST_F(SqlRenamerTest, RenamesQualifiedNamesAndBareColumns) {
    EXPECT_EQ(in_orders("CHECK ((qty > 0) AND (\"Price\" < qty))"),
              "CHECK ((\"quantity\" > 0) AND (\"select\" < \"quantity\"))");
    EXPECT_EQ(renamer_.objects("app.mood[]"), "\"shop\".\"mood\"[]");
    EXPECT_EQ(renamer_.objects("nextval('app.orders'::regclass)"),
              "nextval('\"sales\".\"Orders 2\"'::regclass)");
    EXPECT_EQ(renamer_.objects("'x'::app.mood"), "'x'::\"shop\".\"mood\"");
}

TEST_F(SqlRenamerTest, LetsASequenceFollowItsTable) {
    EXPECT_EQ(renamer_.objects("nextval('app.orders_id_seq'::regclass)"),
              "nextval('\"sales\".\"orders_id_seq\"'::regclass)");
}

TEST_F(SqlRenamerTest, LeavesWhatIsNotCarriedWhereItIs) {
    EXPECT_EQ(in_orders("app.check_it(qty)"), "app.check_it(\"quantity\")");
    EXPECT_EQ(renamer_.objects("app.hstore"), "app.hstore");
}

TEST_F(SqlRenamerTest, LeavesLiteralsCallsCastsFieldsAndKeywordsAlone) {
    EXPECT_EQ(in_orders("qty('qty'::qty, E'a\\'qty', 1.5)"), "qty('qty'::qty, E'a\\'qty', 1.5)");
    EXPECT_EQ(in_orders("'app.orders'::text"), "'app.orders'::text");
    EXPECT_EQ(in_orders("((address).qty)"), "((address).qty)");
    EXPECT_EQ(in_orders("(at AT TIME ZONE 'UTC'::text)"), "(\"moment\" AT TIME ZONE 'UTC'::text)");
    EXPECT_EQ(in_orders("(zone = 'x'::timestamp without time zone)"),
              "(\"area\" = 'x'::timestamp without time zone)");
}

TEST_F(SqlRenamerTest, KeepsQuotesInNames) {
    EXPECT_EQ(renamer_.objects("app.\"odd \"\"name\""), "\"shop\".\"odd \"\"name\"");
    EXPECT_EQ(renamer_.objects("'app.\"odd \"\"name\"'::regclass"),
              "'\"shop\".\"odd \"\"name\"'::regclass");
}

TEST_F(SqlRenamerTest, RenamesEachSideOfAForeignKeyByItsOwnTable) {
    EXPECT_EQ(renamer_.foreign_key(
                  "FOREIGN KEY (qty) REFERENCES app.other(qty) ON DELETE SET NULL (qty) DEFERRABLE",
                  {"app", "orders"}, {"app", "other"}),
              "FOREIGN KEY (\"quantity\") REFERENCES \"shop\".\"other\"(qty) ON DELETE SET NULL "
              "(\"quantity\") DEFERRABLE");
}

TEST_F(SqlRenamerTest, TellsWhichColumnsATextMentions) {
    EXPECT_TRUE(mentions("lower(\"Price\")", {"Price"}));
    EXPECT_TRUE(mentions("(a + b)", {"b"}));
    EXPECT_FALSE(mentions("price(a) > 'b'::b", {"b", "price"}));
}

}  // namespace
}  // namespace cutover::route
