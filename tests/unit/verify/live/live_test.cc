// The live mode over ends in memory: positions, markers and row versions are scripted, and so is
// the waiting. What must never happen is a verdict on a row that may only be on its way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/verify_text.h"
#include "tests/unit/verify/fake_end.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;

struct LiveTest : testing::Test {
    LiveTest() {
        for (int id = 1; id <= 5; ++id) {
            here().push_back(simple_row(id, "v" + std::to_string(id)));
        }
        there() = here();
        source.moment = {10, 1, 1};
        destination.applied = {true, "", "incremental", place(10)};
        options.asked = true;
        options.task = "t";
        options.wait = std::chrono::seconds(1);
        options.keys = 100;
        options.rounds = 3;
        options.pause = [this](std::chrono::milliseconds pause) {
            waited += pause;
            if (on_pause) {
                on_pause();
            }
        };
    }
    std::vector<WireRow>& here() { return source.tables[0].rows; }
    std::vector<WireRow>& there() { return destination.tables[0].rows; }
    Request request() {
        Request request;
        use(request, source, destination);
        request.structure = request.sequences = false;
        request.seed = 7;
        request.live = options;
        return request;
    }
    Result compare() { return run(request()); }
    /// Runs `step(n)` before the n-th snapshot that the rounds take of an end.
    static void script(FakeDatabase& database, std::function<void(int)> step) {
        auto count = std::make_shared<int>(0);
        database.before_snapshot = [count, step = std::move(step)] { step(++*count); };
    }

    FakeDatabase source{{simple_table()}, {}};
    FakeDatabase destination{{simple_table()}, {}};
    LiveOptions options;
    std::function<void()> on_pause;
    std::chrono::milliseconds waited{0};
};

std::vector<std::string> keys(const Result& result, RowVerdict verdict) {
    std::vector<std::string> out;
    for (const RowSample& sample : result.tables.at(0).samples) {
        if (sample.verdict == verdict) {
            out.push_back(sample.key);
        }
    }
    return out;
}

TEST_F(LiveTest, FindsRowsEqualOnceTheyHaveArrived) {
    there()[2][1] = "old";
    there().pop_back();
    there().push_back(simple_row(9, "deleted at the source"));
    destination.applied.position = place(3);
    on_pause = [this] {
        destination.applied.position = place(10);
        there() = here();
    };
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(result.proof, Proof::positional);
    EXPECT_EQ(result.live.candidates, 3u);
    EXPECT_EQ(result.live.equal, 2u);
    EXPECT_EQ(result.live.gone, 1u);
    EXPECT_EQ(result.rows.equal, 5u);
    EXPECT_EQ(result.rows.source, 5u);
    EXPECT_EQ(result.rows.destination, 5u);
    EXPECT_THAT(result.tables[0].samples, testing::IsEmpty());
}

TEST_F(LiveTest, LeavesRowsPendingIfTheMarkerStands) {
    there()[2][1] = "old";
    there().pop_back();
    destination.applied.position = place(9);
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(exit_code(result.verdict), 2);
    EXPECT_EQ(result.rows.pending, 2u);
    EXPECT_EQ(result.rows.findings(), 2u) << text_of(result);
    EXPECT_THAT(keys(result, RowVerdict::pending), ElementsAre("(id=3)", "(id=5)"));
    EXPECT_THAT(result.live.gave_up, HasSubstr("stood at 9"));
    EXPECT_EQ(waited, options.wait);
}

TEST_F(LiveTest, WaitsHoweverLongWhileTheMarkerMoves) {
    there()[2][1] = "old";
    source.moment.position = 100;
    destination.applied.position = place(0);
    int applied = 0;
    int pauses = 0;
    on_pause = [&] {
        if (++pauses % 9 == 0) {  // just before it would be given up
            destination.applied.position = place(++applied);
        }
        if (applied == 100) {
            there() = here();
        }
    };
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    EXPECT_GT(waited, options.wait * 50);
}

TEST_F(LiveTest, ProvesADifferenceByPositions) {
    there()[2][1] = "foreign";
    there().pop_back();
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::inconsistent);
    EXPECT_THAT(keys(result, RowVerdict::different), ElementsAre("(id=3)"));
    EXPECT_THAT(keys(result, RowVerdict::missing), ElementsAre("(id=5)"));
    EXPECT_EQ(result.live.rounds, 1u);
    EXPECT_EQ(result.rows.pending, 0u);
    EXPECT_EQ(result.tables[0].differing_columns.at("v"), 1u);
    EXPECT_THAT(result.tables[0].samples[0].evidence, HasSubstr("destination had applied 10"));
    EXPECT_EQ(waited.count(), 0);
}

TEST_F(LiveTest, BlamesNoRowThatChangesMeanwhile) {
    there()[2][1] = "old";
    // In the first rounds the row changes, and the change is applied, between the two readings.
    script(destination, [this](int view) {
        if (view <= 5) {
            here()[2][1] = "value " + std::to_string(view);
            there() = here();
            source.moment.position = 10 + view;
            destination.applied.position = place(10 + view);
        }
    });
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(result.live.equal, 1u);
    EXPECT_EQ(result.live.rounds, 5u);
}

TEST_F(LiveTest, IsNotFooledByARowThatComesBack) {
    // a -> b -> a at the source; the destination is read in between.
    source.tables[0].versions[here()[2][0]] = {true, "1"};
    there()[2][1] = "b";
    script(source, [this](int view) {
        if (view == 2) {
            source.tables[0].versions[here()[2][0]] = {true, "3"};
        }
    });
    script(destination, [this](int view) {
        if (view == 3) {
            there()[2] = here()[2];
        }
    });
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(result.live.rounds, 2u);
}

TEST_F(LiveTest, BlamesNoRowThatAnUnseenCommitMayHaveChanged) {
    there()[2][1] = "committed, applied, not yet to be seen at the source";
    source.tables[0].versions[here()[2][0]] = {false, "1"};
    source.moment = {10, 5, 8};
    const Result unseen = compare();
    EXPECT_EQ(unseen.verdict, Verdict::could_not_tell) << text_of(unseen);
    EXPECT_EQ(unseen.rows.pending, 1u);
    source.moment = {10, 8, 8};
    EXPECT_EQ(compare().rows.different, 1u);
    source.moment = {10, 5, 8};
    source.tables[0].versions[here()[2][0]] = {true, "1"};
    EXPECT_EQ(compare().rows.different, 1u) << "nobody has touched the row at all";
}

TEST_F(LiveTest, NeedsTheSameRowTwiceToCallItExtra) {
    there().push_back(simple_row(9, "foreign"));
    const Result result = compare();
    EXPECT_EQ(result.rows.extra, 1u) << text_of(result);
    EXPECT_EQ(result.live.rounds, 2u);
    EXPECT_THAT(result.tables[0].samples[0].evidence, HasSubstr("not at the source"));

    // A row that comes and goes at the source is another one each time.
    script(destination, [this](int view) {
        destination.tables[0].versions[there()[5][0]] = {true, std::to_string(view)};
        if (view == 6) {
            there().pop_back();
            destination.before_snapshot = {};
        }
    });
    const Result moving = compare();
    EXPECT_EQ(moving.verdict, Verdict::consistent) << text_of(moving);
    EXPECT_EQ(moving.live.gone, 1u);
}

TEST_F(LiveTest, JudgesNothingWhileTheCopyRuns) {
    there().pop_back();
    destination.applied.phase = "full";
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_THAT(result.live.gave_up, HasSubstr("phase `full`"));
    EXPECT_EQ(waited.count(), 0);
}

TEST_F(LiveTest, GivesUpOnATableWithTooManyDifferences) {
    for (WireRow& row : there()) {
        row[1] = "x";
    }
    options.keys = 4;
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.rows.pending, 5u);
    EXPECT_THAT(result.tables[0].reason, HasSubstr("too many differences while live"));
    options.keys = 5;
    EXPECT_EQ(compare().rows.different, 5u);
}

TEST_F(LiveTest, LeavesTablesWithoutAKeyPendingUnlessTheyAreEqual) {
    source.tables[0].shape.unique_keys.clear();
    destination.tables[0].shape.unique_keys.clear();
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    there().pop_back();
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.rows.pending, 1u);
    EXPECT_EQ(result.rows.missing, 0u);
    EXPECT_THAT(result.tables[0].reason, HasSubstr("without a key"));
    EXPECT_THAT(keys(result, RowVerdict::pending), ElementsAre("(id=5, v=v5)"));
}

TEST_F(LiveTest, SettlesWithoutAMarkerAndSaysThatNothingIsProved) {
    destination.applied = {};
    destination.busy = true;
    there()[2][1] = "foreign";
    const Result result = compare();
    EXPECT_EQ(result.rows.different, 1u) << text_of(result);
    EXPECT_EQ(result.live.rounds, 4u) << "three in which nothing has moved, after one to see it";
    EXPECT_EQ(result.proof, Proof::settled);
    EXPECT_THAT(result.proof_detail, HasSubstr("not proved"));

    script(destination, [this](int view) {
        if (view == 4) {
            there() = here();
        }
    });
    const Result arrived = compare();
    EXPECT_EQ(arrived.verdict, Verdict::consistent);
    EXPECT_EQ(arrived.proof, Proof::settled);
}

TEST_F(LiveTest, CountsNoRoundsWithoutAMarkerIfNobodyWritesThere) {
    destination.applied = {};
    there()[2][1] = "foreign";
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.rows.pending, 1u);
    EXPECT_THAT(result.live.gave_up, HasSubstr("nobody has written"));
}

TEST_F(LiveTest, ProvesNothingByAnEndWithoutAWitness) {
    destination.busy = true;
    there()[2][1] = "foreign";
    there().push_back(simple_row(9, "foreign, too"));
    for (FakeDatabase* const without : {&source, &destination}) {
        source.has_witness = destination.has_witness = true;
        without->has_witness = false;
        for (const bool asked : {true, false}) {
            options.asked = asked;
            const Result result = compare();
            EXPECT_EQ(result.rows.different, 1u) << text_of(result);
            EXPECT_EQ(result.rows.extra, 1u);
            EXPECT_EQ(result.live.rounds, 4u);
            EXPECT_EQ(result.proof, Proof::settled);
            EXPECT_FALSE(result.live.positional);
            EXPECT_THAT(result.proof_detail,
                        HasSubstr(without == &source
                                      ? "not proved: the source cannot show positions"
                                      : "not proved: the destination cannot show positions"));
            EXPECT_THAT(result.tables[0].samples[0].evidence, HasSubstr("in 3 rounds"));
        }
    }
}

TEST_F(LiveTest, SettlesNothingWithoutAWitnessThatIsOnItsWay) {
    source.has_witness = false;
    destination.busy = true;
    there()[2][1] = "old";
    there().pop_back();
    script(destination, [this](int view) {
        if (view < 9) {  // its content changes, which is all that there is to see
            there()[2][1] = "older " + std::to_string(view);
            here()[4][1] = "newer " + std::to_string(view);
        } else {
            there() = here();
        }
    });
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(result.proof, Proof::settled);
}

TEST_F(LiveTest, JudgesNothingWithoutAWitnessWhileTheCopyRuns) {
    source.has_witness = false;
    destination.busy = true;
    destination.applied.phase = "full";
    there().pop_back();
    const Result copying = compare();
    EXPECT_EQ(copying.verdict, Verdict::could_not_tell);
    EXPECT_THAT(copying.live.gave_up, HasSubstr("phase `full`"));
    destination.applied.phase = "incremental";
    destination.busy = false;
    EXPECT_THAT(compare().live.gave_up, HasSubstr("and the source cannot show positions"));
}

TEST_F(LiveTest, ShowsEvidenceThatIsNoTextAsHex) {
    EXPECT_EQ(Evidence("1:0/3000").shown(), "1:0/3000");
    EXPECT_EQ(Evidence(std::string("\x82\x00z", 3)).shown(), "0x82007a");
    EXPECT_EQ(Evidence("two\nlines").shown(), "0x74776f0a6c696e6573");
    EXPECT_EQ(Evidence().shown(), "");
    destination.applied = {true, "", "finished", Evidence("\x01\x02")};
    EXPECT_THAT(compare().proof_detail, HasSubstr("everything up to 0x0102 is in"));
}

TEST_F(LiveTest, LeavesRowsPendingOfATableThatCouldNotBeRead) {
    for (FakeDatabase* database : {&source, &destination}) {
        database->tables[0].shape.columns[0].nullable = false;
        database->tables[0].cuts = {4};
    }
    there()[2][1] = "on its way";
    destination.tables[0].unreadable_from = 4;
    Request cut = request();
    cut.jobs = 2;
    const Result result = run(cut);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell) << text_of(result);
    EXPECT_EQ(result.rows.different, 0u);
    EXPECT_EQ(result.rows.pending, 1u);
    EXPECT_EQ(result.live.pending, 1u);
    EXPECT_THAT(result.tables[0].reason, HasSubstr("broken page"));
    cut.live.asked = false;
    destination.applied.phase = "finished";
    EXPECT_EQ(run(cut).verdict, Verdict::inconsistent);
}

TEST_F(LiveTest, LeavesATablePendingWhoseRowsItCannotReadAgain) {
    there()[2][1] = "old";
    source.tables[0].refuses_keys = true;
    const Result refused = compare();
    EXPECT_EQ(refused.verdict, Verdict::could_not_tell) << text_of(refused);
    EXPECT_EQ(refused.rows.pending, 1u);
    EXPECT_THAT(refused.tables[0].reason, HasSubstr("no such key"));

    source.tables[0].refuses_keys = false;
    source.tables[0].loses_keys = destination.tables[0].loses_keys = true;
    Result lost = compare();
    EXPECT_EQ(lost.rows.pending, 1u) << "a row that is not found again is not a row that is gone";
    EXPECT_EQ(lost.live.gone, 0u);
    const std::string key = lost.tables.at(0).samples.at(0).key;
    ASSERT_THAT(text_of(lost), HasSubstr("the row " + key + " was not found"));
    mask_values(lost);
    EXPECT_THAT(text_of(lost), testing::Not(HasSubstr(key)));
}

TEST_F(LiveTest, LeavesATableAloneThatFailsInTheRounds) {
    there()[2][1] = "old";
    script(source, [this](int) { source.tables[0].refuses_keys = true; });
    const Result result = compare();
    EXPECT_EQ(result.rows.pending, 1u) << text_of(result);
    EXPECT_EQ(result.rows.source, 5u);
    EXPECT_EQ(result.rows.destination, 5u);
}

TEST_F(LiveTest, LeavesSequencesToTheCutover) {
    SchemaFact sequence;
    sequence.kind = FactKind::sequence;
    sequence.identity = sequence.name = "app.s";
    sequence.next_value = 100;
    sequence.increment = 1;
    source.facts = {sequence};
    sequence.next_value = 1;
    destination.facts = {sequence};
    Request asked = request();
    asked.sequences = true;
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.sequences.verdict, Verdict::could_not_tell);
    EXPECT_THAT(text_of(result), HasSubstr("pending until the cutover"));
    asked.live.asked = false;
    EXPECT_EQ(run(asked).verdict, Verdict::could_not_tell) << "the task is replicating";
    destination.applied.phase = "finished";
    EXPECT_EQ(run(asked).verdict, Verdict::inconsistent);
}

TEST_F(LiveTest, IsTakenByItselfWhileATaskOfOursReplicates) {
    options.asked = false;
    there()[2][1] = "on its way";
    script(destination, [this](int view) {
        if (view == 3) {
            there() = here();
        }
    });
    script(source, [this](int view) {
        here()[2][1] = "moves " + std::to_string(view);
        if (view == 2) {
            there() = here();
        }
    });
    const Result arrived = compare();
    EXPECT_EQ(arrived.verdict, Verdict::consistent) << text_of(arrived);
    EXPECT_EQ(arrived.proof, Proof::positional);
    EXPECT_THAT(arrived.proof_detail, HasSubstr("a task of ours is replicating"));
}

TEST_F(LiveTest, BlamesNoRowWhileTheCopyIsAtWork) {
    options.asked = false;
    for (const char* phase : {"created", "schema", "full", "keys"}) {
        destination.applied = {true, "", phase, {}};
        there().pop_back();
        const Result result = compare();
        EXPECT_EQ(result.verdict, Verdict::could_not_tell) << phase;
        EXPECT_EQ(result.rows.missing, 0u);
        EXPECT_THAT(result.tables[0].reason, HasSubstr(phase));
    }
}

TEST_F(LiveTest, TakesTheFenceForAProofOnceTheTaskHasEnded) {
    destination.applied = {true, "", "finished", place(10)};
    source.busy = destination.busy = true;
    for (const bool asked : {false, true}) {
        options.asked = asked;
        there() = here();
        const Result equal = compare();
        EXPECT_EQ(equal.verdict, Verdict::consistent) << text_of(equal);
        EXPECT_EQ(equal.proof, Proof::fenced);
        EXPECT_THAT(equal.proof_detail, HasSubstr("up to 10"));
        there()[2][1] = "lost";
        EXPECT_EQ(compare().verdict, Verdict::inconsistent) << "nobody brings it any more";
    }
}

TEST_F(LiveTest, ReportsModeRoundsAndEvidence) {
    there()[2][1] = "foreign";
    const Result result = compare();
    const std::string json = to_json(result);
    EXPECT_THAT(json, HasSubstr("\"mode\": \"live\""));
    EXPECT_THAT(json, HasSubstr("\"rounds\": 1"));
    for (const std::string& report : {text_of(result), to_html(result), json}) {
        EXPECT_THAT(report, HasSubstr("the destination had applied 10"));
        EXPECT_THAT(report, HasSubstr("live"));
    }
}

}  // namespace
}  // namespace cutover::verify
