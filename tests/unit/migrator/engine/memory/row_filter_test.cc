#include "migrator/engine/memory/row_filter.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::memory {
namespace {

using engine::Kept;
using model::CellKind;

model::TableSchema table() {
    model::TableSchema made;
    made.name = {"app", "t"};
    for (const auto& [name, type] :
         {std::pair("v", "int"), std::pair("free", "number"), std::pair("fold", "word")}) {
        model::ColumnSchema& column = made.columns.emplace_back();
        column.name = name;
        column.type = type;
    }
    return made;
}

RowFilter filter(const std::string& text) {
    return {expression::Expression::condition(text, filter_scope(table())), table()};
}

model::Tuple row(const char* v, const char* free) {
    model::Tuple made;
    for (const char* cell : {v, free, "Ash"}) {
        if (cell == nullptr) {
            made.append(CellKind::null);
        } else {
            made.append(CellKind::text, cell);
        }
    }
    return made;
}

TEST(RowFilter, KeepsByNumberAndNeverNull) {
    RowFilter made = filter("v >= 10 AND free = 7");
    EXPECT_EQ(made.keeps(row("9", "7")), Kept::no);
    EXPECT_EQ(made.keeps(row("10", "+007")), Kept::yes);
    EXPECT_EQ(made.keeps(row(nullptr, "7")), Kept::no);
    EXPECT_EQ(made.keeps(row("11", "8")), Kept::no);
    EXPECT_EQ(RowFilter(nullptr, table()).keeps(row(nullptr, nullptr)), Kept::yes);
}

TEST(RowFilter, LeavesTextsAloneThatEqualOthersWithoutRegardToCase) {
    EXPECT_THROW(filter("fold = 'ash'"), model::Error);
}

TEST(RowFilter, NamesTheRowThatItCannotDecide) {
    RowFilter made = filter("10 / v > free");
    try {
        made.keeps(row("0", "7"));
        FAIL();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "expression.division_by_zero");
        EXPECT_NE(error.message().find("in the row 0, 7, Ash"), std::string::npos);
    }
}

}  // namespace
}  // namespace cutover::memory
