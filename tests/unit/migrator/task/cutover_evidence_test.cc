#include "migrator/task/cutover_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::task {
namespace {

using engine::SourceWriter;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

CutoverEvidence evidence() {
    CutoverEvidence out;
    out.position = "0/20";
    out.quiet_from = "0/10";
    out.quiet_since = model::Instant(100s);
    out.quiet_until = model::Instant(110s);
    out.asked = model::Instant(109s);
    out.fenced = model::Instant(111s);
    out.watched = true;
    out.watch = 3s;
    out.late.read_to.text = "0/30";
    out.late.complete = true;
    note_sessions(out,
                  {{SourceWriter::Kind::session, "17", "shop", "app", model::Instant(42s), {}}});
    return out;
}

TEST(CutoverEvidence, RefusesWhatNobodyOfUsHasWritten) {
    for (const char* const damaged :
         {R"({"position": 7})", R"({"position": "0/1", "sessions": [{"id": {}}]})",
          R"({"position": "0/1", "sessions_total": "many"})",
          R"({"position": "0/1", "late": 5})"}) {
        EXPECT_THROW(evidence_from(damaged), model::Error) << damaged;
    }
    EXPECT_FALSE(evidence_from("{{{"));
    EXPECT_TRUE(evidence_from(R"({"position": "0/1", "watch_seconds": 1e300})"));
}

TEST(CutoverEvidence, IsReadBackAsItWasWritten) {
    CutoverEvidence sent = evidence();
    sent.late.transactions = 1;
    sent.late.changes = 2;
    sent.late.first = {{"a.t", "update", "id = 1", "0/28", model::Instant(112s)}};
    sent.sessions[0].writer.wrote = {{"a", "odd.name"}};
    sent.sessions[0].tables_total = 1;
    const auto read = evidence_from(to_json(sent));
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read), to_json(sent));
    EXPECT_EQ(lines(*read), lines(sent));
    EXPECT_FALSE(evidence_from(""));
    EXPECT_FALSE(evidence_from("{}"));
    EXPECT_FALSE(evidence_from("[1]"));
}

TEST(CutoverEvidence, SaysWhatItRestsOn) {
    const std::vector<std::string> said = lines(evidence());
    EXPECT_THAT(said.front(), HasSubstr("up to 0/20, and nothing came after"));
    EXPECT_THAT(said, Contains(HasSubstr("read for 10.0 s behind 0/10")));
    EXPECT_THAT(said, Contains(HasSubstr("read for 3.0 s, up to 0/30")));
    EXPECT_THAT(said, Contains(HasSubstr("source fence: none")));
    EXPECT_THAT(said, Contains(HasSubstr("process 17 (application 'shop', user app, since "
                                         "1970-01-01T00:00:42 UTC)")));
}

TEST(CutoverEvidence, ClaimsNothingOfATimeThatWasNotWatched) {
    CutoverEvidence unwatched = evidence();
    unwatched.watched = false;
    EXPECT_THAT(lines(unwatched).front(), Not(HasSubstr("nothing came after")));
    EXPECT_THAT(lines(unwatched), Contains(HasSubstr("had not said yet")));
    unwatched.watch_ended = "connection lost";
    EXPECT_THAT(lines(unwatched), Contains(HasSubstr("connection lost")));
}

TEST(CutoverEvidence, TellsALateWriteBeforeAllElse) {
    CutoverEvidence late = evidence();
    late.late.transactions = 1;
    late.late.first = {{"a.t", "update", "id = 1", "0/28", model::Instant(112s)},
                       {"a.u", "truncate", "", "0/28", model::Instant(112s)}};
    const std::vector<std::string> said = lines(late);
    EXPECT_THAT(said[0], HasSubstr("LATE WRITE: 1 transactions"));
    EXPECT_THAT(said[1], HasSubstr("update a.t (id = 1) at 0/28"));
    EXPECT_THAT(said[2], HasSubstr("truncate a.u at 0/28"));
    EXPECT_THAT(said, Not(Contains(HasSubstr("nothing came after"))));
}

/// Whoever writes to the root of a thousand partitions holds a lock on each of them.
TEST(CutoverEvidence, FitsIntoAnAnswerHoweverManyTablesWereWrittenTo) {
    std::vector<SourceWriter> writers(
        30,
        SourceWriter{SourceWriter::Kind::session, "17", "shop", "app", model::Instant(42s), {}});
    for (SourceWriter& writer : writers) {
        for (int table = 0; table < 5000; ++table) {
            writer.wrote.push_back({"a", "partition_of_a_table_" + std::to_string(table)});
        }
    }
    EXPECT_LT(describe(writers).size(), 4096u);
    EXPECT_THAT(describe(writers[0]),
                HasSubstr("has written to a.partition_of_a_table_0, a.partition_of_a_table_1"));
    EXPECT_THAT(describe(writers[0]), HasSubstr("_4 and 4995 more tables)"));
    CutoverEvidence noted = evidence();
    note_sessions(noted, writers);
    EXPECT_LT(to_json(noted).size(), 64u << 10);
    const std::vector<std::string> said = lines(noted);
    EXPECT_THAT(said, Contains(testing::AllOf(HasSubstr("database: 30: "),
                                              HasSubstr("_4 and 4995 more tables)"),
                                              HasSubstr("; and 25 more"))));
    const auto read = evidence_from(to_json(noted));
    ASSERT_TRUE(read);
    EXPECT_EQ(lines(*read), said);
}

TEST(SourceWriter, IsNamedWithWhatIsKnownOfIt) {
    EXPECT_EQ(describe(SourceWriter{SourceWriter::Kind::prepared,
                                    "the order",
                                    "",
                                    "app",
                                    std::nullopt,
                                    {{"a", "t"}, {"a", "u"}}}),
              "prepared transaction 'the order' (user app, since a time that this account may not "
              "see, has written to a.t and a.u)");
    const std::vector<SourceWriter> many(
        7, SourceWriter{SourceWriter::Kind::session, "1", "", "app", std::nullopt, {}});
    EXPECT_THAT(describe(many), HasSubstr("; and 2 more"));
}

}  // namespace
}  // namespace cutover::task
