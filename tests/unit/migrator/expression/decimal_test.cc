#include "migrator/expression/decimal.h"

#include <gtest/gtest.h>

namespace cutover::expression {
namespace {

Decimal number(const char* text) {
    return Decimal::parse(text).value();
}

std::string after(Fault (*apply)(const Decimal&, const Decimal&, Decimal&), const char* left,
                  const char* right) {
    Decimal out;
    const Fault fault = apply(number(left), number(right), out);
    return fault == Fault::none ? out.text() : fault == Fault::division_by_zero ? "/0" : "beyond";
}

TEST(Decimal, KeepsEveryDigit) {
    EXPECT_EQ(number("-00012345678901234567890.0500").text(), "-12345678901234567890.0500");
    EXPECT_EQ(number("1.5e-3").text(), "0.0015");
    EXPECT_EQ(number("2.5e3").text(), "2500");
    EXPECT_EQ(Decimal::of(INT64_MIN).text(), "-9223372036854775808");
    EXPECT_EQ(after(Decimal::add, "99999999999999999999", "0.01"), "99999999999999999999.01");
    EXPECT_EQ(after(Decimal::subtract, "1", "1.000000000000000001"), "-0.000000000000000001");
    EXPECT_EQ(after(Decimal::multiply, "-123456789012345678", "987654321098765432"),
              "-121932631137021794322511812221002896");
}

/// What a server of version 17 says.
TEST(Decimal, DividesToAsManyDigitsAsTheServer) {
    EXPECT_EQ(after(Decimal::divide, "1", "3"), "0.33333333333333333333");
    EXPECT_EQ(after(Decimal::divide, "10000", "3"), "3333.3333333333333333");
    EXPECT_EQ(after(Decimal::divide, "-2", "3"), "-0.66666666666666666667");
    EXPECT_EQ(after(Decimal::divide, "12345678901234567890.5", "7"), "1763668414462081127.2");
}

TEST(Decimal, TheRestHasTheSignOfTheDividend) {
    EXPECT_EQ(after(Decimal::modulo, "-7.5", "2"), "-1.5");
    EXPECT_EQ(after(Decimal::modulo, "7", "-2.50"), "2.00");
}

TEST(Decimal, KnowsWhatIsNoNumber) {
    EXPECT_EQ(after(Decimal::divide, "1", "0.00"), "/0");
    EXPECT_EQ(after(Decimal::divide, "Infinity", "0"), "/0");
    EXPECT_EQ(after(Decimal::divide, "NaN", "0"), "NaN");
    EXPECT_EQ(after(Decimal::subtract, "Infinity", "Infinity"), "NaN");
    EXPECT_EQ(after(Decimal::multiply, "-Infinity", "0"), "NaN");
    EXPECT_EQ(after(Decimal::divide, "5", "-Infinity"), "0");
    EXPECT_GT(Decimal::compare(number("NaN"), number("Infinity")), 0);
    EXPECT_EQ(Decimal::compare(number("NaN"), number("NaN")), 0);
    EXPECT_LT(Decimal::compare(number("-Infinity"), number("-1e100")), 0);
}

TEST(Decimal, EndsWhereTheServersNumbersEnd) {
    const std::string large = "9" + std::string(131071, '0');
    EXPECT_TRUE(Decimal::parse(large).has_value());
    EXPECT_FALSE(Decimal::parse(large + "0").has_value());
    EXPECT_EQ(after(Decimal::add, large.c_str(), large.c_str()), "beyond");
    for (const char* none : {"", "-", ".", "1e", "1e99999", "0x1", "1 ", "inf", "--1", "1e+-3"}) {
        EXPECT_FALSE(Decimal::parse(none).has_value()) << none;
    }
}

TEST(Decimal, BecomesTheNearestDouble) {
    EXPECT_EQ(number("0.1").to_double(), 0.1);
    EXPECT_EQ(number("9007199254740993").to_double(), 9007199254740992.0);
    EXPECT_FALSE(number("1e400").to_double().has_value());
    EXPECT_FALSE(number("1e-400").to_double().has_value());
    EXPECT_EQ(number("0e-400").to_double(), 0.0);
}

}  // namespace
}  // namespace cutover::expression
