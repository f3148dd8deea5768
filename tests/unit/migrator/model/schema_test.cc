#include "migrator/model/schema.h"

#include <gmock/gmock.h>

namespace cutover::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TableSchema three_columns() {
    TableSchema table;
    table.columns.resize(3);
    table.keys.push_back({"key", {2, 0}, true, false, "PRIMARY KEY (c, a)", false});
    table.keys.push_back({"other", {1}, false, false, "UNIQUE (b)", false});
    return table;
}

TEST(LoggedColumns, AreThoseOfThePrimaryKeyUnlessOtherwiseSaid) {
    TableSchema table = three_columns();
    EXPECT_THAT(table.logged_columns(), ElementsAre(2, 0));
    table.keys[0].deferrable = true;
    EXPECT_THAT(table.logged_columns(), IsEmpty());
    table.keys.erase(table.keys.begin());
    EXPECT_THAT(table.logged_columns(), IsEmpty());
}

TEST(LoggedColumns, AreAllSomeOrNone) {
    TableSchema table = three_columns();
    table.old_row_columns = {1};
    table.old_rows = OldRows::whole;
    EXPECT_THAT(table.logged_columns(), ElementsAre(0, 1, 2));
    EXPECT_TRUE(table.logs_old_rows());
    table.old_rows = OldRows::columns;
    EXPECT_THAT(table.logged_columns(), ElementsAre(1));
    EXPECT_FALSE(table.logs_old_rows());
    table.old_rows = OldRows::nothing;
    EXPECT_THAT(table.logged_columns(), IsEmpty());
}

}  // namespace
}  // namespace cutover::model
