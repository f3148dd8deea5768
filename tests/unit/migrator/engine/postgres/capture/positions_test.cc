#include "migrator/engine/postgres/capture/positions.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::postgres {
namespace {

TEST(Positions, PrintAndParseLsns) {
    EXPECT_EQ(to_text(0x16B374D848), "16/B374D848");
    EXPECT_EQ(parse_lsn("16/B374D848"), 0x16B374D848u);
    EXPECT_EQ(parse_lsn("0/0"), 0u);
    for (const char* bad : {"", "/", "1/", "/1", "1", "1/2/3", "g/1", "1/ 2", "100000000/0"}) {
        EXPECT_FALSE(parse_lsn(bad)) << bad;
    }
}

TEST(Positions, CarryTheirTimelineInTheBytesOnly) {
    const model::Position position = to_position({3, 0x500});
    EXPECT_EQ(position.text, "0/500");
    EXPECT_EQ(to_log_point(position).timeline, 3u);
    EXPECT_EQ(to_log_point(position).lsn, 0x500u);
    EXPECT_THROW(to_log_point({"0/500", ""}), model::Error);
    EXPECT_THROW(to_log_point({"x:0/500", ""}), model::Error);
}

TEST(Snapshot, SeesWhatHadEnded) {
    const Snapshot snapshot = Snapshot::parse("10:20:12,15");
    EXPECT_TRUE(snapshot.sees(3));
    EXPECT_TRUE(snapshot.sees(10));
    EXPECT_FALSE(snapshot.sees(12));
    EXPECT_TRUE(snapshot.sees(14));
    EXPECT_FALSE(snapshot.sees(15));
    EXPECT_TRUE(snapshot.sees(19));
    EXPECT_FALSE(snapshot.sees(20));
    EXPECT_TRUE(Snapshot::parse("20:20:").sees(19));
    EXPECT_FALSE(Snapshot::parse("20:20:").sees(20));
    EXPECT_THROW(Snapshot::parse("20:20"), model::Error);
    EXPECT_THROW(Snapshot::parse("a:20:"), model::Error);
}

TEST(Widen, FindsTheNearestFullId) {
    constexpr Xid8 kEpoch = Xid8{1} << 32;
    EXPECT_EQ(widen(7, 100), 7u);
    EXPECT_EQ(widen(107, 100), 107u);
    EXPECT_EQ(widen(0xFFFFFFF0u, kEpoch + 5), kEpoch - 16);
    EXPECT_EQ(widen(5, kEpoch - 16), kEpoch + 5);
    EXPECT_EQ(widen(5, 7 * kEpoch + 100), 7 * kEpoch + 5);
    EXPECT_EQ(widen(0xFFFFFFF0u, 100), 0xFFFFFFF0u);  // there is no epoch before the first
}

TEST(TimelineHistory, HoldsWhatWasWrittenBeforeTheSwitch) {
    const TimelineHistory history(
        3, "1\t0/5000\tno recovery target specified\n\n2\t0/9000\tpromoted\n");
    EXPECT_TRUE(history.holds({1, 0x5000}));
    EXPECT_FALSE(history.holds({1, 0x5001}));
    EXPECT_TRUE(history.holds({2, 0x8FFF}));
    EXPECT_FALSE(history.holds({2, 0x9001}));
    EXPECT_TRUE(history.holds({3, 0xFFFFFF}));
    EXPECT_FALSE(history.holds({4, 0x1}));
    EXPECT_EQ(history.end_of(1), 0x5000u);
    EXPECT_FALSE(history.end_of(3));
    EXPECT_THROW(TimelineHistory(2, "1 x/y z"), model::Error);
}

}  // namespace
}  // namespace cutover::postgres
