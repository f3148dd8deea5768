// What a rehearsal reads out of the answers of `finish` and `status`, and what it holds against
// them.
#include <gtest/gtest.h>

#include "scenarios/assertion/assertion.h"
#include "scenarios/evidence/cutover_answer.h"

namespace cutover::scenarios {
namespace {

constexpr const char* kRefused =
    R"x({"ok":false,"outcome":"refused","error":"the source is still being written to: work.t; process 7 (application 'shop')"})x";
constexpr const char* kCutOver =
    R"x({"ok":true,"outcome":"cut_over","answer":"cut over: ...\nsource fence: none","evidence":{"quiet_seconds":10.0,"source_fence":"triggers","sessions_total":2,"late":{"transactions":0,"first":[]}}})x";
constexpr const char* kLate =
    R"x({"outcome":"late_write","answer":"LATE WRITE","evidence":{"quiet_seconds":1.0,"late":{"transactions":1,"first":[{"table":"work.t","change":"update","key":"id = 1"}]}}})x";

CutoverAnswer beside(CutoverAnswer answer) {
    answer.beside_writers = true;
    return answer;
}

bool holds_of_cutover(const std::string& name, const Evidence& evidence,
                      const std::map<std::string, std::string>& with = {}) {
    const AssertionChoice choice{name, with, 1};
    EXPECT_EQ(assertion_mistake(choice), "");
    return judge_assertion(choice, evidence).passed;
}

/// Refused beside writers, cut over when they had stopped.
Evidence quiet() {
    Evidence evidence;
    evidence.finishes = {beside(cutover_answer("finish", 13, kRefused)),
                         cutover_answer("finish", 0, kCutOver)};
    evidence.after_cutover = cutover_answer("status", 0, kCutOver);
    evidence.verify.exit_code = 0;
    evidence.ledger.checks = {{"append.lost", "destination", true, "", {}}};
    return evidence;
}

/// Cut over beside writers, who went on.
Evidence late() {
    Evidence evidence = quiet();
    evidence.finishes = {beside(cutover_answer("finish", 0, kCutOver))};
    evidence.after_cutover = cutover_answer("status", 1, kLate);
    evidence.verify.exit_code = 1;
    evidence.ledger.checks[0].passed = false;
    return evidence;
}

TEST(CutoverAnswer, ReadsTheLastObjectAmongOtherLines) {
    const CutoverAnswer answer =
        cutover_answer("status", 1, std::string("a word before\n") + kLate + "\n");
    EXPECT_EQ(answer.outcome, "late_write");
    EXPECT_EQ(answer.late_transactions, 1u);
    EXPECT_EQ(answer.late, (std::vector<std::string>{"update work.t (id = 1)"}));
    EXPECT_EQ(cutover_answer("finish", 0, kCutOver).source_fence, "triggers");
    EXPECT_EQ(cutover_answer("finish", std::nullopt, "no such file").outcome, "");
}

TEST(CutoverTold, HoldsForARefusalAndForALateWriteThatAllTell) {
    EXPECT_TRUE(holds_of_cutover("cutover_told", quiet()));
    EXPECT_TRUE(holds_of_cutover("cutover_told", late()));
    EXPECT_TRUE(holds_of_cutover("finish_refused", quiet(), {{"naming", "work.t"}}));
    EXPECT_TRUE(holds_of_cutover("late_write_told", late(), {{"row", "work.t (id = 1)"}}));
}

TEST(CutoverTold, FailsWhereSomethingIsMissingInSilence) {
    Evidence evidence = late();
    evidence.after_cutover = quiet().after_cutover;
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "status knows of nothing";
    evidence = late();
    evidence.verify.exit_code = 0;
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "the judge says consistent";
    evidence = late();
    evidence.after_cutover.reset();
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "status was not asked";
    evidence = late();
    evidence.after_cutover->late.clear();
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "no row is named";
    evidence = quiet();
    evidence.verify.exit_code = 1;
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "rows differ and nobody tells why";
}

TEST(CutoverTold, FailsWhereAnAnswerIsNoneOfTheThree) {
    Evidence evidence = quiet();
    evidence.finishes[0].outcome.clear();
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence));
    evidence = quiet();
    evidence.finishes[0].text = "somebody writes";
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "it names nobody";
    evidence = quiet();
    evidence.finishes[1].quiet_seconds = 0;
    evidence.finishes[1].source_fence.clear();
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "it rests on nothing";
    evidence = quiet();
    evidence.finishes[0].beside_writers = false;
    EXPECT_FALSE(holds_of_cutover("cutover_told", evidence)) << "nobody wrote beside it";
}

TEST(FinishRefused, FailsWhereOneBesideWritersWasNot) {
    EXPECT_FALSE(holds_of_cutover("finish_refused", late()));
    EXPECT_FALSE(holds_of_cutover("finish_refused", quiet(), {{"naming", "work.other"}}));
    EXPECT_FALSE(holds_of_cutover("finish_refused", quiet(), {{"least", "2"}}));
}

TEST(LateWriteTold, FailsForAnotherRow) {
    EXPECT_FALSE(holds_of_cutover("late_write_told", late(), {{"row", "work.t (id = 2)"}}));
    EXPECT_FALSE(holds_of_cutover("late_write_told", quiet(), {{"row", "work.t"}}));
}

TEST(SourceFenced, AsksForWritersThatFeltIt) {
    Evidence evidence = quiet();
    WorkloadRecord workload;
    workload.failed = 3;
    evidence.workloads = {workload};
    EXPECT_TRUE(holds_of_cutover("source_fenced", evidence));
    evidence.workloads[0].failed = 0;
    EXPECT_FALSE(holds_of_cutover("source_fenced", evidence));
    evidence = quiet();
    evidence.finishes.back().source_fence.clear();
    EXPECT_FALSE(holds_of_cutover("source_fenced", evidence));
}

}  // namespace
}  // namespace cutover::scenarios
