#include "verify/report/report.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace cutover::verify {
namespace {

TableResult damaged_table() {
    TableResult table;
    table.source = "app.orders";
    table.destination = "sales.orders";
    table.verdict = Verdict::inconsistent;
    table.reason = "1 missing, 1 different";
    table.method = "stream-merge by (id)";
    table.rows.source = 1234567;
    table.rows.destination = 1234566;
    table.rows.equal = 1234565;
    table.rows.missing = 1;
    table.rows.different = 1;
    table.differing_columns["qty"] = 1;
    table.samples.push_back({RowVerdict::missing, "(id=5)", 1, 0, {}});
    table.samples.push_back(
        {RowVerdict::different, "(id=9)", 1, 1, {{"qty", "1.50", "<15>", "shifted by 10^1"}}});
    return table;
}

Result damaged() {
    Result result;
    result.verdict = Verdict::inconsistent;
    result.reasons = {"source and destination differ", "app.orders: 1 missing, 1 different",
                      "sequences: 1 differences"};
    result.proof = Proof::settled;
    result.proof_detail = "nobody wrote";
    result.source = "postgres://mover@a:5432/shop (PostgreSQL 17.5)";
    result.destination = "postgres://mover@b:5432/shop (PostgreSQL 17.5)";
    result.source_position = "0/1A2B";
    result.destination_position = "0/3C4D";
    result.seed = 0x5eed;
    result.rules = {"numeric_scale"};
    result.tables = {damaged_table()};
    TableResult partial;
    partial.source = partial.destination = "app.odd";
    partial.verdict = Verdict::could_not_tell;
    partial.reason = "partial: x: text at the source, bytea at the destination have no common form";
    partial.method = "multiset, no key";
    partial.partial = true;
    partial.rows.source = partial.rows.destination = 2;
    partial.uncomparable_columns = {
        "x: text at the source, bytea at the destination have no common form"};
    result.tables.push_back(partial);
    result.schema.compared = true;
    result.schema.verdict = Verdict::consistent;
    result.schema.compared_facts = {{"column", 9}, {"index", 2}};
    result.sequences.compared = true;
    result.sequences.verdict = Verdict::inconsistent;
    result.sequences.compared_facts = {{"sequence", 1}};
    SchemaDifference behind;
    behind.kind = FactKind::sequence;
    behind.name = "app.orders_id_seq";
    behind.source_definition = "next value 100";
    behind.destination_definition = "next value 1: behind, new rows would collide";
    result.sequences.differences = {behind};
    result.not_compared = {"views, functions, triggers"};
    result.rows = result.tables[0].rows;
    result.bytes = 2469134 * 100ull;
    result.took = std::chrono::milliseconds(1500);
    result.repair_file = "repair.sql";
    result.repair_statements = 2;
    return result;
}

TEST(ReportText, ReadsAsAgreed) {
    std::ifstream golden("tests/golden/verify_report.txt");
    ASSERT_TRUE(golden) << "run from the root of the tree";
    std::stringstream expected;
    expected << golden.rdbuf();
    std::ostringstream text;
    write_text(text, damaged());
    EXPECT_EQ(text.str(), expected.str());
}

TEST(ReportJson, SaysVerdictCountsAndKeys) {
    const auto json = nlohmann::json::parse(to_json(damaged()));
    EXPECT_EQ(json["verdict"], "inconsistent");
    EXPECT_EQ(json["exit_code"], 1);
    EXPECT_EQ(json["tables"][0]["rows"]["missing"], 1);
    EXPECT_EQ(json["tables"][0]["samples"][1]["cells"][0]["column"], "qty");
    EXPECT_EQ(json["tables"][1]["partial"], true);
    EXPECT_EQ(json["sequences"]["differences"][0]["kind"], "sequence");
    EXPECT_EQ(json["proof"]["kind"], "settled");
}

TEST(Reports, TellLateWritesWithTheirKeys) {
    Result result = damaged();
    result.late = {2,
                   3,
                   {{"update", "app.person", "email = a@b.c", "0/1", {}},
                    {"truncate", "app.t", "", "0/2", {}}}};
    std::ostringstream text;
    write_text(text, result);
    const std::string keyed = "update app.person (email = a@b.c) at 0/1, committed 1970";
    EXPECT_NE(text.str().find(keyed), std::string::npos) << text.str();
    EXPECT_NE(to_html(result).find(keyed), std::string::npos);
    EXPECT_NE(text.str().find("truncate app.t at 0/2"), std::string::npos) << text.str();
    const auto json = nlohmann::json::parse(to_json(result));
    EXPECT_EQ(json["late_writes"]["changes"], 3);
    EXPECT_EQ(json["late_writes"]["first"][0]["key"], "email = a@b.c");
}

/// Whatever a report is made of, the key of a row and what a server says of its values is in it
/// once for each way into it.
TEST(Reports, ShowNoValueOfARowOnceTheyAreMasked) {
    const std::string secret = "eve@example.com";
    const std::string key = "(email=" + secret + ")";
    const std::string said = "invalid input syntax for type integer: \"" + secret + "\"";
    Result result = damaged();
    TableResult& table = result.tables[0];
    table.samples[0].key = key;
    table.samples[0].cells = {{"email", secret, secret, "another letter"}};
    table.samples[0].evidence = "the row " + key + " was not found by its key";
    table.reason = "1 pending because the row " + key + " was not found by its key";
    table.notes = {said + " (correct the filter)"};
    table.quotes = {key, said};
    result.reasons = {"source and destination differ", "app.orders: " + table.reason,
                      "app.orders: could not be read: " + said, "structure: " + said};
    result.not_compared = {"the source's log: " + said};
    result.quotes = {said};
    result.late = {1, 1, {{"update", "app.person", "email = " + secret, "0/1", {}}}};
    const auto reports = [&] {
        std::ostringstream text;
        write_text(text, result);
        return text.str() + to_json(result) + to_html(result);
    };
    ASSERT_NE(reports().find(secret), std::string::npos);
    mask_values(result);
    const std::string masked = reports();
    EXPECT_EQ(masked.find(secret), std::string::npos) << masked;
    EXPECT_NE(masked.find("the row (masked) was not found by its key"), std::string::npos);
    EXPECT_NE(masked.find("(masked) (correct the filter)"), std::string::npos);
    EXPECT_NE(masked.find("update app.person ((masked))"), std::string::npos) << masked;
}

TEST(ReportJson, TakesValuesThatAreNotUtf8) {
    Result result = damaged();
    result.tables[0].samples[0].key = "(id=\xff)";
    EXPECT_FALSE(nlohmann::json::parse(to_json(result)).empty());
}

TEST(Reports, HoldNoCharacterThatActs) {
    Result result = damaged();
    result.tables[0].samples[0].key = "(id=\x1b[2J\u202e\u009b)";
    result.reasons[0] = "table \"x\x1b[1A\nCONSISTENT\"";
    std::ostringstream text;
    write_text(text, result);
    for (const std::string& report : {text.str(), to_json(result), to_html(result)}) {
        EXPECT_EQ(report.find('\x1b'), std::string::npos) << report;
        EXPECT_EQ(report.find("\u202e"), std::string::npos) << report;
        EXPECT_EQ(report.find("\u009b"), std::string::npos) << report;
        EXPECT_EQ(report.find("\nCONSISTENT"), std::string::npos) << report;
    }
}

TEST(ReportHtml, LetsOnlyItsOwnStyleAct) {
    const std::string html = to_html(damaged());
    const std::size_t policy = html.find("<meta http-equiv=\"Content-Security-Policy\"");
    ASSERT_NE(policy, std::string::npos);
    EXPECT_LT(policy, html.find("<style nonce="));
    EXPECT_NE(html.substr(policy, 400).find("default-src 'none'"), std::string::npos);
    EXPECT_NE(to_html(damaged()), html);  // the nonce is nobody's to foresee
}

TEST(ReportHtml, EscapesValuesAndStandsAlone) {
    const std::string html = to_html(damaged());
    EXPECT_NE(html.find("&lt;15&gt;"), std::string::npos);
    EXPECT_EQ(html.find("<15>"), std::string::npos);
    EXPECT_EQ(html.find("http:"), std::string::npos);
    EXPECT_EQ(html.find("https:"), std::string::npos);
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_NE(html.find("prefers-color-scheme"), std::string::npos);
    EXPECT_NE(html.find("(id=5)"), std::string::npos);
}

TEST(Report, GroupsNumbersAndUnits) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(1500000), "1.5 MB");
}

TEST(Verdict, HasTheDocumentedExitCodes) {
    EXPECT_EQ(exit_code(Verdict::consistent), 0);
    EXPECT_EQ(exit_code(Verdict::inconsistent), 1);
    EXPECT_EQ(exit_code(Verdict::could_not_tell), 2);
}

}  // namespace
}  // namespace cutover::verify
