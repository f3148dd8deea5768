#include "migrator/expression/moment.h"

#include <gtest/gtest.h>

namespace cutover::expression {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86400 * kSecond;

TEST(Moment, CountsDaysAsTheServerDoes) {
    EXPECT_EQ(parse_date("2000-01-01"), 0);
    EXPECT_EQ(parse_date("1970-01-01"), -10957);
    EXPECT_EQ(parse_date("2024-02-29"), 8825);
    EXPECT_EQ(parse_date("4714-11-24 BC"), -2451545);
    EXPECT_EQ(parse_date("5874897-12-31"), 2145031948);
    EXPECT_EQ(parse_date("0001-01-01").value() - parse_date("0001-12-31 BC").value(), 1);
}

TEST(Moment, ReadsTimesAndZones) {
    EXPECT_EQ(parse_moment("2000-01-02 00:00:01.5", Zone::none), kDay + kSecond * 3 / 2);
    EXPECT_EQ(parse_moment("2000-01-01", Zone::none), 0);
    EXPECT_EQ(parse_moment("2000-01-01 05:30:00+05:30", Zone::required), 0);
    EXPECT_EQ(parse_moment("1999-12-31 16:00:00-08", Zone::required), 0);
    EXPECT_EQ(parse_moment("2000-01-01 00:00:00Z", Zone::required), 0);
    EXPECT_EQ(parse_moment("infinity", Zone::required), kForever);
    EXPECT_EQ(parse_moment("294276-12-31 23:59:59.999999", Zone::none), 9223371331199999999);
}

TEST(Moment, RefusesWhatASessionWouldDecide) {
    for (const char* none :
         {"2026-1-1", "01/02/2026", "2026-02-29", "2026-13-01", "26-01-01", "0000-01-01", "today",
          "2026-01-01 10:00", "2026-01-01x", "5874898-01-01", "4714-11-23 BC", ""}) {
        EXPECT_FALSE(parse_date(none).has_value()) << none;
    }
    for (const char* none :
         {"2026-01-01 24:00:00", "2026-01-01 10", "2026-01-01 10:00:00.1234567",
          "2026-01-01 10:00:00+01", "2026-01-01T10:00:00", "294277-01-01 00:00:00", "now"}) {
        EXPECT_FALSE(parse_moment(none, Zone::none).has_value()) << none;
    }
    EXPECT_FALSE(parse_moment("2026-01-01 10:00:00", Zone::required).has_value());
    EXPECT_FALSE(parse_moment("2026-01-01", Zone::required).has_value());
    EXPECT_FALSE(parse_moment("2026-01-01 10:00:00+16", Zone::required).has_value());
}

TEST(Moment, ADayTooLateForAMomentIsLaterThanEach) {
    EXPECT_EQ(midnight(1), kDay);
    EXPECT_EQ(midnight(kForever), kForever);
    const std::int64_t late = midnight(parse_date("5874897-12-31").value());
    EXPECT_GT(late, parse_moment("294276-12-31 23:59:59.999999", Zone::none).value());
    EXPECT_LT(late, kForever);
}

}  // namespace
}  // namespace cutover::expression
