#include "migrator/task/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "migrator/task/migrate_command.h"

namespace cutover::task {
namespace {

using nlohmann::json;

/// The one line that an event becomes.
json line_of(const stage::Event& event) {
    std::ostringstream out;
    make_event_writer(out)->on(event);
    const std::string text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    return json::parse(text);
}

std::string shown(const std::vector<stage::Event>& events, bool terminal) {
    std::ostringstream out;
    const auto view = make_terminal_view(out, terminal);
    for (const stage::Event& event : events) {
        view->on(event);
    }
    return out.str();
}

stage::FullProgress half_done() {
    stage::FullProgress progress;
    progress.rows = model::Rows{500'000};
    progress.rows_total = model::Rows{1'000'000};
    progress.bytes = model::Bytes{50 << 20};
    progress.bytes_total = model::Bytes{100 << 20};
    progress.fraction = 0.5;
    progress.rows_per_second = 10'000;
    progress.tables = {{"public.big", model::Rows{500'000}, model::Rows{900'000}},
                       {"public.done", model::Rows{7}, model::Rows{7}}};
    return progress;
}

TEST(EventWriter, StampsEveryLineInUtcWithMicroseconds) {
    const std::string at = line_of(stage::Recovered{std::chrono::seconds(2), std::nullopt})["at"];
    ASSERT_EQ(at.size(), std::string("2026-11-21T09:30:00.123456Z").size());
    EXPECT_EQ(at[10], 'T');
    EXPECT_EQ(at[19], '.');
    EXPECT_EQ(at.back(), 'Z');
}

TEST(TerminalView, CountsNoTransactionsWhereNoLogWasFollowed) {
    const stage::Event ended = stage::Ended{"completed", 0, "", 0, 0};
    EXPECT_EQ(shown({ended}, true), "completed\n");
    EXPECT_NE(shown({half_done(), ended}, false).find("completed: 500,000 rows copied\n"),
              std::string::npos);
    EXPECT_EQ(shown({stage::Ended{"finished", 0, "0/1", 2, 3}}, true),
              "finished: 2 transactions, 3 changes, applied up to 0/1\n");
}

TEST(EventWriter, WritesWhatTheJournalReads) {
    EXPECT_EQ(line_of(stage::Started{"shop", true, 3})["epoch"], 3);
    EXPECT_EQ(line_of(stage::FailoverProved{"timeline 1 -> 2"})["proof"], "timeline 1 -> 2");
    EXPECT_EQ(line_of(stage::PhaseStarted{engine::TaskPhase::keys})["phase"], "keys");
    const json chunk = line_of(stage::ChunkDone{"public.a", 4, model::Rows{9}, true});
    EXPECT_EQ(chunk["number"], 4);
    EXPECT_EQ(chunk["resumed"], true);
    const json full = line_of(half_done());
    EXPECT_EQ(full["phase"], "full");
    EXPECT_EQ(full["fraction"], 0.5);
    EXPECT_EQ(full["tables"].size(), 2U);
    stage::IncrementalProgress log;
    log.lag = std::chrono::milliseconds(1500);
    EXPECT_EQ(line_of(log)["lag_ms"], 1500);
    EXPECT_EQ(line_of(stage::Ended{"stopped", 15, "0/1", 2, 3})["exit_code"], 15);
}

TEST(EventWriter, WritesNoCharacterThatActs) {
    std::ostringstream out;
    make_event_writer(out)->on(stage::FailoverProved{"\x1b[1A\u009b\u202eGO"});
    EXPECT_NE(out.str().find("\\u001b[1A\\u009b\\u202eGO"), std::string::npos) << out.str();
}

TEST(TerminalView, ShowsCharactersThatActAndWritesNone) {
    stage::FullProgress progress = half_done();
    progress.tables[0].table = "public.\x1b[1A\u202e";
    model::Finding finding;
    finding.severity = model::Severity::alert;
    finding.code = "x.y";
    finding.object = "public.\nGO: 0 blocking";
    finding.found = "\u009b2J";
    stage::IncrementalProgress log;
    log.position = "0/1\rGO";
    for (const bool terminal : {false, true}) {
        const std::string text = shown(
            {progress, stage::FailoverProved{"one\ntwo\x1b[9A"}, stage::FindingRaised{finding}, log,
             stage::PhaseStarted{engine::TaskPhase::keys}},
            terminal);
        EXPECT_EQ(text.find("\nGO"), std::string::npos) << text;
        EXPECT_EQ(text.find("\x1b[9A"), std::string::npos) << text;
        EXPECT_EQ(text.find("\u202e"), std::string::npos) << text;
        EXPECT_EQ(text.find("\u009b"), std::string::npos) << text;
        EXPECT_EQ(text.find('\r'), std::string::npos) << text;
    }
}

TEST(EventWriter, WritesErrorsWithClassCodeAndHint) {
    const model::Error error(model::ErrorClass::corrupt, "slot.gap", "the log has a gap",
                             "start anew");
    const json failed = line_of(stage::Failed{error, "0/5"});
    EXPECT_EQ(failed["event"], "error");
    EXPECT_EQ(failed["class"], "corrupt");
    EXPECT_EQ(failed["hint"], "start anew");
    EXPECT_EQ(failed["position"], "0/5");
    const json retry = line_of(stage::Retrying{error, 2, std::chrono::seconds(90)});
    EXPECT_EQ(retry["gives_up_in_seconds"], 90);
}

TEST(EventWriter, NamesTheEndThatAnErrorCameFromIfItDidFromOne) {
    model::Error error(model::ErrorClass::connection, "x.lost", "connection lost");
    EXPECT_FALSE(line_of(stage::Retrying{error, 1, {}}).contains("end"));
    EXPECT_FALSE(line_of(stage::Failed{error, ""}).contains("end"));
    EXPECT_FALSE(line_of(stage::Recovered{}).contains("end"));
    model::Error ours = error;
    EXPECT_FALSE(line_of(stage::Failed{ours.at(model::Side::neither), ""}).contains("end"));
    error.at(model::Side::destination);
    EXPECT_EQ(line_of(stage::Retrying{error, 1, {}})["end"], "destination");
    EXPECT_EQ(line_of(stage::Failed{error, ""})["end"], "destination");
    EXPECT_EQ(line_of(stage::Recovered{{}, model::Side::source})["end"], "source");
}

TEST(EventWriter, SurvivesBytesThatAreNoText) {
    EXPECT_EQ(line_of(stage::ChunkDone{"public.\xff", 0, {}, false})["event"], "chunk");
}

TEST(EventWriter, KeepsLinesShortWithManyTables) {
    stage::FullProgress progress = half_done();
    progress.tables.assign(2000, {"public.waiting", model::Rows{0}, model::Rows{10}});
    progress.tables.push_back({"public.working", model::Rows{5}, model::Rows{10}});
    const json tables = line_of(progress)["tables"];
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0]["table"], "public.working");
}

TEST(EventWriter, MarksIgnoredFindings) {
    std::ostringstream out;
    model::Finding finding;
    finding.code = "tables.keyless";
    finding.severity = model::Severity::alert_ignorable;
    make_event_writer(out)->findings({finding}, true);
    EXPECT_EQ(json::parse(out.str())["ignored"], true);
    EXPECT_EQ(json::parse(out.str())["severity"], "alert_ignorable");
}

TEST(TerminalView, ShowsRateAndTimeLeft) {
    const std::string text = shown({half_done()}, false);
    EXPECT_NE(text.find("50 %"), std::string::npos) << text;
    EXPECT_NE(text.find("500,000 of ~1,000,000 rows"), std::string::npos) << text;
    EXPECT_NE(text.find("10,000 rows/s, about 50 s left"), std::string::npos) << text;
}

TEST(TerminalView, SaysThatATaskIsPaused) {
    stage::FullProgress full = half_done();
    stage::IncrementalProgress incremental;
    for (const bool paused : {true, false}) {
        full.paused = incremental.paused = paused;
        for (const stage::Event& event : {stage::Event(full), stage::Event(incremental)}) {
            EXPECT_EQ(shown({event}, false).starts_with("paused "), paused)
                << shown({event}, false);
            EXPECT_EQ(line_of(event)["paused"], paused);
        }
    }
}

TEST(TerminalView, ShowsTablesAtWorkOnATerminalOnly) {
    EXPECT_NE(shown({half_done()}, true).find("public.big"), std::string::npos);
    EXPECT_EQ(shown({half_done()}, true).find("public.done"), std::string::npos);
    EXPECT_EQ(shown({half_done()}, false).find("public.big"), std::string::npos);
}

TEST(TerminalView, DrawsItsBlockOverItself) {
    const std::string text = shown({half_done(), half_done()}, true);
    EXPECT_NE(text.find("\x1b[2A\x1b[J"), std::string::npos);
    EXPECT_EQ(shown({half_done(), half_done()}, false).find('\x1b'), std::string::npos);
}

TEST(TerminalView, WritesPlainLinesSparingly) {
    const std::string text = shown({half_done(), half_done(), half_done()}, false);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

TEST(TerminalView, EndsAPhaseWithWhereItCame) {
    stage::FullProgress done = half_done();
    done.fraction = 1;
    const std::string text =
        shown({half_done(), done, stage::PhaseStarted{engine::TaskPhase::keys}}, false);
    EXPECT_LT(text.find("100 %"), text.find("phase keys")) << text;
}

TEST(TerminalView, SaysWhichEndIsAway) {
    model::Error error(model::ErrorClass::connection, "x.lost", "connection lost");
    EXPECT_EQ(shown({stage::Retrying{error, 1, std::chrono::seconds(90)},
                     stage::Recovered{std::chrono::seconds(2), std::nullopt}},
                    false),
              "trying again (attempt 1, gives up in 90 s): connection lost\n"
              "goes on after 2.0 s\n");
    error.at(model::Side::source);
    EXPECT_EQ(shown({stage::Retrying{error, 1, std::chrono::seconds(90)},
                     stage::Recovered{std::chrono::seconds(2), model::Side::source}},
                    false),
              "trying again at the source (attempt 1, gives up in 90 s): connection lost\n"
              "goes on after 2.0 s without the source\n");
}

TEST(TerminalView, ShowsALateWriteWithItsKeyIfItHasOne) {
    stage::LateWriteSeen seen;
    seen.late.transactions = 1;
    seen.late.first = {{"public.t", "truncate", "", "0/9", {}},
                       {"public.u", "update", "id = 1", "0/9", {}}};
    const std::string text = shown({seen}, false);
    EXPECT_NE(text.find("  truncate public.t\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  update public.u (id = 1)\n"), std::string::npos) << text;
}

TEST(TerminalView, SaysHowFarItIsBehind) {
    stage::IncrementalProgress log;
    log.lag = std::chrono::milliseconds(250);
    log.position = "0/1A2B";
    const std::string text = shown({log}, false);
    EXPECT_NE(text.find("lag 0.2 s"), std::string::npos) << text;
    EXPECT_NE(text.find("0/1A2B"), std::string::npos) << text;
}

TEST(KillAt, KnowsTheSyncPoints) {
    EXPECT_EQ(check_kill_at("batch.applied"), "");
    EXPECT_EQ(check_kill_at("chunk.committed:3"), "");
    for (const char* wrong :
         {"batch.aplied", "batch.applied:", "batch.applied:0", "batch.applied:x", ""}) {
        EXPECT_NE(check_kill_at(wrong), "") << wrong;
    }
}

}  // namespace
}  // namespace cutover::task
