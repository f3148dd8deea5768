#include "migrator/model/visible.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::model {
namespace {

using namespace std::string_literals;

TEST(Visible, ShowsWhatActsAndLeavesWhatIsSeen) {
    EXPECT_EQ(visible("orders, Bücher, 本, \U0001F600"), "orders, Bücher, 本, \U0001F600");
    EXPECT_EQ(visible("a\nb\r\t\x1b[2J\x7f\0z"s), "a\\x0ab\\x0d\\x09\\x1b[2J\\x7f\\x00z");
    EXPECT_EQ(visible("\u009b31m \u0085"), "\\u009b31m \\u0085");
    EXPECT_EQ(visible("\u202eevil\u2066\u200f\u2028\ufeff\u200b"),
              "\\u202eevil\\u2066\\u200f\\u2028\\ufeff\\u200b");
    EXPECT_EQ(visible("\U000E0041"), "\\ue0041");
}

TEST(Visible, ShowsBytesThatAreNoText) {
    EXPECT_EQ(visible("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(visible("\xc0\x9b"), "\\xc0\\x9b");           // an ESC in disguise
    EXPECT_EQ(visible("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");  // a C1 in disguise
    EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a pair
    EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(visible("\xc2"s + "\x1b"), "\\xc2\\x1b");
}

TEST(Visible, KeepsLinesWhereTheyAreLaidOut) {
    EXPECT_EQ(visible_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

TEST(Visible, ChangesNoValueOfJson) {
    EXPECT_EQ(visible_json("{\n \"k\": \"\u202ea\u009b\U000E0041ü\"}"),
              "{\n \"k\": \"\\u202ea\\u009b\\udb40\\udc41ü\"}");
}

TEST(Visible, UnfoldsLines) {
    EXPECT_EQ(unfolded("failed\n\tIs it running?\n"), "failed Is it running?");
    EXPECT_EQ(unfolded("a  b\tc"), "a  b\tc");
}

TEST(Visible, CutsBetweenCharacters) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("abcd", 3), "abc... (4 bytes in all)");
    EXPECT_EQ(shortened("aü", 2), "a... (3 bytes in all)");
}

TEST(Error, MakesOneVisibleLineOfWhatAServerSays) {
    const Error error(ErrorClass::refused, "x", "no table \"a\x1b[1A\"\nGO: 0 blocking", "do\nit");
    EXPECT_EQ(error.message(), "no table \"a\\x1b[1A\" GO: 0 blocking");
    EXPECT_EQ(error.what(), error.message() + " [x]\nhint: do it");
}

TEST(Error, IsNotLongerThanAPersonReads) {
    const Error error(ErrorClass::refused, "x", std::string(60 << 20, 'e'),
                      std::string(99999, 'h'));
    EXPECT_LT(error.message().size(), kLongestErrorText + 100);
    EXPECT_LT(error.hint().size(), kLongestErrorText + 100);
    EXPECT_NE(error.message().find("62914560 bytes in all"), std::string::npos);
}

}  // namespace
}  // namespace cutover::model
