// The rules of the stamped copy, one by one, against a scripted source.
#include "migrator/stage/admission.h"

#include "migrator/stage/collapse.h"
#include "migrator/stage/row_repair.h"

#include <gtest/gtest.h>

#include "tests/unit/migrator/stage/scripted_source.h"

namespace cutover::stage {
namespace {

using model::ChunkReceipt;
using model::Tuple;

Tuple key(const std::string& text) {
    Tuple out;
    out.append(model::CellKind::text, text);
    return out;
}

model::TransactionId id(const std::string& text) {
    return {text, text};
}
model::Position at(int position) {
    return {std::to_string(position), ""};
}

ChunkReceipt chunk(const std::string& range, const std::string& seen, int settled) {
    ChunkReceipt receipt;
    receipt.chunk.range = {range, range};
    receipt.view = {{seen, ""}, at(settled)};
    return receipt;
}

class AdmissionTest : public ::testing::Test {
protected:
    AdmissionTest() {
        plan_.tables.resize(1);
        plan_.tables[0].key.columns = {{0, nullptr}};
        record_.origin = engine::CaptureOrigin{"", at(10)};
    }
    Admission admission(const std::vector<ChunkReceipt>& receipts) {
        return Admission(source_, plan_, record_, receipts, atomic_);
    }
    ScriptedSource source_;
    plan::Plan plan_;
    engine::TaskRecord record_;
    bool atomic_ = true;
};

TEST_F(AdmissionTest, AsksNothingWhileTheFirstViewLives) {
    const Admission live = admission({chunk("a", ",1,2,", 10), chunk("b", ",1,2,", 10)});
    EXPECT_FALSE(live.tolerant(0));
    EXPECT_TRUE(live.all_settled());
    EXPECT_FALSE(live.seen(0, key("a1"), id("2")));
}

TEST_F(AdmissionTest, DropsAChangeOnlyIfTheOwningChunkHadSeenIt) {
    const Admission resumed = admission({chunk("a", ",1,", 10), chunk("b", ",1,2,", 20)});
    EXPECT_FALSE(resumed.seen(0, key("a1"), id("2")));
    EXPECT_TRUE(resumed.seen(0, key("b1"), id("2")));
    EXPECT_FALSE(resumed.seen(0, key("b1"), id("3")));
}

TEST_F(AdmissionTest, GoesByWhatWasSeenNotByThePosition) {
    // Transaction 5 commits before the view's position and had not been seen by it: commit order is
    // not visibility order.
    const Admission resumed = admission({chunk("a", ",1,2,3,4,", 20)});
    EXPECT_FALSE(resumed.seen(0, key("a1"), id("5")));
}

ChunkReceipt read_again(int settled) {
    ChunkReceipt rows = chunk("", ",1,2,3,", settled);
    rows.chunk.range = read_again_range(7, rows.view);
    return rows;
}

/// What the view of rows that were read again had seen is no reason to drop a change: it only keeps
/// the table from being settled.
TEST_F(AdmissionTest, StaysTolerantForRowsThatWereReadAgain) {
    Admission live = admission({chunk("a", ",1,", 10)});
    live.add_view(0, read_again(30).view);
    // And the same from the stored receipts, after a crash.
    Admission restarted = admission({chunk("a", ",1,", 10), read_again(30)});
    for (Admission* each : {&live, &restarted}) {
        EXPECT_TRUE(each->tolerant(0));
        EXPECT_FALSE(each->seen(0, key("a7"), id("3")));
        EXPECT_EQ(each->truncate(0, id("3")), TruncateAdmission::apply);
        EXPECT_FALSE(each->due(at(29)));
        EXPECT_FALSE(each->advance(at(29)));
        EXPECT_TRUE(each->due(at(30)));
        EXPECT_TRUE(each->advance(at(30)));
        EXPECT_TRUE(each->all_settled());
    }
}

/// The farthest of several such views counts, in whatever order lanes report them.
TEST_F(AdmissionTest, IsNotSettledByAnEarlierViewThatIsReportedLater) {
    Admission resumed = admission({chunk("a", ",1,", 20)});
    resumed.add_view(0, read_again(40).view);
    resumed.add_view(0, read_again(30).view);
    EXPECT_FALSE(resumed.advance(at(39)));
    EXPECT_TRUE(resumed.advance(at(40)));
}

TEST_F(AdmissionTest, TakesEachStampApartOnce) {
    std::vector<ChunkReceipt> receipts;
    for (int number = 0; number < 50; ++number) {
        receipts.push_back(chunk(std::string(1, static_cast<char>('a' + number % 26)),
                                 number % 2 == 0 ? ",1," : ",1,2,", 20));
    }
    const Admission resumed = admission(receipts);
    for (int change = 0; change < 100; ++change) {
        EXPECT_FALSE(resumed.seen(0, key("a1"), id("3")));
    }
    EXPECT_EQ(source_.stamps_read(), 2);
}

TEST_F(AdmissionTest, SettlesEachTableAtItsOwnPosition) {
    plan_.tables.resize(2);
    plan_.tables[1].index = 1;
    plan_.tables[1].key.columns = {{0, nullptr}};
    ChunkReceipt other = chunk("a", ",1,", 20);
    other.chunk.table = 1;
    Admission resumed = admission({chunk("a", ",1,", 30), other});
    EXPECT_TRUE(resumed.due(at(20)));
    EXPECT_TRUE(resumed.advance(at(20)));
    EXPECT_FALSE(resumed.tolerant(1));
    EXPECT_TRUE(resumed.tolerant(0));
    EXPECT_FALSE(resumed.due(at(29)));
    EXPECT_TRUE(resumed.advance(at(30)));
}

TEST_F(AdmissionTest, IsSettledWhenTheLogHasPassedTheFarthestView) {
    Admission resumed = admission({chunk("a", ",1,", 20), chunk("b", ",1,2,", 30)});
    EXPECT_FALSE(resumed.advance(at(29)));
    EXPECT_TRUE(resumed.tolerant(0));
    EXPECT_TRUE(resumed.advance(at(30)));
    EXPECT_FALSE(resumed.tolerant(0));
    EXPECT_TRUE(resumed.all_settled());
    EXPECT_FALSE(resumed.seen(0, key("b1"), id("2")));
}

TEST_F(AdmissionTest, SendsBackATableThatWasTruncatedBetweenItsChunks) {
    EXPECT_EQ(admission({chunk("a", ",1,", 10), chunk("b", ",1,2,", 20)}).truncate(0, id("2")),
              TruncateAdmission::mixed);
    EXPECT_EQ(admission({chunk("a", ",1,2,", 20)}).truncate(0, id("2")), TruncateAdmission::drop);
    EXPECT_EQ(admission({chunk("a", ",1,", 20)}).truncate(0, id("2")), TruncateAdmission::apply);
}

/// What the first try of a chunk has left may be older than the view of the second.
TEST_F(AdmissionTest, GoesByTheFirstViewWhereWritesOfAFailedTryStay) {
    record_.copy_view = model::ChunkView{{",1,", ""}, at(10)};
    const std::vector<ChunkReceipt> receipts = {chunk("a", ",1,", 10), chunk("b", ",1,2,3,", 30)};
    EXPECT_TRUE(admission(receipts).seen(0, key("b1"), id("2")));
    atomic_ = false;
    const Admission resumed = admission(receipts);
    EXPECT_TRUE(resumed.seen(0, key("b1"), id("1")));
    EXPECT_FALSE(resumed.seen(0, key("b1"), id("2")));
    EXPECT_EQ(resumed.truncate(0, id("2")), TruncateAdmission::apply);
    EXPECT_EQ(resumed.truncate(0, id("1")), TruncateAdmission::drop);
}

TEST_F(AdmissionTest, IsTolerantAsFarAsBatchesHaveReachedBeyondTheMarker) {
    Admission fresh = admission({chunk("a", ",1,", 10)});
    EXPECT_FALSE(fresh.tolerant(0));
    record_.reach = at(25);
    Admission replaying = admission({chunk("a", ",1,", 10)});
    EXPECT_TRUE(replaying.tolerant(0));
    EXPECT_FALSE(replaying.all_settled());
    EXPECT_FALSE(replaying.advance(at(24)));
    EXPECT_TRUE(replaying.advance(at(25)));
    EXPECT_FALSE(replaying.tolerant(0));
}

}  // namespace
}  // namespace cutover::stage
