#include "scenarios/report/text.h"

#include <gtest/gtest.h>

namespace cutover::scenarios::report {
namespace {

using std::chrono::milliseconds;

TEST(Text, EscapesWhatHtmlAndXmlReserve) {
    EXPECT_EQ(escape("<a b=\"c\">'&'</a>"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    EXPECT_EQ(escape(std::string("a\0b\x1b\n\xc2\x9b\xe2\x80\xae", 10)),
              "a\\x00b\\x1b\n\\u009b\\u202e");
}

TEST(Text, GroupsDigits) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1'000), "1,000");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

TEST(Text, ShortensNumbers) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(0.25), "0.25");
    EXPECT_EQ(short_number(42), "42");
    EXPECT_EQ(short_number(999.6), "1.00 k");
    EXPECT_EQ(short_number(5'000), "5 k");
    EXPECT_EQ(short_number(77'900), "77.9 k");
    EXPECT_EQ(short_number(412'345), "412 k");
    EXPECT_EQ(short_number(1.834e6), "1.83 M");
}

TEST(Text, NamesDurationsInTheUnitThatFits) {
    EXPECT_EQ(duration(milliseconds(85)), "85 ms");
    EXPECT_EQ(duration(milliseconds(4'200)), "4.2 s");
    EXPECT_EQ(duration(milliseconds(192'000)), "3 min 12 s");
    EXPECT_EQ(duration_of_seconds(5 * 3600 + 420), "5 h 07 min");
    EXPECT_EQ(duration_of_seconds(86400 * 3 + 7200), "3 d 2 h");
}

TEST(Text, CountsTimeFromTheStart) {
    const model::Instant start{std::chrono::seconds(1000)};
    EXPECT_EQ(since(start, start + milliseconds(101'250)), "+01:41.2");
    EXPECT_EQ(since(start, start - milliseconds(500)), "−00:00.5");
}

TEST(Text, PrintsInstants) {
    const model::Instant at{std::chrono::microseconds(1'795'255'532'012'345)};
    EXPECT_EQ(rfc3339(at), "2026-11-21T10:05:32.012345Z");
    EXPECT_EQ(date_time(at), "2026-11-21 10:05:32 UTC");
}

TEST(Text, SaysBytesInDecimalUnits) {
    EXPECT_EQ(bytes(999), "999 B");
    EXPECT_EQ(bytes(7.5e6), "7.5 MB");
    EXPECT_EQ(bytes(213e9), "213 GB");
}

}  // namespace
}  // namespace cutover::scenarios::report
