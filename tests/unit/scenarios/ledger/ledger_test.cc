// The oracle of acknowledged writes: what it calls lost, phantom, partial and doubled.
#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/ledger/judge.h"

namespace cutover::scenarios {
namespace {

/// A ledger with one writer whose transactions 1.. had these outcomes.
void fill(Ledger& ledger, const std::vector<WriteOutcome>& outcomes) {
    for (const WriteOutcome outcome : outcomes) {
        const WriteNumber number = *ledger.begin(0);
        if (outcome != WriteOutcome::pending) {
            ledger.settle(0, number, outcome);
        }
    }
}

void see_both_parts(TransactionTally& tally, WriteNumber number, WriteNumber previous) {
    tally.see(0, 0, number, previous);
    tally.see(1, 0, number, previous);
}

const Check& find(const LedgerRecord& record, const std::string& name, const std::string& side) {
    const auto found =
        std::find_if(record.checks.begin(), record.checks.end(),
                     [&](const Check& check) { return check.name == name && check.side == side; });
    EXPECT_NE(found, record.checks.end()) << name << " at " << side;
    return *found;
}

std::vector<std::string> failed_checks(const LedgerRecord& record) {
    std::vector<std::string> names;
    for (const Check& check : record.checks) {
        if (!check.passed) {
            names.push_back(check.name + "@" + check.side);
        }
    }
    return names;
}

using Names = std::vector<std::string>;
constexpr auto kKept = SourceDurability::kept;
constexpr auto kMayLose = SourceDurability::may_lose;

TEST(Ledger, NumbersWritesOfAWriterFromOneWithoutGaps) {
    Ledger ledger(2);
    EXPECT_EQ(ledger.begin(0), 1U);
    EXPECT_EQ(ledger.begin(1), 1U);
    EXPECT_EQ(ledger.begin(0), 2U);
    EXPECT_EQ(ledger.last(0), 2U);
    EXPECT_EQ(ledger.last(1), 1U);
    EXPECT_EQ(ledger.outcome(0, 2), WriteOutcome::pending);
}

TEST(Ledger, CountsOutcomes) {
    Ledger ledger(1);
    fill(ledger, {WriteOutcome::ok, WriteOutcome::ok, WriteOutcome::failed, WriteOutcome::unknown,
                  WriteOutcome::pending});
    const LedgerCounts counts = ledger.counts();
    EXPECT_EQ(counts.ok, 2U);
    EXPECT_EQ(counts.failed, 1U);
    EXPECT_EQ(counts.unknown, 1U);
    EXPECT_EQ(counts.pending, 1U);
    EXPECT_EQ(ledger.outcome(0, 3), WriteOutcome::failed);
}

TEST(Ledger, CountsWhatEachWriterWasTold) {
    Ledger ledger(3);
    fill(ledger, {WriteOutcome::ok, WriteOutcome::failed, WriteOutcome::ok});
    const auto other = ledger.begin(2);
    ledger.settle(2, *other, WriteOutcome::ok);
    EXPECT_EQ(ledger.acknowledged(), (std::vector<std::uint64_t>{2, 0, 1}));
}

TEST(Ledger, RefusesWritesBeyondItsBound) {
    Ledger ledger(1, 2);
    EXPECT_TRUE(ledger.begin(0).has_value());
    EXPECT_TRUE(ledger.begin(0).has_value());
    EXPECT_FALSE(ledger.begin(0).has_value());
}

TEST(Ledger, KeepsAMillionWritesInLittleMemory) {
    PackedCounts counts;
    for (std::uint64_t index = 1; index <= 1'000'000; ++index) {
        counts.set(index, index % 4);
    }
    EXPECT_EQ(counts.get(999'999), 999'999 % 4);
    EXPECT_LT(counts.footprint(), 1'000'000U);
}

TEST(LedgerDeathTest, EndsTheProcessWhenAWriteIsSettledTwice) {
    Ledger ledger(1);
    fill(ledger, {WriteOutcome::ok});
    EXPECT_DEATH(ledger.settle(0, 1, WriteOutcome::failed), "pending");
}

struct LedgerJudge : testing::Test {
    Ledger ledger{1};
};

TEST_F(LedgerJudge, PassesWhenBothEndsHaveExactlyTheAcknowledgedWrites) {
    fill(ledger,
         {WriteOutcome::ok, WriteOutcome::failed, WriteOutcome::unknown, WriteOutcome::unknown});
    TransactionTally source(ledger, 2);
    TransactionTally destination(ledger, 2);
    for (TransactionTally* tally : {&source, &destination}) {
        see_both_parts(*tally, 1, 0);
        see_both_parts(*tally, 3, 1);  // one of the unknown came through, the other did not
    }
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record), Names{});
    EXPECT_EQ(record.acknowledged, 1U);
    EXPECT_EQ(record.unknown, 2U);
    EXPECT_EQ(record.unknown_present, 1U);
}

TEST_F(LedgerJudge, CallsAnAcknowledgedWriteLostWhenTheDestinationHasItNot) {
    fill(ledger, {WriteOutcome::ok, WriteOutcome::ok});
    TransactionTally source(ledger);
    TransactionTally destination(ledger);
    source.see(0, 0, 1, 0);
    source.see(0, 0, 2, 1);
    destination.see(0, 0, 1, 0);
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record),
              (Names{"ledger.lost@destination", "ledger.missing@destination"}));
    EXPECT_EQ(find(record, "ledger.lost", "destination").samples, Names{"writer 0 number 2"});
}

TEST_F(LedgerJudge, CallsARolledBackWriteThatIsThereAPhantom) {
    fill(ledger, {WriteOutcome::failed});
    TransactionTally source(ledger);
    TransactionTally destination(ledger);
    destination.see(0, 0, 1, 0);
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record),
              (Names{"ledger.phantom@destination", "ledger.extra@destination"}));
}

TEST_F(LedgerJudge, SeesHalfATransaction) {
    fill(ledger, {WriteOutcome::unknown});
    TransactionTally source(ledger, 2);
    TransactionTally destination(ledger, 2);
    see_both_parts(source, 1, 0);
    destination.see(0, 0, 1, 0);
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record), Names{"ledger.partial@destination"});
}

TEST_F(LedgerJudge, SeesARowAppliedTwice) {
    fill(ledger, {WriteOutcome::unknown});
    TransactionTally source(ledger, 2);
    TransactionTally destination(ledger, 2);
    see_both_parts(source, 1, 0);
    see_both_parts(destination, 1, 0);
    destination.see(1, 0, 1, 0);
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record), Names{"ledger.doubled@destination"});
}

TEST_F(LedgerJudge, KnowsThatAnUnknownWriteWasCommittedWhenALaterOneSawIt) {
    fill(ledger, {WriteOutcome::unknown, WriteOutcome::ok});
    TransactionTally source(ledger);
    TransactionTally destination(ledger);
    for (TransactionTally* tally : {&source, &destination}) {
        tally->see(0, 0, 2, 1);
    }
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record), (Names{"ledger.lost@source", "ledger.lost@destination"}));
}

TEST_F(LedgerJudge, HoldsTheDestinationAgainstTheSourceWhenTheSourceMayLose) {
    fill(ledger, {WriteOutcome::ok, WriteOutcome::ok});
    TransactionTally source(ledger);
    TransactionTally faithful(ledger);
    TransactionTally ahead(ledger);
    source.see(0, 0, 1, 0);
    faithful.see(0, 0, 1, 0);
    ahead.see(0, 0, 1, 0);
    ahead.see(0, 0, 2, 1);
    const LedgerRecord record = judge_ledger("ledger", ledger, source, faithful, kMayLose);
    EXPECT_EQ(failed_checks(record), Names{});
    EXPECT_EQ(find(record, "ledger.lost", "source").detail,
              "1 committed transactions are not there (allowed)");
    EXPECT_EQ(record.lost_by_source, 1U);
    LedgerRecord total;
    add_to(total, record);
    add_to(total, record);
    EXPECT_EQ(total.lost_by_source, 2U);
    EXPECT_EQ(judge_ledger("ledger", ledger, source, faithful, kKept).lost_by_source, 0U)
        << "not allowed: it is a failed check";
    EXPECT_EQ(failed_checks(judge_ledger("ledger", ledger, source, ahead, kMayLose)),
              Names{"ledger.extra@destination"});
    EXPECT_EQ(failed_checks(judge_ledger("ledger", ledger, source, faithful, kKept)),
              (Names{"ledger.lost@source", "ledger.lost@destination"}));
}

TEST_F(LedgerJudge, CountsRowsThatNoWriterWrote) {
    fill(ledger, {WriteOutcome::ok});
    TransactionTally source(ledger);
    TransactionTally destination(ledger);
    for (TransactionTally* tally : {&source, &destination}) {
        tally->see(0, 0, 1, 0);
    }
    destination.see(0, 7, 1, 0);  // no such writer
    destination.see(0, 0, 2, 1);  // never given out
    destination.see(0, 0, 1, 1);  // sees itself
    const LedgerRecord record = judge_ledger("ledger", ledger, source, destination, kKept);
    EXPECT_EQ(failed_checks(record), Names{"ledger.stranger@destination"});
}

TEST_F(LedgerJudge, JoinsTheRecordsOfSeveralWorkloads) {
    fill(ledger, {WriteOutcome::ok, WriteOutcome::failed});
    TransactionTally tally(ledger);
    tally.see(0, 0, 1, 0);
    LedgerRecord total;
    add_to(total, judge_ledger("bank", ledger, tally, tally, kKept));
    add_to(total, judge_ledger("ring", ledger, tally, tally, kKept));
    EXPECT_TRUE(total.kept);
    EXPECT_EQ(total.acknowledged, 2U);
    EXPECT_EQ(total.failed, 2U);
    EXPECT_EQ(total.checks.size(), 24U);
}

}  // namespace
}  // namespace cutover::scenarios
