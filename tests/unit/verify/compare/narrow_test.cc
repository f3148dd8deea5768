#include "verify/compare/narrow.h"

#include <gtest/gtest.h>

#include "tests/unit/verify/fake_end.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {
namespace {

using namespace testing_support;

std::string text(std::string_view value) {
    std::string out;
    put_cell(out, Tag::text, value);
    return out;
}

std::string null() {
    std::string out;
    put_null(out);
    return out;
}

std::string decoded(std::uint32_t oid, const std::string& bytes) {
    std::string out;
    decode_postgres(*WireTypes({}).find(oid), bytes, {}, out);
    return out;
}

TEST(DifferenceKind, NamesWhatHappenedToText) {
    EXPECT_EQ(difference_kind(null(), text("a")), "null against value");
    EXPECT_EQ(difference_kind(text(""), text("a")), "empty against text");
    EXPECT_EQ(difference_kind(text("a"), text("a ")), "trailing blanks");
    EXPECT_EQ(difference_kind(text("Abc"), text("aBC")), "case");
    EXPECT_EQ(difference_kind(text("abcdef"), text("abc")), "cut from 6 to 3 bytes");
    EXPECT_EQ(difference_kind(text("\xC3\xB6"), text("\xC3\x83\xC2\xB6")), "encoded twice");
    EXPECT_EQ(difference_kind(text("abc"), text("abd")), "from byte 2 on");
}

TEST(DifferenceKind, NamesWhatHappenedToNumbersAndTimes) {
    EXPECT_EQ(difference_kind(decoded(1700, wire::numeric({1, 5000}, 0, 0, 2)),
                              decoded(1700, wire::numeric({1, 5000}, 0, 0, 1))),
              "scale 2 against 1");
    EXPECT_EQ(difference_kind(decoded(23, wire::int32(12)), decoded(23, wire::int32(1200))),
              "shifted by 10^2");
    EXPECT_EQ(difference_kind(decoded(23, wire::int32(12)), decoded(23, wire::int32(-12))), "sign");
    EXPECT_EQ(
        difference_kind(decoded(1184, wire::int64(0)), decoded(1184, wire::int64(-3600000000))),
        "shifted by -3600 s");
    EXPECT_EQ(difference_kind(decoded(701, wire::float64(0.1)),
                              decoded(701, wire::float64(0.1 + 1.4e-17))),
              "1 units in the last place");
}

TEST(Shortened, CutsAtTheEdgeOfACharacter) {
    EXPECT_EQ(shortened("short"), "short");
    EXPECT_EQ(shortened("aaaa\xC3\xB6zzzz", 5), "aaaa... (10 bytes)");
}

struct NarrowTest : testing::Test {
    NarrowTest() {
        TableShape shape;
        shape.name = {"app", "t"};
        shape.columns = {int_column("id"), numeric_column("n"),
                         column("c", "character(5)", 1042, KeyOrder::padded_text)};
        shape.unique_keys = {{0}};
        pair = pair_tables(shape, shape, {});
    }
    std::string row(int scale, const std::string& padded) const {
        return row_bytes({wire::int32(1), wire::numeric({1, 5000}, 0, 0, scale), padded});
    }
    TablePair pair;
};

TEST_F(NarrowTest, FindsTheColumnsThatDiffer) {
    Narrower narrower(pair, {});
    EXPECT_EQ(narrower.compare(row(2, "a"), row(2, "a")).verdict, RowVerdict::equal);
    const RowDifference& difference = narrower.compare(row(2, "a"), row(1, "b"));
    EXPECT_EQ(difference.verdict, RowVerdict::different);
    EXPECT_EQ(difference.cells, (std::vector<std::size_t>{1, 2}));
}

TEST_F(NarrowTest, CountsEachRuleThatWasNeeded) {
    Narrower narrower(pair, {Rule::numeric_scale, Rule::rtrim_char});
    const RowDifference& both = narrower.compare(row(2, "a "), row(1, "a"));
    EXPECT_EQ(both.verdict, RowVerdict::equal_by_rule);
    EXPECT_EQ(both.rules[static_cast<std::size_t>(Rule::numeric_scale)], 1u);
    EXPECT_EQ(both.rules[static_cast<std::size_t>(Rule::rtrim_char)], 1u);
    EXPECT_EQ(narrower.compare(row(2, "a"), row(1, "b")).verdict, RowVerdict::different);
}

TEST_F(NarrowTest, UsesNoRuleThatWasNotDeclared) {
    Narrower narrower(pair, {Rule::rtrim_char});
    EXPECT_EQ(narrower.compare(row(2, "a"), row(1, "a")).verdict, RowVerdict::different);
}

}  // namespace
}  // namespace cutover::verify
