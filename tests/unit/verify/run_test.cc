// The judge as a whole over ends in memory: what a comparison must find, against a plain oracle.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "migrator/model/error.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/verify/fake_end.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::SizeIs;

struct RunTest : testing::Test {
    FakeDatabase source{{simple_table()}, {}};
    FakeDatabase destination{{simple_table()}, {}};
    std::chrono::milliseconds watched{0};  ///< how long the ends were watched for writers

    std::vector<WireRow>& here() { return source.tables[0].rows; }
    std::vector<WireRow>& there() { return destination.tables[0].rows; }
    void fill(int rows) {
        for (int id = 1; id <= rows; ++id) {
            here().push_back(simple_row(id, "v" + std::to_string(id)));
        }
        there() = here();
    }
    Request request() {
        Request request;
        use(request, source, destination);
        request.structure = request.sequences = false;
        request.seed = 7;
        request.live.pause = [this](std::chrono::milliseconds pause) { watched += pause; };
        return request;
    }
    Result compare() { return run(request()); }
};

std::vector<std::string> keys_of(const Result& result, RowVerdict verdict) {
    std::vector<std::string> out;
    for (const RowSample& sample : result.tables.at(0).samples) {
        if (sample.verdict == verdict) {
            out.push_back(sample.key);
        }
    }
    return out;
}

TEST_F(RunTest, FindsEqualTablesEqual) {
    fill(100);
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::consistent);
    EXPECT_EQ(result.rows.equal, 100u);
    EXPECT_EQ(result.tables[0].source_digest, result.tables[0].destination_digest);
    EXPECT_EQ(result.tables[0].source_digest.rows, 100u);
}

TEST_F(RunTest, NamesKeysAndColumnsOfEveryClass) {
    fill(10);
    here().erase(here().begin() + 2);    // 3 is extra
    there().erase(there().begin() + 7);  // 8 is missing
    there()[4] = simple_row(5, "other");
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::inconsistent);
    EXPECT_THAT(keys_of(result, RowVerdict::extra), ElementsAre("(id=3)"));
    EXPECT_THAT(keys_of(result, RowVerdict::missing), ElementsAre("(id=8)"));
    EXPECT_THAT(keys_of(result, RowVerdict::different), ElementsAre("(id=5)"));
    EXPECT_EQ(result.rows.equal, 7u);
    EXPECT_EQ(result.tables[0].differing_columns.at("v"), 1u);
    EXPECT_EQ(result.tables[0].source_digest.key_sum == result.tables[0].destination_digest.key_sum,
              false);
}

TEST_F(RunTest, RefusesAnEngineThatItCannotReadByItsName) {
    Request asked = request();
    asked.engines.add("another", {});
    asked.destination.engine = "oracle";
    try {
        run(asked);
        FAIL() << "it was taken";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "verify.engine");
        EXPECT_THAT(error.message(), testing::HasSubstr("`oracle`"));
        EXPECT_THAT(error.hint(), testing::HasSubstr("another, fake"));
    }
}

TEST_F(RunTest, RefusesRepairStatementsForAnEngineThatHasNone) {
    const tests::TemporaryFolder folder;
    Request asked = request();
    asked.engines.add("mute", {asked.engines.at("fake").open});
    asked.destination.engine = "mute";
    EXPECT_EQ(run(asked).verdict, Verdict::consistent);
    asked.repair_file = (folder / "repair.sql").string();
    try {
        run(asked);
        FAIL() << "it was taken";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "verify.no_repair");
        EXPECT_THAT(error.message(), testing::HasSubstr("`mute`"));
    }
    EXPECT_FALSE(std::filesystem::exists(asked.repair_file));
}

TEST_F(RunTest, TakesWhatTheRouteDeclaresOnlyIfATaskOfOursHasFilledTheDestination) {
    fill(1);
    Request asked = request();
    asked.rules = {Rule::json_text};
    asked.declared_rules = {Rule::numeric_scale, Rule::json_text};
    EXPECT_THAT(run(asked).rules, ElementsAre("json_text"));
    destination.applied = {true, "", "finished", place(1)};
    EXPECT_THAT(run(asked).rules, ElementsAre("numeric_scale (declared by the task)", "json_text"));
    asked.declared_rules = {};
    EXPECT_THAT(run(asked).rules, ElementsAre("json_text"));
}

TEST_F(RunTest, TellsAnEndWithoutACatalogWhatItsTablesAreCalled) {
    fill(3);
    destination.has_no_catalog = true;
    destination.tables[0].shape = {};
    destination.tables[0].shape.name = {"shop", "u"};
    Request asked = request();
    asked.mapping.tables[{"app", "t"}] = {"shop", "u"};
    asked.mapping.columns[{"app", "t"}] = {{"v", "value"}};
    const Result equal = run(asked);
    EXPECT_EQ(equal.verdict, Verdict::consistent);
    EXPECT_EQ(equal.rows.equal, 3u);
    EXPECT_EQ(equal.tables.at(0).destination, "shop.u");
    there().pop_back();
    EXPECT_EQ(run(asked).rows.missing, 1u);
}

TEST_F(RunTest, ComparesWithEmptyTables) {
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    here().push_back(simple_row(1, "a"));
    EXPECT_EQ(compare().rows.missing, 1u);
    there().swap(here());
    EXPECT_EQ(compare().rows.extra, 1u);
}

TEST_F(RunTest, KeepsCountsButFewSamplesIfEveryRowDiffers) {
    fill(5000);
    for (WireRow& row : there()) {
        row[1] = "x";
    }
    Request few = request();
    few.samples = 3;
    const Result result = run(few);
    EXPECT_EQ(result.rows.different, 5000u);
    EXPECT_THAT(result.tables[0].samples, SizeIs(3));
    EXPECT_EQ(result.tables[0].source_digest.key_sum, result.tables[0].destination_digest.key_sum);
}

TEST_F(RunTest, CountsKeysThatRepeat) {
    fill(4);
    there().push_back(simple_row(2, "v2"));
    there().push_back(simple_row(2, "another"));
    const Result result = compare();
    EXPECT_EQ(result.rows.duplicate, 1u);
    EXPECT_EQ(result.rows.equal, 3u);
    EXPECT_EQ(result.tables[0].samples[0].source_count, 1u);
    EXPECT_EQ(result.tables[0].samples[0].destination_count, 3u);
}

TEST_F(RunTest, FindsEqualGroupsOfOneKeyEqual) {
    fill(3);
    here().push_back(simple_row(2, "twin"));
    there().insert(there().begin(), simple_row(2, "twin"));
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    there()[0] = simple_row(2, "twins");
    EXPECT_EQ(compare().rows.different, 1u);
}

TEST_F(RunTest, SeesBlockBoundariesNowhere) {
    fill(64);
    there().erase(there().begin() + 31);
    there().push_back(simple_row(64, "again"));
    for (std::size_t bytes = 1; bytes < 300; bytes += 7) {
        source.block_bytes = bytes;
        destination.block_bytes = 310 - bytes;
        const Result result = compare();
        EXPECT_THAT(keys_of(result, RowVerdict::missing), ElementsAre("(id=32)")) << bytes;
        EXPECT_THAT(keys_of(result, RowVerdict::duplicate), ElementsAre("(id=64)")) << bytes;
        EXPECT_EQ(result.rows.equal, 62u) << bytes;
    }
}

TEST_F(RunTest, RefusesRowsThatDoNotComeInOrder) {
    fill(10);
    std::swap(there()[3], there()[6]);
    destination.tables[0].in_order = false;
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_THAT(result.tables[0].reason, testing::HasSubstr("order of their key"));
}

TEST_F(RunTest, TellsNullFromEmptyAndFromTheWord) {
    here() = {simple_row(1, ""), simple_row(2, "NULL"), {wire::int32(3), std::nullopt}};
    there() = {{wire::int32(1), std::nullopt}, {wire::int32(2), std::nullopt}, simple_row(3, "")};
    EXPECT_EQ(compare().rows.different, 3u);
    there() = here();
    EXPECT_EQ(compare().verdict, Verdict::consistent);
}

TEST_F(RunTest, AgreesWithAPlainOracleOnRandomDamage) {
    std::mt19937 random(20240229);
    const auto draw = [&](int limit) {
        return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    for (int round = 0; round < 200; ++round) {
        here().clear();
        there().clear();
        RowCounts expected;
        const int rows = draw(60);
        for (int id = 0; id < rows; ++id) {
            const int fate = draw(8);
            const WireRow row = simple_row(id * 3 - 20, "v" + std::to_string(draw(5)));
            if (fate == 0) {
                here().push_back(row);
                ++expected.missing;
            } else if (fate == 1) {
                there().push_back(row);
                ++expected.extra;
            } else {
                here().push_back(row);
                there().push_back(row);
                if (fate == 2) {
                    there().back()[1] = "damaged";
                    ++expected.different;
                } else {
                    ++expected.equal;
                }
            }
        }
        source.block_bytes = static_cast<std::size_t>(draw(120)) + 1;
        destination.block_bytes = static_cast<std::size_t>(draw(120)) + 1;
        const Result result = compare();
        EXPECT_EQ(result.rows.missing, expected.missing) << round;
        EXPECT_EQ(result.rows.extra, expected.extra) << round;
        EXPECT_EQ(result.rows.different, expected.different) << round;
        EXPECT_EQ(result.rows.equal, expected.equal) << round;
    }
}

TEST_F(RunTest, MeetsKeysOfDifferentWidthsAndScales) {
    source.tables[0].shape.columns[0] = numeric_column("id");
    destination.tables[0].shape.columns[0] = numeric_column("id");
    here() = {{wire::numeric({1, 5000}, 0, 0, 2), "a"}, {wire::numeric({2}, 0, 0, 0), "b"}};
    there() = {{wire::numeric({1, 5000}, 0, 0, 1), "a"}, {wire::numeric({2}, 0, 0, 0), "b"}};
    const Result strict = compare();
    EXPECT_THAT(keys_of(strict, RowVerdict::different), ElementsAre("(id=1.50)"));
    Request lenient = request();
    lenient.rules = {Rule::numeric_scale};
    const Result result = run(lenient);
    EXPECT_EQ(result.verdict, Verdict::consistent);
    EXPECT_EQ(result.rows.equal_by_rule, 1u);
    EXPECT_EQ(result.tables[0].rules.at("numeric_scale"), 1u);
}

TEST_F(RunTest, AppliesRenamesAndExclusions) {
    destination.tables[0].shape.name = {"shop", "goods"};
    destination.tables[0].shape.columns[1].name = "value";
    destination.tables[0].shape.columns.push_back(text_column("added"));
    source.tables[0].shape.columns.push_back(text_column("note"));
    here() = {{wire::int32(1), "a", "private"}};
    there() = {{wire::int32(1), "a", "x"}};
    Request renamed = request();
    renamed.mapping.tables[{"app", "t"}] = {"shop", "goods"};
    renamed.mapping.columns[{"app", "t"}] = {{"v", "value"}};
    renamed.mapping.excluded_columns[{"app", "t"}] = {"note"};
    const Result result = run(renamed);
    EXPECT_EQ(result.verdict, Verdict::consistent);
    EXPECT_EQ(result.tables[0].destination, "shop.goods");
    EXPECT_THAT(result.tables[0].excluded_columns, ElementsAre("note"));
    EXPECT_THAT(result.tables[0].extra_columns, ElementsAre("added"));
    renamed.mapping.excluded_columns.clear();
    EXPECT_EQ(run(renamed).verdict, Verdict::inconsistent);
}

TEST_F(RunTest, CannotTellIfNothingWasSelected) {
    Request nothing = request();
    nothing.tables = {"app.other"};
    EXPECT_EQ(run(nothing).verdict, Verdict::could_not_tell);
}

TEST_F(RunTest, CannotTellIfANumericKeyCannotBeRead) {
    for (FakeDatabase* database : {&source, &destination}) {
        database->tables[0].shape.columns[0] = numeric_column("id");
        database->tables[0].in_order = false;
        database->tables[0].rows = {{"no number", "a"}};
    }
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_THAT(result.tables[0].reason, testing::HasSubstr("not a number"));
}

TEST_F(RunTest, CannotTellIfAPatternSelectedNothing) {
    fill(2);
    Request asked = request();
    asked.tables = {"app.t", "app.ordres"};
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.rows.equal, 2u);
    EXPECT_THAT(result.reasons, testing::Contains(testing::HasSubstr("app.ordres")));
    EXPECT_THAT(result.not_compared, testing::Contains(testing::HasSubstr("app.ordres")));
    asked.tables.clear();
    asked.objects.include = {"app.t", "app.ordres"};
    EXPECT_EQ(run(asked).verdict, Verdict::could_not_tell);
    asked.objects.include = {"app.t"};
    EXPECT_EQ(run(asked).verdict, Verdict::consistent);
}

TEST_F(RunTest, ListsTablesThatAreNeverCompared) {
    source.left_out = {{{"app", "points"}, "tables of the extension postgis"}};
    EXPECT_THAT(compare().not_compared,
                testing::Contains("tables of the extension postgis: app.points"));
}

TEST_F(RunTest, NeverFindsNothingAtAllConsistent) {
    source.tables.clear();
    EXPECT_EQ(compare().verdict, Verdict::could_not_tell);
    source.sequences = {{"app", "tickets"}};
    Request with_sequences = request();
    with_sequences.sequences = true;
    EXPECT_EQ(run(with_sequences).verdict, Verdict::could_not_tell);
}

TEST_F(RunTest, CannotTellIfAColumnHasNoCommonForm) {
    fill(5);
    destination.tables[0].shape.columns[1] = column("v", "bytea", 17, KeyOrder::bytes);
    const Result result = compare();
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_TRUE(result.tables[0].partial);
    EXPECT_EQ(result.rows.equal, 5u);
}

TEST_F(RunTest, CannotTellIfAValueCannotBeDecoded) {
    source.tables[0].shape.columns[1] = column("v", "jsonb", 3802, KeyOrder::none);
    destination.tables[0].shape.columns[1] = column("v", "json", 114, KeyOrder::none);
    here() = {{wire::int32(1), "\1{}"}, {wire::int32(2), "broken"}};
    there() = {{wire::int32(1), "{}"}, {wire::int32(2), "broken"}};
    Request lenient = request();
    lenient.rules = {Rule::json_text};
    const Result result = run(lenient);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_EQ(result.rows.uncomparable, 1u);
    EXPECT_EQ(result.rows.equal_by_rule, 1u);
}

TEST_F(RunTest, SaysWhatItsProofRestsOn) {
    fill(1);
    EXPECT_EQ(compare().proof, Proof::settled);
    source.busy = true;
    EXPECT_EQ(compare().proof, Proof::as_of_reading);
}

TEST_F(RunTest, GivesNoVerdictOnRowsThatMayJustBeLate) {
    fill(3);
    source.busy = true;
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    there().pop_back();
    const Result result = compare();
    EXPECT_EQ(result.proof, Proof::as_of_reading);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_THAT(keys_of(result, RowVerdict::pending), ElementsAre("(id=3)"));
    EXPECT_EQ(result.rows.missing, 0u);
    EXPECT_EQ(watched.count(), 0) << "the snapshots have told it already";
    source.busy = false;
    EXPECT_EQ(compare().verdict, Verdict::inconsistent);
    EXPECT_EQ(watched, request().settle);
}

TEST_F(RunTest, TakesAPauseOfTheWritersForNoEnd) {
    fill(3);
    there().pop_back();
    for (FakeDatabase* writing : {&source, &destination}) {
        // Quiet while the snapshots are taken; the next transaction ends within the watched time.
        int asked = 0;
        writing->before_standing = [&] { writing->busy = ++asked > 6; };
        const Result result = compare();
        EXPECT_EQ(result.verdict, Verdict::could_not_tell);
        EXPECT_EQ(result.proof, Proof::as_of_reading);
        EXPECT_LT(watched, request().settle);
        writing->before_standing = {};
        writing->busy = false;
        watched = {};
    }
}

TEST_F(RunTest, MindsNoWriterOfOtherTables) {
    fill(3);
    there().pop_back();
    for (FakeDatabase* writing : {&source, &destination}) {
        writing->busy = writing->spares_tables = true;
    }
    EXPECT_EQ(compare().verdict, Verdict::inconsistent);
    EXPECT_EQ(watched, request().settle);
    source.shares_snapshots = false;  // then each session may have seen something else
    EXPECT_EQ(compare().verdict, Verdict::could_not_tell);
}

TEST_F(RunTest, WritesNoRepairForRowsWithoutAVerdict) {
    fill(3);
    there().pop_back();
    Request asked = request();
    const tests::TemporaryFolder folder;
    asked.repair_file = (folder / "doubt.sql").string();
    source.busy = true;
    EXPECT_EQ(run(asked).repair_statements, 0u);
    std::stringstream written;
    written << std::ifstream(asked.repair_file).rdbuf();
    EXPECT_THAT(written.str(), testing::Not(testing::HasSubstr("INSERT")));
    EXPECT_THAT(written.str(), testing::HasSubstr("Nothing to repair"));
    source.busy = false;
    EXPECT_EQ(run(asked).repair_statements, 1u);
}

/// Hours of comparing come before the question what the source's log holds behind the cutover.
TEST_F(RunTest, KeepsWhatItHasFoundIfTheLogBehindTheCutoverCannotBeRead) {
    fill(3);
    there().pop_back();
    Request asked = request();
    const tests::TemporaryFolder folder;
    asked.repair_file = (folder / "repair.sql").string();
    for (const auto error_class : {model::ErrorClass::connection, model::ErrorClass::corrupt}) {
        asked.after_cutover = [error_class]() -> AfterCutover {
            throw model::Error(error_class, "x", "the destination has gone", "start it");
        };
        const Result result = run(asked);
        EXPECT_EQ(result.verdict, Verdict::inconsistent);
        EXPECT_EQ(result.repair_statements, 1u);
        EXPECT_EQ(result.repair_file, asked.repair_file);
        EXPECT_THAT(result.not_compared,
                    testing::Contains("the source's log behind the cutover: the destination has "
                                      "gone (start it)"));
    }
}

TEST_F(RunTest, IsInconsistentBehindALateWriteWhateverTheRowsAre) {
    fill(3);
    Request asked = request();
    asked.after_cutover = [] {
        return AfterCutover{{1, 2, {{"update", "app.t", "id = 2", "0/9", {}}}}, ""};
    };
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::inconsistent);
    EXPECT_THAT(result.reasons.front(), testing::HasSubstr("LATE WRITE: 1 transactions with 2"));
    EXPECT_EQ(result.late.first.at(0).key, "id = 2");
}

TEST_F(RunTest, LeavesStructureAndSequencesToAPersonAndSaysSo) {
    fill(1);
    SchemaFact index;
    index.kind = FactKind::index;
    index.table = "app.t";
    index.identity = " USING btree (v)";
    index.name = "by_v\n; drop table t";
    source.facts = {index};
    Request asked = request();
    asked.structure = true;
    const tests::TemporaryFolder folder;
    asked.repair_file = folder / "by_hand.sql";
    const Result result = run(asked);
    EXPECT_EQ(result.repair_by_hand, 1u);
    std::stringstream written;
    written << std::ifstream(asked.repair_file).rdbuf();
    EXPECT_THAT(written.str(), testing::HasSubstr("-- by hand: missing index by_v\\x0a; drop"));
    std::ostringstream report;
    write_text(report, result);
    EXPECT_THAT(report.str(), testing::HasSubstr("no statement repairs structure or sequences: 1"));
}

TEST_F(RunTest, DoubtsWhatAnOpenWriterHolds) {
    fill(3);
    for (FakeDatabase* end : {&source, &destination}) {
        end->open_writers = {{"pid 7 (application `psql`)", {{"app", "other"}}}};
        EXPECT_EQ(compare().verdict, Verdict::consistent);
        end->open_writers.push_back({"prepared transaction `g1`", {{"app", "t"}}});
        const Result result = compare();
        EXPECT_EQ(result.verdict, Verdict::could_not_tell);
        EXPECT_THAT(result.reasons, testing::Contains(testing::AllOf(testing::HasSubstr("`g1`"),
                                                                     testing::HasSubstr("app.t"))));
        Request asked = request();
        asked.ignore_open_writers = true;
        EXPECT_EQ(run(asked).verdict, Verdict::consistent);
        there().pop_back();
        EXPECT_EQ(compare().verdict, Verdict::inconsistent);
        there() = here();
        end->open_writers.clear();
    }
}

TEST_F(RunTest, TrustsSessionsOfTheirOwnOnlyIfNobodyWroteToTheEnd) {
    fill(1);
    source.shares_snapshots = false;
    EXPECT_EQ(compare().proof, Proof::settled);
    Request request_with_late_writer = request();
    EXPECT_EQ(run(request_with_late_writer, [&](const Progress&) { source.busy = true; }).proof,
              Proof::as_of_reading);
}

TEST_F(RunTest, GivesTheSameDigestForTheSameSeed) {
    fill(20);
    const Digest first = compare().tables[0].source_digest;
    EXPECT_EQ(compare().tables[0].source_digest, first);
    Request other = request();
    other.seed = 8;
    EXPECT_NE(run(other).tables[0].source_digest.row_sum, first.row_sum);
}

TEST_F(RunTest, ReportsProgressOfBothEnds) {
    fill(300);
    source.block_bytes = destination.block_bytes = 100;
    Progress last;
    run(request(), [&](const Progress& progress) { last = progress; });
    EXPECT_EQ(last.source_rows, 300u);
    EXPECT_EQ(last.destination_rows, 300u);
    EXPECT_EQ(last.rows_expected, 300u);
}

struct KeylessTest : RunTest {
    KeylessTest() {
        source.tables[0] = simple_table(false);
        destination.tables[0] = simple_table(false);
    }
};

TEST_F(KeylessTest, CountsRowsAsAMultiset) {
    here() = {simple_row(1, "a"), simple_row(1, "a"), simple_row(2, "b"), simple_row(3, "c")};
    there() = {simple_row(3, "c"), simple_row(1, "a"), simple_row(1, "a"), simple_row(2, "b")};
    EXPECT_EQ(compare().verdict, Verdict::consistent);
    there() = {simple_row(3, "c"), simple_row(1, "a"), simple_row(4, "d"), simple_row(4, "d")};
    const Result result = compare();
    EXPECT_EQ(result.rows.duplicate, 1u);
    EXPECT_EQ(result.rows.missing, 1u);
    EXPECT_EQ(result.rows.extra, 2u);
    EXPECT_EQ(result.rows.equal, 1u);
    EXPECT_THAT(keys_of(result, RowVerdict::duplicate), ElementsAre("(id=1, v=a)"));
    EXPECT_THAT(keys_of(result, RowVerdict::missing), ElementsAre("(id=2, v=b)"));
    EXPECT_THAT(keys_of(result, RowVerdict::extra), ElementsAre("(id=4, v=d)"));
}

TEST_F(KeylessTest, AgreesWithAPlainOracleOnRandomRows) {
    std::mt19937 random(5);
    for (int round = 0; round < 50; ++round) {
        here().clear();
        there().clear();
        std::map<int, std::pair<std::uint64_t, std::uint64_t>> oracle;
        for (int row = 0; row < 200; ++row) {
            const int value = static_cast<int>(random() % 90);
            const bool at_source = random() % 2 == 0;
            (at_source ? here() : there()).push_back(simple_row(value, "x"));
            ++(at_source ? oracle[value].first : oracle[value].second);
        }
        RowCounts expected;
        for (const auto& [value, counts] : oracle) {
            expected.missing += counts.second == 0 ? counts.first : 0;
            expected.extra += counts.first == 0 ? counts.second : 0;
            expected.duplicate +=
                counts.first != counts.second && counts.first * counts.second != 0 ? 1 : 0;
            expected.equal += counts.first == counts.second ? counts.first : 0;
        }
        const Result result = compare();
        EXPECT_EQ(result.rows.missing, expected.missing);
        EXPECT_EQ(result.rows.extra, expected.extra);
        EXPECT_EQ(result.rows.duplicate, expected.duplicate);
        EXPECT_EQ(result.rows.equal, expected.equal);
    }
}

TEST_F(KeylessTest, LetsRowsMeetUnderARule) {
    source.tables[0].shape.columns[0] = numeric_column("id");
    destination.tables[0].shape.columns[0] = numeric_column("id");
    const WireRow one_half = {wire::numeric({1, 5000}, 0, 0, 2), "a"};
    const WireRow same_half = {wire::numeric({1, 5000}, 0, 0, 1), "a"};
    here() = {one_half, one_half, {wire::numeric({2}, 0, 0, 0), "b"}};
    there() = {same_half, same_half, {wire::numeric({2}, 0, 0, 0), "b"}};
    EXPECT_EQ(compare().rows.missing, 2u);
    Request lenient = request();
    lenient.rules = {Rule::numeric_scale};
    const Result result = run(lenient);
    EXPECT_EQ(result.verdict, Verdict::consistent);
    EXPECT_EQ(result.rows.equal_by_rule, 2u);
}

}  // namespace
}  // namespace cutover::verify
