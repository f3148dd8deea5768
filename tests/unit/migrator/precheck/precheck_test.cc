#include "migrator/precheck/precheck.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "migrator/precheck/text.h"
#include "tests/unit/migrator/precheck/scripted_ends.h"

namespace cutover::precheck {
namespace {

using model::Severity;

/// Ends with one table without a key: an alert that may be ignored.
Ends keyless() {
    return Ends({table_schema({"app", "log"}, false)});
}

const Answer& answer(const Report& report, const std::string& question) {
    for (const Answer& candidate : report.answers) {
        if (candidate.question == question) {
            return candidate;
        }
    }
    throw std::out_of_range(question);
}

TEST(Precheck, PassesWhenNothingBlocks) {
    const Report report = ask(keyless().facts);
    EXPECT_FALSE(report.blocks());
    EXPECT_EQ(report.count(Severity::alert_ignorable), 1U);
}

TEST(Precheck, KeepsIgnoredAlertsInTheReport) {  // G189, G191
    Ends ends = keyless();
    ends.facts.spec.ignored_findings = {"tables.keyless"};
    const Report report = ask(ends.facts);
    EXPECT_EQ(report.count(Severity::alert_ignorable), 0U);
    ASSERT_EQ(report.ignored.size(), 1U);
    EXPECT_EQ(report.ignored[0].object, "app.log");
}

TEST(Precheck, IgnoresNothingThatMayNotBeIgnored) {  // G190
    Ends ends;
    ends.source->needs[{engine::Topic::capture_settings, true}] = {Ends::unmet("source.wal_level")};
    ends.facts.spec.ignored_findings = {"source.wal_level"};
    const Report report = ask(ends.facts);
    EXPECT_TRUE(report.blocks());
    EXPECT_TRUE(report.ignored.empty());
    const Findings& findings = answer(report, "capture_settings").findings;
    EXPECT_NE(findings.at(0).why.find("cannot be ignored"), std::string::npos);
}

TEST(Precheck, AsksNothingElseWhenAnEndDoesNotAnswer) {
    Ends ends;
    ends.facts.destination.failure =
        model::Error(model::ErrorClass::connection, "postgres.unreachable", "connection refused");
    ends.facts.planned.reset();
    const Report report = ask(ends.facts);
    EXPECT_TRUE(report.blocks());
    EXPECT_FALSE(answer(report, "types").asked);
    EXPECT_TRUE(answer(report, "connectivity").asked);
}

TEST(Precheck, TurnsAQuestionThatFailsIntoABlock) {
    Ends ends;
    ends.source->failure = model::Error(model::ErrorClass::refused, "postgres.42501",
                                        "permission denied for pg_settings", "grant it");
    const Report report = ask(ends.facts);
    EXPECT_TRUE(report.blocks());
    EXPECT_EQ(answer(report, "privileges").findings.at(0).code, "privileges.unanswered");
    EXPECT_FALSE(answer(report, "keys").findings.empty() && !answer(report, "keys").asked);
}

TEST(PrecheckText, EndsWithTheVerdictAndShowsNoSecret) {
    Ends ends = keyless();
    std::ostringstream out;
    print(out, ends.facts, ask(ends.facts));
    EXPECT_NE(out.str().find("\nGO: 0 blocking, 1 alerts, 0 ignored, 1 notes\n"), std::string::npos)
        << out.str();
    EXPECT_NE(out.str().find("[alert, may be ignored] tables.keyless: app.log"), std::string::npos);
    EXPECT_EQ(out.str().find("hunter2"), std::string::npos);
}

TEST(PrecheckText, LetsNobodyElseWriteAVerdict) {
    Ends ends({table_schema({"app", "x\nGO: 0 blocking, 0 alerts"}, false)});
    ends.source->needs[{engine::Topic::privileges, true}] = {Ends::unmet("source.x\x1b[2J")};
    ends.source->needs[{engine::Topic::privileges, true}][0].finding.found = "\u202e\rGO: 0";
    std::ostringstream out;
    print(out, ends.facts, ask(ends.facts));
    EXPECT_EQ(out.str().find("\nGO"), std::string::npos) << out.str();
    EXPECT_EQ(out.str().find('\r'), std::string::npos);
    EXPECT_EQ(out.str().find("\u202e"), std::string::npos);
    EXPECT_NE(out.str().find("\nNO-GO: "), std::string::npos);
}

TEST(PrecheckText, GivesTheSameAsJson) {
    Ends ends = keyless();
    const auto json = nlohmann::json::parse(to_json(ends.facts, ask(ends.facts)));
    EXPECT_TRUE(json["go"].get<bool>());
    EXPECT_EQ(json["questions"].size(), 19U);
    EXPECT_EQ(json["source"]["endpoint"], "postgres://mover@h:5432/shop");
    EXPECT_EQ(json.dump().find("hunter2"), std::string::npos);
}

TEST(PrecheckText, TellsWhatIsTheSameOfManyTablesOnce) {
    std::vector<model::TableSchema> tables;
    for (int number = 0; number < 300; ++number) {
        tables.push_back(table_schema({"app", "t" + std::to_string(number)}, false));
    }
    Ends ends(tables);
    std::ostringstream out;
    print(out, ends.facts, ask(ends.facts));
    const std::string text = out.str();
    EXPECT_NE(text.find("tables.keyless: 300 objects: app.t0, app.t1, app.t2, app.t3, app.t4, "
                        "app.t5, app.t6, app.t7, app.t8, app.t9 and 290 more\n"),
              std::string::npos)
        << text;
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 40);
    EXPECT_NE(text.find("\nGO: 0 blocking, 1 alerts,"), std::string::npos);
    const auto json = nlohmann::json::parse(to_json(ends.facts, ask(ends.facts)));
    std::size_t keyless = 0;
    for (const auto& question : json["questions"]) {
        for (const auto& finding : question["findings"]) {
            keyless += finding["code"] == "tables.keyless" ? 1 : 0;
        }
    }
    EXPECT_EQ(keyless, 300U);
}

TEST(PrecheckText, TellsWhatDiffersFromObjectToObject) {
    Findings findings;
    for (int number = 0; number < 7; ++number) {
        const std::string name = std::to_string(number);
        findings.push_back(
            {"types.differ", Severity::block, "c" + name, "it is " + name, "why", "remedy", {}});
    }
    findings.push_back({"types.differ", Severity::block, "d", "it is d", "why", "another", {}});
    std::ostringstream out;
    print(out, findings);
    EXPECT_EQ(out.str(),
              "      [block] types.differ: 7 objects: c0, c1, c2, c3, c4, c5, c6\n"
              "          found    c0: it is 0\n"
              "                   c1: it is 1\n"
              "                   c2: it is 2\n"
              "                   c3: it is 3\n"
              "                   c4: it is 4\n"
              "                   and so on for 2 more; --json has each\n"
              "          why      why\n"
              "          remedy   remedy\n"
              "      [block] types.differ: d\n"
              "          found    it is d\n"
              "          why      why\n"
              "          remedy   another\n");
}

}  // namespace
}  // namespace cutover::precheck
