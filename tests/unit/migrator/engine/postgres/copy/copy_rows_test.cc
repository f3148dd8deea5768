// The form of COPY ... (FORMAT binary).
#include "migrator/engine/postgres/copy/copy_rows.h"

#include <gtest/gtest.h>

#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/model/error.h"

namespace cutover::postgres {
namespace {

using namespace std::string_literals;
using model::CellKind;

TEST(CopyRows, WritesCountsLengthsAndNulls) {
    model::Tuple row;
    row.append(CellKind::binary, "ab");
    row.append(CellKind::null);
    row.append(CellKind::absent);
    row.append(CellKind::binary, "");
    CopyRows rows;
    rows.begin_row(5);
    rows.value("\xff\xff\xff\xfe");
    rows.cells(row);
    EXPECT_EQ(rows.bytes(),
              "\0\5\0\0\0\4\xff\xff\xff\xfe\0\0\0\2ab\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"s);
    EXPECT_EQ(rows.rows(), 1u);
    rows.clear();
    EXPECT_TRUE(rows.empty());
    EXPECT_TRUE(rows.bytes().empty());
}

TEST(CopyRows, RefusesTextCells) {
    model::Tuple row;
    row.append(CellKind::text, "1");
    CopyRows rows;
    EXPECT_THROW(rows.cells(row), model::Error);
}

TEST(CopyRows, HasTheServersHeaderAndTrailer) {
    EXPECT_EQ(copy_header(), "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"s);
    EXPECT_EQ(copy_trailer(), "\xff\xff");
}

TEST(Bytea, GoesThroughTextAndBack) {
    const std::string all = "\0\x01\x7f\x80\xff'\\"s;
    EXPECT_EQ(to_bytea(all), "\\x00017f80ff275c");
    EXPECT_EQ(from_bytea(to_bytea(all)), all);
    EXPECT_EQ(from_bytea(to_bytea("")), "");
}

}  // namespace
}  // namespace cutover::postgres
