#include "scenarios/evidence/journal.h"

#include <gtest/gtest.h>

namespace cutover::scenarios {
namespace {

struct Heard {
    Evidence evidence;
    Observed observed;
    Journal journal{evidence, observed};

    void start() { journal.process_started("migrator.log"); }
    void kill() { journal.process_ended(std::nullopt, 9, true); }
};

TEST(Journal, KeepsWhatTheTriggersNeed) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"phase","phase":"full","at":"2026-11-21T09:30:00.500000Z"})");
    heard.journal.line(
        R"({"event":"progress","phase":"full","rows":41,"rows_total":100,"fraction":0.41})");
    heard.journal.line(R"({"event":"chunk","table":"a.b","number":3,"rows":50,"resumed":false})");
    heard.journal.line(
        R"({"event":"progress","phase":"incremental","transactions":12,"changes":40,"lag_ms":7})");
    EXPECT_EQ(heard.observed.phase, "full");
    EXPECT_DOUBLE_EQ(heard.observed.fraction, 0.41);
    EXPECT_EQ(heard.observed.chunks, 1u);
    EXPECT_EQ(heard.observed.transactions, 12u);
    EXPECT_EQ(heard.observed.lag, std::chrono::milliseconds(7));
    ASSERT_EQ(heard.evidence.phases.size(), 1u);
    EXPECT_EQ(heard.evidence.phases[0].at.time_since_epoch().count() % 1'000'000, 500'000);
}

TEST(Journal, NeverMovesAPhaseBackWhenAProcessBeginsAgain) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"phase","phase":"incremental"})");
    heard.kill();
    heard.start();
    heard.journal.line(R"({"event":"phase","phase":"schema"})");
    EXPECT_EQ(heard.observed.phase, "incremental");
}

TEST(Journal, TellsWhetherTheRunningProcessIsFailing) {
    Heard heard;
    heard.start();
    EXPECT_FALSE(heard.observed.failing);
    heard.journal.line(R"({"event":"retry","class":"connection","attempt":1})");
    EXPECT_TRUE(heard.observed.failing);
    heard.journal.line(R"({"event":"recovered","after_ms":12})");
    EXPECT_FALSE(heard.observed.failing);
    heard.journal.line(R"({"event":"retry","class":"connection","attempt":1})");
    heard.kill();
    heard.start();
    EXPECT_FALSE(heard.observed.failing);
}

TEST(Journal, CountsChunksThatWereCopiedAgain) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"chunk","table":"t","number":1,"rows":10})");
    heard.journal.line(R"({"event":"chunk","table":"t","number":2,"rows":10})");
    heard.kill();
    heard.start();
    heard.journal.line(R"({"event":"started","resumed":true,"epoch":2})");
    heard.journal.line(R"({"event":"chunk","table":"t","number":2,"rows":11})");
    heard.journal.line(R"({"event":"chunk","table":"t","number":3,"rows":10})");
    heard.journal.settle_rework();
    ASSERT_EQ(heard.evidence.resumes.size(), 1u);
    EXPECT_EQ(heard.evidence.resumes[0].chunks_done_before, 2u);
    EXPECT_EQ(heard.evidence.resumes[0].rows_done_before, 20u);
    EXPECT_EQ(heard.evidence.resumes[0].chunks_copied_again, 1u);
    EXPECT_EQ(heard.evidence.resumes[0].rows_copied_again, 11u);
}

TEST(Journal, KeepsATornLineAsText) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"chunk","table":"t","num)");
    ASSERT_EQ(heard.evidence.events.size(), 1u);
    EXPECT_EQ(heard.evidence.events[0].event, "text");
    EXPECT_TRUE(heard.evidence.chunks.empty());
}

TEST(Journal, TellsADeathOfItsOwnFromOneThatWasOrdered) {
    Heard heard;
    heard.start();
    heard.kill();
    EXPECT_FALSE(heard.observed.ended);
    heard.start();
    heard.journal.process_ended(14, std::nullopt, false);
    EXPECT_TRUE(heard.observed.ended);
}

TEST(Journal, DoesNotCallACrashOursBecauseAKillWasOrderedToo) {
    Heard heard;
    heard.start();
    heard.journal.process_ended(std::nullopt, 6, true);
    EXPECT_FALSE(heard.evidence.processes[0].killed_by_us);
    EXPECT_TRUE(heard.observed.ended);
    heard.start();
    heard.journal.process_ended(14, std::nullopt, true);
    EXPECT_FALSE(heard.evidence.processes[1].killed_by_us);
}

TEST(Journal, KeepsWhereAProcessSaidItWasGoingToDie) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"sync_point","point":"batch.applied","pass":4})");
    EXPECT_EQ(heard.evidence.processes[0].sync_point, "batch.applied:4");
}

TEST(Journal, KeepsTheEndThatAnErrorCameFrom) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"retry","code":"x.lost","attempt":1,"end":"source"})");
    heard.journal.line(R"({"event":"retry","code":"spill.failed","attempt":2})");
    heard.journal.line(R"({"event":"error","code":"x.gone","end":"destination"})");
    EXPECT_EQ(heard.evidence.retries[0].end, "source");
    EXPECT_EQ(heard.evidence.retries[1].end, "");
    EXPECT_EQ(heard.evidence.errors[0].end, "destination");
}

TEST(Journal, KeepsEachRecoveryOnceHoweverManyAttemptsItTook) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"retry","code":"connection.lost","attempt":1})");
    heard.journal.line(R"({"event":"retry","code":"connection.lost","attempt":2})");
    heard.journal.line(R"({"event":"recovered","after_ms":900})");
    ASSERT_EQ(heard.evidence.recoveries.size(), 1u);
    EXPECT_EQ(heard.evidence.recoveries[0].after, std::chrono::milliseconds(900));
    EXPECT_EQ(heard.observed.recoveries, 1u);
    EXPECT_TRUE(heard.evidence.retries[0].recovered);
    EXPECT_TRUE(heard.evidence.retries[1].recovered);
}

TEST(Journal, LetsNoProcessRecoverWhatAnEarlierOneWaitedFor) {
    Heard heard;
    heard.start();
    heard.journal.line(R"({"event":"retry","code":"connection.lost","attempt":1})");
    heard.kill();
    heard.start();
    heard.journal.line(R"({"event":"retry","code":"connection.lost","attempt":1})");
    heard.journal.line(R"({"event":"recovered","after_ms":10})");
    EXPECT_FALSE(heard.evidence.retries[0].recovered);
    EXPECT_TRUE(heard.evidence.retries[1].recovered);
    EXPECT_EQ(heard.evidence.recoveries.at(0).process, 2u);
}

}  // namespace
}  // namespace cutover::scenarios
