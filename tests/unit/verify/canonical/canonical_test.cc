#include "verify/canonical/canonical.h"

#include <gtest/gtest.h>

#include <limits>

#include "verify/canonical/json_tree.h"

namespace cutover::verify {
namespace {

std::string cell(Tag tag, std::string_view payload) {
    std::string out;
    put_cell(out, tag, payload);
    return out;
}

std::string json(std::string_view text, bool scaled = true) {
    std::string out;
    return put_json_tree(text, scaled, out) ? out : "refused";
}

ExactNumber number(std::string_view text) {
    ExactNumber out;
    EXPECT_TRUE(parse_number(text, out)) << text;
    return out;
}

TEST(Canonical, KeepsNullAbsentAndEmptyApart) {
    std::string null;
    put_null(null);
    EXPECT_NE(null, cell(Tag::text, ""));
    EXPECT_NE(cell(Tag::absent, ""), null);
    EXPECT_NE(cell(Tag::text, ""), cell(Tag::bytes, ""));
}

TEST(Canonical, HasNoAmbiguousJoin) {
    EXPECT_NE(cell(Tag::text, "a,b") + cell(Tag::text, "c"),
              cell(Tag::text, "a") + cell(Tag::text, "b,c"));
    EXPECT_NE(cell(Tag::text, "ab") + cell(Tag::text, ""),
              cell(Tag::text, "a") + cell(Tag::text, "b"));
}

TEST(Canonical, WritesLongLengthsAfterTheFact) {
    const std::string payload(70000, 'x');
    std::string opened;
    const std::size_t at = open_cell(opened, Tag::text);
    opened += payload;
    close_cell(opened, at);
    EXPECT_EQ(opened, cell(Tag::text, payload));
    std::string_view in = opened;
    CellView view;
    ASSERT_TRUE(take_cell(in, view));
    EXPECT_EQ(view.payload, payload);
    EXPECT_TRUE(in.empty());
}

TEST(Canonical, RefusesCellsThatAreCutShort) {
    const std::string whole = cell(Tag::text, "hello");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        std::string_view in = std::string_view(whole).substr(0, length);
        CellView view;
        EXPECT_FALSE(take_cell(in, view)) << length;
    }
}

TEST(ExactNumber, HasOneFormPerValue) {
    EXPECT_EQ(number("1.50"), number("1.5"));
    EXPECT_EQ(number("0100"), number("1e2"));
    EXPECT_EQ(number("-0.000"), number("0"));
    EXPECT_EQ(number("18446744073709551615"),
              number_from(std::numeric_limits<std::uint64_t>::max()));
    EXPECT_EQ(number("-9223372036854775808"),
              number_from(std::numeric_limits<std::int64_t>::min()));
    EXPECT_FALSE(number("1.5") == number("15"));
    EXPECT_FALSE(number("1.5") == number("-1.5"));
}

TEST(ExactNumber, OrdersByValue) {
    const char* ascending[] = {"-1e30", "-100.01", "-100", "-0.5", "0",  "0.05", "0.5",
                               "0.51",  "5",       "9.99", "10",   "11", "1e30"};
    for (std::size_t at = 1; at < std::size(ascending); ++at) {
        EXPECT_LT(compare(number(ascending[at - 1]), number(ascending[at])), 0) << ascending[at];
        EXPECT_GT(compare(number(ascending[at]), number(ascending[at - 1])), 0) << ascending[at];
    }
    EXPECT_EQ(compare(number("2.50"), number("2.5")), 0);
}

TEST(ExactNumber, PrintsWithItsScale) {
    EXPECT_EQ(to_string(number("-12.50")), "-12.50");
    EXPECT_EQ(to_string(number("0.00")), "0.00");
    EXPECT_EQ(to_string(number("1e3")), "1000");
    EXPECT_EQ(to_string(number("0.001")), "0.001");
}

TEST(ExactNumber, RefusesWhatIsNoNumber) {
    ExactNumber out;
    for (const char* text : {"", "-", ".", "1e", "1.5x", "abc", "1e99999999999", "--1"}) {
        EXPECT_FALSE(parse_number(text, out)) << text;
    }
}

TEST(JsonTree, IgnoresKeyOrderAndSpaceButNotValues) {
    EXPECT_EQ(json(R"({"a":1,"b":[true,null]})"), json(R"( { "b" : [ true , null ], "a" : 1 } )"));
    EXPECT_NE(json(R"({"a":1})"), json(R"({"a":2})"));
    EXPECT_NE(json(R"([1,2])"), json(R"([2,1])"));
    EXPECT_NE(json(R"({"a":null})"), json(R"({})"));
    EXPECT_NE(json(R"("1")"), json("1"));
}

TEST(JsonTree, LetsTheLastOfEqualKeysWin) {
    EXPECT_EQ(json(R"({"a":1,"a":2})"), json(R"({"a":2})"));
}

TEST(JsonTree, KeepsDigitsThatAFloatWouldLose) {
    EXPECT_NE(json("9007199254740993"), json("9007199254740992"));
    EXPECT_NE(json("0.1"), json("0.10000000000000001"));
}

TEST(JsonTree, TellsScalesApartOnlyIfAsked) {
    EXPECT_NE(json("1.50", true), json("1.5", true));
    EXPECT_EQ(json("1.50", false), json("1.5", false));
}

TEST(JsonTree, ReadsEscapes) {
    EXPECT_EQ(json(R"("\u00e9\n\ud83d\ude00")"), json("\"\u00e9\\n\U0001F600\""));
}

TEST(JsonTree, RefusesBrokenAndBottomlessText) {
    for (const char* text : {"", "{", "[1,", "{\"a\"}", "tru", "\"abc", "1 2", "\"\\x\""}) {
        EXPECT_EQ(json(text), "refused") << text;
    }
    EXPECT_EQ(json(std::string(kJsonDepthLimit + 2, '[')), "refused");
}

TEST(JsonTree, PrintsItselfAgain) {
    EXPECT_EQ(json_tree_text(json(R"({"b":[1.50,"x\"y"],"a":{}})"), true),
              R"({"a": {}, "b": [1.50, "x\"y"]})");
}

}  // namespace
}  // namespace cutover::verify
