// The three texts a rehearsal leaves behind.
#include "scenarios/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "migrator/model/error.h"
#include "tests/support/sample_evidence.h"
#include "tests/support/temporary_folder.h"

namespace cutover::scenarios::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::failed_rehearsal;
using tests::survived_rehearsal;

TEST(HtmlReport, SaysTheVerdictWithItsReasons) {
    EXPECT_THAT(html_report(survived_rehearsal()), HasSubstr("<div class=\"word\">✓ GO</div>"));
    const std::string page = html_report(failed_rehearsal());
    EXPECT_THAT(page, HasSubstr("<div class=\"word\">✗ NO-GO</div>"));
    EXPECT_THAT(page, HasSubstr("1 acknowledged transaction is not at the destination."));
    EXPECT_THAT(html_report(Evidence()), HasSubstr("? COULD NOT TELL"));
}

TEST(HtmlReport, EscapesNamesThatLookLikeMarkup) {
    const std::string page = html_report(failed_rehearsal());
    EXPECT_THAT(page, HasSubstr("postgres_to_postgres/slot &lt;lost&gt;"));
    EXPECT_THAT(page, Not(HasSubstr("<lost>")));
}

TEST(HtmlReport, DeclaresWhatTheSourceItselfLost) {
    Evidence run = survived_rehearsal();
    EXPECT_THAT(html_report(run), Not(HasSubstr("The source itself lost")));
    run.ledger.lost_by_source = 3;
    EXPECT_THAT(html_report(run), HasSubstr("The source itself lost 3 acknowledged transactions"));
}

TEST(HtmlReport, NeedsNothingFromElsewhere) {
    const std::string page = html_report(survived_rehearsal());
    for (const char* outside : {"http://", "https://", "src=", "@import", "url(\"", "url('"}) {
        EXPECT_THAT(page, Not(HasSubstr(outside)));
    }
}

TEST(HtmlReport, ShowsEveryFaultInThePlotAndInWords) {
    const Evidence run = survived_rehearsal();
    const std::string page = html_report(run);
    std::size_t shades = 0;
    for (std::size_t at = page.find("<g class=\"fault\">"); at != std::string::npos;
         at = page.find("<g class=\"fault\">", at + 1)) {
        ++shades;
    }
    EXPECT_EQ(shades, run.faults.size());
    EXPECT_THAT(page, HasSubstr("pg_is_in_recovery() is false on source_standby"));
    for (const char* series : {"copied", "applied", "written", "lag"}) {
        EXPECT_THAT(page, HasSubstr(std::string("<g class=\"") + series + "\"><path"));
    }
}

TEST(HtmlReport, ShowsTheKeysThatDiffer) {
    const std::string page = html_report(failed_rehearsal());
    EXPECT_THAT(page, HasSubstr("missing: id=7"));
    EXPECT_THAT(page, HasSubstr("writer 0 number 7"));
}

TEST(HtmlReport, SaysSoWhenNothingWasProved) {
    const std::string page = html_report(Evidence());
    EXPECT_THAT(page, HasSubstr("The judge did not run: nothing is proved about the rows."));
    EXPECT_THAT(page, HasSubstr("The migrator reported no progress: there is nothing to draw."));
}

TEST(HtmlReport, NamesAStepThatDidNotFire) {
    Evidence run = survived_rehearsal();
    run.schedule[2].fired = false;
    run.schedule[2].not_fired_because = "the copy ended before";
    EXPECT_THAT(html_report(run), HasSubstr("not fired: the copy ended before"));
}

TEST(JsonReport, ComesBackAsItWas) {
    const Evidence run = survived_rehearsal();
    const std::string text = json_report(run);
    const Evidence back = read_json_report(text);
    EXPECT_EQ(json_report(back), text);
    EXPECT_EQ(back.started, run.started);
    EXPECT_EQ(back.samples.size(), run.samples.size());
    EXPECT_EQ(back.faults.at(0).effect_ended, run.faults.at(0).effect_ended);
    EXPECT_EQ(back.verdict, Decision::go);
    EXPECT_FALSE(back.processes.at(0).exit_code.has_value());
}

TEST(JsonReport, RefusesWhatIsNoReport) {
    EXPECT_THROW(read_json_report("{}"), model::Error);
    EXPECT_THROW(read_json_report("no json"), model::Error);
}

TEST(JunitReport, HasACaseForEverythingThatWasChecked) {
    const std::string xml = junit_report({survived_rehearsal(), failed_rehearsal()});
    EXPECT_THAT(
        xml,
        HasSubstr("<testsuite name=\"postgres_to_postgres/main\" tests=\"22\" failures=\"0\""));
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"postgres_to_postgres/slot &lt;lost&gt;\" "
                               "tests=\"7\" failures=\"5\""));
}

TEST(WriteReports, LeavesThreeWholeFiles) {
    const tests::TemporaryFolder folder;
    const ReportFiles files = write_reports(failed_rehearsal(), folder / "deep", Values::json_only);
    for (const auto& file : {files.html, files.json, files.junit}) {
        EXPECT_GT(std::filesystem::file_size(file), 500U) << file;
        EXPECT_EQ(std::filesystem::status(file).permissions(),
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
            << file;
    }
}

TEST(WriteReports, KeepsValuesOfRowsOutOfWhatIsHandedOn) {
    const tests::TemporaryFolder folder;
    Evidence evidence = failed_rehearsal();
    TableProof table;
    table.table = "app.people";
    table.verdict = "different";
    table.samples = {"different (name=Ada Lovelace)"};
    evidence.verify.ran = true;
    evidence.verify.tables.push_back(table);
    evidence.assertions.push_back({"rows_equal", false, "first: " + table.samples[0]});
    evidence.reasons.push_back("rows_equal: first: " + table.samples[0]);
    const auto holds = [](const std::filesystem::path& file) {
        std::ifstream in(file);
        return std::string(std::istreambuf_iterator<char>(in), {}).find("Lovelace") !=
               std::string::npos;
    };
    const ReportFiles usual = write_reports(evidence, folder.path(), Values::json_only);
    EXPECT_TRUE(holds(usual.json));
    EXPECT_FALSE(holds(usual.html) || holds(usual.junit));
    const ReportFiles none = write_reports(evidence, folder.path(), Values::nowhere);
    EXPECT_FALSE(holds(none.json) || holds(none.html) || holds(none.junit));
    const ReportFiles all = write_reports(evidence, folder.path(), Values::everywhere);
    EXPECT_TRUE(holds(all.json) && holds(all.html) && holds(all.junit));
}

TEST(WriteReports, SaysWhereItCannotWrite) {
    EXPECT_THROW(write_reports(failed_rehearsal(), "/proc/nowhere", Values::json_only),
                 model::Error);
}

}  // namespace
}  // namespace cutover::scenarios::report
