// What cannot be decided as the server decides it is refused before the first row.
#include <gtest/gtest.h>

#include "migrator/expression/expression.h"
#include "migrator/model/error.h"

namespace cutover::expression {
namespace {

std::string refusal(const std::string& text, bool message = false) {
    static const Scope kScope = {"t",
                                 {{"v", Type::int4, "", true},
                                  {"f", Type::float4, "", true},
                                  {"s", Type::text, "\"C\"", true},
                                  {"d", Type::text, "", true},
                                  {"g", Type::text, "\"de-x-icu\"", true},
                                  {"n", Type::text, "nocase", false},
                                  {"j", Type::opaque, "", true},
                                  {"day", Type::date, "", true},
                                  {"tz", Type::timestamptz, "", true},
                                  {"user", Type::int4, "", true}},
                                 false};
    try {
        Expression::condition(text, kScope);
        return "";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
        return message ? error.message() : error.code();
    }
}

TEST(ExpressionRefusals, SayWhichColumnIsNotThere) {
    EXPECT_EQ(refusal("v = 1 AND w = 2", true), "expression on t, at 11: there is no column `w`");
    EXPECT_EQ(refusal("\"V\" = 1"), "expression.column");
    EXPECT_EQ(refusal("V = 1"), "");
}

TEST(ExpressionRefusals, OfWhatIsNotTheLanguage) {
    for (const char* text : {"",
                             "v",
                             "v =",
                             "= 1",
                             "v = 1 v",
                             "(v = 1",
                             "v = 1)",
                             "v == 1",
                             "v = 1 -- x",
                             "v = 1;",
                             "v::text = 'a'",
                             "v = 'a",
                             "s = E'a'",
                             "s = $$a$$",
                             "v = 1 = 2",
                             "v < 1 < 2",
                             "v IN ()",
                             "v IN (SELECT 1)",
                             "random() > v",
                             "v = ANY (1)",
                             "v BETWEEN 1",
                             "v %-1 = 0",
                             "s LIKE 'a' ESCAPE 'ab'",
                             "v = 1x",
                             "user = 1",
                             "t.v = 1",
                             "v IS",
                             "length(s, s) = 1",
                             "v NOT 1",
                             "v = 1 AND",
                             "s LIKE 'a' LIKE 'b'",
                             "v /* */ = 1",
                             "v = .",
                             "s = 'a' 'b'"}) {
        EXPECT_EQ(refusal(text), std::string(text) == "v" ? "expression.type" : "expression.syntax")
            << text;
    }
    EXPECT_EQ(refusal("\"user\" = 1"), "");
}

TEST(ExpressionRefusals, OfTypesThatDoNotMeet) {
    for (const char* text :
         {"v = s",         "v AND TRUE",    "s + 1 = 2",       "day + 1 > '2020-01-01'",
          "NOT v",         "j = 'a'",       "j IN ('a', 'b')", "v || s = ''",
          "day = tz",      "v IN (1, day)", "v IN (1, v)",     "f IN (1.1, 2)",
          "f % 2 = 0",     "s LIKE d",      "v LIKE '1'",      "coalesce(v, s) = 1",
          "'1' + '2' = 3", "- s = 1",       "- NULL = 1",      "abs('1') = 1",
          "v IS TRUE"}) {
        EXPECT_EQ(refusal(text), "expression.type") << text;
    }
    EXPECT_EQ(refusal("j IS NOT NULL"), "");
}

TEST(ExpressionRefusals, OfTextsThatOnlyTheServerCanOrder) {
    for (const char* text :
         {"d < 'a'", "g >= 'a'", "n = 'a'", "n IN ('a', 'b')", "n LIKE 'a'", "g = s",
          "g || s = 'a'", "lower(d) = 'a'", "d BETWEEN 'a' AND 'b'", "n IS DISTINCT FROM 'a'",
          "'a' < 'b'", "g || NULL = s", "coalesce(NULL || g) = s", "coalesce(g, s) = 'a'"}) {
        EXPECT_EQ(refusal(text), "expression.collation") << text;
    }
    for (const char* text : {"s < 'a'", "d = 'a'", "g <> 'a'", "g = d", "s < d", "n IS NULL"}) {
        EXPECT_EQ(refusal(text), "") << text;
    }
}

TEST(ExpressionRefusals, OfLiteralsThatAreNone) {
    for (const char* text :
         {"v = '1.5'", "v = '99999999999'", "v = 'a'", "day > '2026'", "day > DATE 'today'",
          "tz > '2026-01-01 10:00:00'", "tz > TIMESTAMPTZ '2026-01-01'", "f = '1e60'",
          "s LIKE 'a\\'", "coalesce(v, 1, 'x') = 1"}) {
        EXPECT_EQ(refusal(text), "expression.literal") << text;
    }
    EXPECT_EQ(refusal("v = 1 / 0"), "expression.division_by_zero");
    EXPECT_EQ(refusal("v = 2147483647 + 1"), "expression.out_of_range");
}

std::string repeated(std::size_t times, const std::string& what) {
    std::string out;
    for (; times > 0; --times) {
        out += what;
    }
    return out;
}

TEST(ExpressionRefusals, OfWhatAMachineHasNested) {
    EXPECT_EQ(refusal(repeated(5000, "(") + "v = 1" + repeated(5000, ")")), "expression.too_large");
    EXPECT_EQ(refusal(repeated(5000, "NOT ") + "v = 1"), "expression.too_large");
    EXPECT_EQ(refusal("v = " + repeated(5000, "- ") + "v"), "expression.too_large");
    EXPECT_EQ(refusal("v = 1" + repeated(5000, " IS NULL")), "expression.too_large");
    EXPECT_EQ(refusal("v = 1" + repeated(5000, " + 1")), "expression.too_large");
    EXPECT_EQ(refusal("v IN (" + repeated(30000, "1, ") + "1)"), "expression.too_large");
    EXPECT_EQ(refusal("v IN (" + repeated(10000, "1, ") + "1)"), "");
    EXPECT_EQ(refusal("v = 0" + repeated(5000, " OR v = 1")), "");
    // Each BETWEEN looks at what is nested in it twice.
    EXPECT_EQ(refusal(repeated(60, "(") + "TRUE" + repeated(60, ") BETWEEN FALSE AND TRUE")),
              "expression.too_large");
}

}  // namespace
}  // namespace cutover::expression
