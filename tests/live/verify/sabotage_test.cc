// The judge judged: each operator damages a clean copy in one way, and the judge must name the
// table, the class, the key and the columns, and must blame nothing else. A green run of a verifier
// says nothing until each of its checks was seen to fire; the table that this test prints is that.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "tests/live/verify/dataset.h"
#include "tests/support/live_postgres.h"
#include "tests/support/verify_request.h"
#include "tests/support/verify_text.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

/// What must be found after a damage to rows.
struct RowDamage {
    const char* name;
    const char* sql;
    const char* table;
    RowVerdict verdict;
    const char* key;      ///< part of a sample's key
    const char* columns;  ///< the columns that differ, sorted, with commas; empty: none named
    std::uint64_t count = 1;
    const char* kind = "";      ///< part of the words on the first column
    std::uint64_t besides = 0;  ///< findings of other classes in the same table
};

constexpr auto kMissing = RowVerdict::missing;
constexpr auto kExtra = RowVerdict::extra;
constexpr auto kDifferent = RowVerdict::different;
constexpr auto kDuplicate = RowVerdict::duplicate;

const RowDamage kRowDamages[] = {
    {"row dropped", "delete from app.types where id = 300", "app.types", kMissing, "(id=300)", ""},
    {"first row dropped", "delete from app.wide where id = 1", "app.wide", kMissing, "(id=1)", ""},
    {"last row dropped", "delete from app.events where id = 1000", "app.events", kMissing,
     "(id=1000)", ""},
    {"row added", "insert into app.types (id) values (777)", "app.types", kExtra, "(id=777)", ""},
    {"deleted row is back", "insert into app.codes values ('zombie', 'x', 1)", "app.codes", kExtra,
     "(code=zombie)", ""},
    {"row doubled, key lost",
     "alter table app.wide drop constraint wide_pkey; insert into app.wide select * from app.wide "
     "where id = 7",
     "app.wide", kDuplicate, "(id=7)", ""},
    {"row doubled with another value, key lost",
     "alter table app.wide drop constraint wide_pkey; insert into app.wide values (8, 'other', "
     "'b', 'c')",
     "app.wide", kDuplicate, "(id=8)", ""},
    {"row doubled, no key", "insert into app.log select * from app.log where who = 'user1' limit 1",
     "app.log", kDuplicate, "who=user1", ""},
    {"one of equal rows lost, no key",
     "delete from app.log where ctid = (select ctid from app.log where who = 'user2' limit 1)",
     "app.log", kDuplicate, "who=user2", ""},
    {"all of equal rows lost, no key", "delete from app.log where what = 'did 3' and who = 'user3'",
     "app.log", kMissing, "what=did 3", "", 18},
    {"row added, no key", "insert into app.log values ('2020-01-01', 'stranger', 'x')", "app.log",
     kExtra, "who=stranger", ""},
    {"values of two rows swapped",
     "update app.wide set a = case id when 10 then 'a11' else 'a10' end where id in (10, 11)",
     "app.wide", kDifferent, "(id=10)", "a", 2},
    {"two columns swapped", "update app.wide set a = b, b = a where id = 20", "app.wide",
     kDifferent, "(id=20)", "a,b"},
    {"two columns swapped everywhere", "update app.wide set a = b, b = a", "app.wide", kDifferent,
     "(id=1)", "a,b", 300},
    {"columns shifted by one", "update app.wide set a = b, b = c, c = null where id = 30",
     "app.wide", kDifferent, "(id=30)", "a,b,c"},
    {"older version of a row", "update app.codes set qty = qty - 1 where code = 'B-1Z'",
     "app.codes", kDifferent, "(code=B-1Z)", "qty"},
    {"bit flipped", "update app.types set by = set_bit(by, 77, 1 - get_bit(by, 77)) where id = 40",
     "app.types", kDifferent, "(id=40)", "by"},
    {"digit dropped", "update app.types set n2 = trunc(n2, 3) where id = 41", "app.types",
     kDifferent, "(id=41)", "n2"},
    {"scale changed", "update app.types set n = 63.0 where id = 42", "app.types", kDifferent,
     "(id=42)", "n", 1, "scale"},
    {"one unit in the last place", "update app.types set f8 = 4.300000000000001 where id = 43",
     "app.types", kDifferent, "(id=43)", "f8", 1, "units in the last place"},
    {"sign of zero", "update app.types set f8 = 0.0 where id = 100003", "app.types", kDifferent,
     "(id=100003)", "f8"},
    {"NaN to NULL", "update app.types set n = null where id = 100002", "app.types", kDifferent,
     "(id=100002)", "n", 1, "value against null"},
    {"one microsecond", "update app.types set tstz = tstz + interval '1 microsecond' where id = 44",
     "app.types", kDifferent, "(id=44)", "tstz", 1, "shifted by 1 us"},
    {"milliseconds only", "update app.types set ts = date_trunc('milliseconds', ts) where id = 45",
     "app.types", kDifferent, "(id=45)", "ts"},
    {"time zone shift of a table", "update app.events set at = at + interval '2 hours'",
     "app.events", kDifferent, "(id=1)", "at", 1000, "shifted by 7200 s"},
    {"time zone shift of an even number of rows",
     "update app.events set at = at + interval '1 hour' where id in (500, 501)", "app.events",
     kDifferent, "(id=501)", "at", 2, "shifted by 3600 s"},
    {"daylight saving hour", "update app.types set ts = ts + interval '1 hour' where id = 46",
     "app.types", kDifferent, "(id=46)", "ts", 1, "shifted by 3600 s"},
    {"date to NULL", "update app.types set d = null where id = 47", "app.types", kDifferent,
     "(id=47)", "d", 1, "value against null"},
    {"infinite time made finite", "update app.types set tstz = '9999-12-31' where id = 100002",
     "app.types", kDifferent, "(id=100002)", "tstz"},
    {"NULL to empty", "update app.types set t = '' where id = 100001", "app.types", kDifferent,
     "(id=100001)", "t", 1, "null against value"},
    {"NULL to the word NULL", "update app.types set t = 'NULL' where id = 100001", "app.types",
     kDifferent, "(id=100001)", "t"},
    {"empty to NULL", "update app.types set t = null where id = 100002", "app.types", kDifferent,
     "(id=100002)", "t"},
    {"empty to blank", "update app.types set t = ' ' where id = 100002", "app.types", kDifferent,
     "(id=100002)", "t"},
    {"trailing blank", "update app.types set v = v || ' ' where id = 48", "app.types", kDifferent,
     "(id=48)", "v", 1, "trailing blanks"},
    {"case changed", "update app.types set t = upper(t) where id = 49", "app.types", kDifferent,
     "(id=49)", "t", 1, "case"},
    {"accent folded", "update app.types set v = replace(v, 'ö', 'o') where id = 50", "app.types",
     kDifferent, "(id=50)", "v"},
    {"encoded twice",
     "update app.types set v = convert_from(convert_to(convert_from(convert_to(v, 'UTF8'), "
     "'LATIN1'), 'UTF8'),"
     " 'UTF8') where id = 51",
     "app.types", kDifferent, "(id=51)", "v", 1, "encoded twice"},
    {"text cut at the first special letter", "update app.types set v = 'w' where id = 52",
     "app.types", kDifferent, "(id=52)", "v", 1, "cut from"},
    {"large value cut at 64 Ki",
     "update app.docs set body = left(body, 65536) where length(body) > 65536", "app.docs",
     kDifferent, "(id=00000000-0000-0000-0000-000000000001)", "body", 1, "cut from"},
    {"json keys reordered",
     "update app.docs set j = '{\"a\": [1.50, null], \"b\": 9, \"s\": \"x\"}' where id = "
     "md5('9')::uuid",
     "app.docs", kDifferent, "(id=45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26)", "j"},
    {"jsonb number reprinted",
     "update app.docs set jb = jsonb_set(jb, '{n}', '15') where id = md5('10')::uuid", "app.docs",
     kDifferent, "(id=d3d94468-02a4-4259-755d-38e6d163e820)", "jb"},
    {"jsonb null to absent", "update app.docs set jb = jb - 'z' where id = md5('11')::uuid",
     "app.docs", kDifferent, "(id=6512bd43-d9ca-a6e0-2c99-0b0a82652dca)", "jb"},
    {"jsonb array reordered",
     "update app.docs set jb = jsonb_set(jb, '{list}', '[3, 2, 1]') where id = md5('12')::uuid",
     "app.docs", kDifferent, "(id=c20ad4d7-6fe9-7759-aa27-a0c99bff6710)", "jb"},
    {"array reordered", "update app.types set ta = array['', 'a,b', 'q\"53'] where id = 53",
     "app.types", kDifferent, "(id=53)", "ta"},
    {"array bounds lost", "update app.types set ta = '{a,b}' where id = 100002", "app.types",
     kDifferent, "(id=100002)", "ta"},
    {"label in an enum array",
     "update app.types set ea = array['sad', 'sad']::app.mood[] where id = 54", "app.types",
     kDifferent, "(id=54)", "ea"},
    {"field of a record", "update app.types set pr.mood = 'sad' where id = 55", "app.types",
     kDifferent, "(id=55)", "pr"},
    {"range bound opened", "update app.types set nr = numrange(56, 56.5, '[)') where id = 56",
     "app.types", kDifferent, "(id=56)", "nr"},
    {"multirange merged",
     "update app.types set mr = int4multirange(int4range(57, 66)) where id = 57", "app.types",
     kDifferent, "(id=57)", "mr"},
    {"bytes of a uuid in another order",
     "update app.types set u = (substr(u::text, 7, 2) || substr(u::text, 5, 2) || substr(u::text, "
     "3, 2) ||"
     " substr(u::text, 1, 2) || substr(u::text, 9))::uuid where id = 58",
     "app.types", kDifferent, "(id=58)", "u"},
    {"interval justified", "update app.types set iv = justify_days(iv) where id = 59", "app.types",
     kDifferent, "(id=59)", "iv"},
    {"zone of a time", "update app.types set ttz = ttz at time zone '+00' where id = 60",
     "app.types", kDifferent, "(id=60)", "ttz"},
    {"prefix of an address", "update app.types set ip = set_masklen(ip, 25) where id = 61",
     "app.types", kDifferent, "(id=61)", "ip"},
    {"bit string padded", "update app.types set vb = vb || b'0' where id = 62", "app.types",
     kDifferent, "(id=62)", "vb"},
    {"one cent", "update app.types set cash = cash + 0.01::money where id = 63", "app.types",
     kDifferent, "(id=63)", "cash"},
    {"point moved", "update app.types set p = point(64, 64) where id = 64", "app.types", kDifferent,
     "(id=64)", "p"},
    {"text search vector", "update app.types set tsv = strip(tsv) where id = 65", "app.types",
     kDifferent, "(id=65)", "tsv"},
    {"xml value", "update app.types set x = '<a n=\"0\"/>' where id = 66", "app.types", kDifferent,
     "(id=66)", "x"},
    {"name of another object", "update app.types set rc = 'pg_type' where id = 67", "app.types",
     kDifferent, "(id=67)", "rc"},
    {"enum label", "update app.types set e = 'happy' where id = 69", "app.types", kDifferent,
     "(id=69)", "e"},
    {"booleans all true", "update app.types set b = true where b is not null", "app.types",
     kDifferent, "(id=1)", "b", 300},
    {"integer wrapped", "update app.types set i4 = -2147483648 where id = 70", "app.types",
     kDifferent, "(id=70)", "i4"},
    {"key merged by case", "delete from app.codes where code = 'a'", "app.codes", kMissing,
     "(code=a)", ""},
    {"key in another spelling",
     "alter table app.orders drop constraint orders_code_fkey; update app.codes set code = 'ss' "
     "where code = 'ß'",
     "app.codes", kMissing, "(code=ß)", "", 1, "", 1},
    {"value of a row with a text key", "update app.codes set label = 'x' where code = 'Z z'",
     "app.codes", kDifferent, "(code=Z z)", "label"},
    {"row with a composite key", "delete from app.pairs where a = 7 and b = 'k27'", "app.pairs",
     kMissing, "(a=7, b=k27)", ""},
    {"row with an enum key", "update app.moods set n = 0 where mood = 'ok'", "app.moods",
     kDifferent, "(mood=ok)", "n"},
    {"row with a numeric key", "update app.prices set n = 0 where price = 110.00", "app.prices",
     kDifferent, "(price=110.00)", "n"},
    {"scale of a numeric key", "update app.prices set price = 11 where price = 11", "app.prices",
     kDifferent, "(price=11.00)", "price"},
    {"row lost from a partition", "delete from app.parts where id = 400", "app.parts", kMissing,
     "(id=400, at=2024-02-05)", ""},
    {"partition lost", "truncate app.parts_2024", "app.parts", kMissing, "(id=365, at=2024-01-01)",
     "", 336},
    {"table empty", "truncate app.events", "app.events", kMissing, "(id=1)", "", 1000},
    {"whole chunk lost", "delete from app.events where id between 257 and 512", "app.events",
     kMissing, "(id=257)", "", 256},
    {"rows in an empty table", "insert into app.empty values (1, 'x')", "app.empty", kExtra,
     "(id=1)", ""},
    {"odd names", "update \"Odd Names\".\"Select\" set \"x\"\"y\" = null where \"Group\" = 5",
     "Odd Names.Select", kDifferent, "(Group=5)", "x\"y"},
    {"two edits that cancel in a sum",
     "update app.codes set qty = qty + 1 where code = 'B-1Z'; update app.codes set qty = qty - 1 "
     "where code = 'D-3Z'",
     "app.codes", kDifferent, "(code=B-1Z)", "qty", 2},
    {"every row different", "update app.wide set c = c || '!'", "app.wide", kDifferent, "(id=1)",
     "c", 300},
};

struct SchemaDamage {
    const char* name;
    const char* sql;
    FactKind kind;
    RowVerdict verdict;
    const char* object;  ///< part of name or definition
};

const SchemaDamage kSchemaDamages[] = {
    {"index lost", "drop index app.another_name", FactKind::index, kMissing, "orders_by_day"},
    {"index without its predicate",
     "drop index app.another_name; create index on app.orders (at, total)", FactKind::index,
     kMissing, "orders_by_day"},
    {"unique index lost", "drop index app.orders_once", FactKind::index, kMissing, "orders_once"},
    {"foreign key lost", "alter table app.orders drop constraint orders_code_fkey",
     FactKind::foreign_key, kMissing, "orders_code_fkey"},
    {"foreign key not validated",
     "alter table app.orders drop constraint orders_code_fkey; alter table app.orders add foreign "
     "key (code)"
     " references app.codes (code) not valid",
     FactKind::foreign_key, kDifferent, "orders_code_fkey"},
    {"check lost", "alter table app.pairs drop constraint positive", FactKind::check, kMissing,
     "positive"},
    {"check weakened",
     "alter table app.pairs drop constraint positive; alter table app.pairs add constraint "
     "positive check (c >= -1)",
     FactKind::check, kMissing, "positive"},
    {"primary key lost", "alter table app.events drop constraint events_pkey",
     FactKind::primary_key, kMissing, "events_pkey"},
    {"NOT NULL lost", "alter table app.codes alter label drop not null", FactKind::column,
     kDifferent, "label"},
    {"default lost", "alter table app.codes alter qty drop default", FactKind::column, kDifferent,
     "qty"},
    {"identity lost", "alter table app.orders alter id drop identity", FactKind::column, kDifferent,
     "id"},
    {"type widened", "alter table app.wide alter a type varchar(500)", FactKind::column, kDifferent,
     "a"},
    {"enum label added", "alter type app.mood add value 'angry'", FactKind::type, kDifferent,
     "app.mood"},
    {"partition detached and kept",
     "alter table app.parts detach partition app.parts_2023; insert into app.parts_2024 select id, "
     "at, v from"
     " app.parts_2023 where false",
     FactKind::partition, kMissing, "app.parts_2023"},
};

const SchemaDamage kSequenceDamages[] = {
    {"identity sequence behind", "alter sequence app.orders_id_seq restart with 5",
     FactKind::sequence, kDifferent, "app.orders_id_seq"},
    {"serial sequence behind", "select setval('app.serials_id_seq', 1)", FactKind::sequence,
     kDifferent, "app.serials_id_seq"},
    {"sequence of no table behind", "select setval('app.tickets', 4000)", FactKind::sequence,
     kDifferent, "app.tickets"},
    {"sequence of no table never set", "alter sequence app.tickets restart", FactKind::sequence,
     kDifferent, "app.tickets"},
    {"sequence of no table lost", "drop sequence app.tickets", FactKind::sequence, kMissing,
     "app.tickets"},
    {"sequence of no table with another step", "alter sequence app.tickets increment 1",
     FactKind::sequence, kDifferent, "app.tickets"},
};

std::string columns_of(const RowSample& sample) {
    std::vector<std::string> names;
    for (const CellDifference& cell : sample.cells) {
        names.push_back(cell.column);
    }
    std::sort(names.begin(), names.end());
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ",") + name;
    }
    return out;
}

std::uint64_t count_of(const RowCounts& rows, RowVerdict verdict) {
    switch (verdict) {
        case kMissing:
            return rows.missing;
        case kExtra:
            return rows.extra;
        case kDifferent:
            return rows.different;
        case kDuplicate:
            return rows.duplicate;
        default:
            return 0;
    }
}

const TableResult* table_of(const Result& result, std::string_view name) {
    for (const TableResult& table : result.tables) {
        if (table.source == name) {
            return &table;
        }
    }
    return nullptr;
}

class Sabotage : public tests::LivePostgres {
protected:
    void SetUp() override {
        tests::LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        fixtures::PostgresClient(accounts().application).query(tests::dataset());
        golden_ = make_destination("golden");
        fixtures::PostgresClient(golden_).query(tests::dataset_made_otherwise());
    }

    /// A clean destination, damaged.
    fixtures::PostgresEndpoint damaged(const std::string& sql) {
        fixtures::PostgresEndpoint copy = golden_.in_database(golden_.database + "_damaged");
        auto admin = server().connect();
        admin.query("drop database if exists " + fixtures::quoted_name(copy.database) +
                    " with (force)");
        admin.query("create database " + fixtures::quoted_name(copy.database) + " template " +
                    fixtures::quoted_name(golden_.database));
        if (!sql.empty()) {
            fixtures::PostgresClient(copy).query(sql);
        }
        return copy;
    }

    void TearDown() override {
        if (!IsSkipped() && !golden_.database.empty()) {
            server().connect().query("drop database if exists " +
                                     fixtures::quoted_name(golden_.database + "_damaged") +
                                     " with (force)");
        }
        tests::LivePostgres::TearDown();
    }

    Request request(const fixtures::PostgresEndpoint& destination) const {
        Request request = request_between(accounts().mover, destination);
        request.settle = {};  // nobody else writes here
        return request;
    }

    static void print(const std::string& name, const std::string& expected,
                      const std::string& found, bool caught) {
        std::cout << fmt::format("  {:<44} {:<36} {:<60} {}\n", name, expected, found.substr(0, 60),
                                 caught ? "caught" : "NOT CAUGHT");
    }

    fixtures::PostgresEndpoint golden_;
};

TEST_F(Sabotage, BlamesNothingOnACleanPairMadeInAnotherWay) {
    for (const unsigned jobs : {1u, 3u}) {
        Request clean = request(golden_);
        clean.jobs = jobs;
        const Result result = run(clean);
        EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
        EXPECT_EQ(result.tables.size(), 14u);
        EXPECT_GT(result.rows.source, 5000u);
        EXPECT_EQ(result.rows.findings(), 0u);
        EXPECT_EQ(result.proof, Proof::settled) << result.proof_detail;
        for (const SchemaDifference& difference : result.schema.differences) {
            ADD_FAILURE() << difference_text(difference);
        }
    }
}

TEST_F(Sabotage, CatchesEveryDamageToRowsWithKeyClassAndColumns) {
    int caught_all = 0;
    for (const RowDamage& damage : kRowDamages) {
        Request damaged_pair = request(damaged(damage.sql));
        damaged_pair.structure = false;
        const Result result = run(damaged_pair);
        const TableResult* table = table_of(result, damage.table);
        ASSERT_NE(table, nullptr);
        const auto sample =
            std::find_if(table->samples.begin(), table->samples.end(), [&](const RowSample& each) {
                return each.verdict == damage.verdict &&
                       each.key.find(damage.key) != std::string::npos;
            });
        const bool named = sample != table->samples.end() &&
                           columns_of(*sample) == damage.columns &&
                           (sample->cells.empty() ||
                            sample->cells.front().kind.find(damage.kind) != std::string::npos);
        const bool counted = count_of(table->rows, damage.verdict) == damage.count &&
                             table->rows.findings() == damage.count + damage.besides;
        const bool others_clean =
            std::all_of(result.tables.begin(), result.tables.end(), [&](const TableResult& other) {
                return other.source == damage.table || other.verdict == Verdict::consistent;
            });
        const bool caught =
            named && counted && others_clean && result.verdict == Verdict::inconsistent;
        caught_all += caught ? 1 : 0;
        print(damage.name, fmt::format("{} {}", to_string(damage.verdict), damage.key),
              table->samples.empty() ? "nothing"
                                     : sample_text(*(named ? sample : table->samples.begin())),
              caught);
        EXPECT_TRUE(caught) << damage.name << "\n" << text_of(result);
    }
    std::cout << fmt::format("  {} of {} damages to rows caught\n", caught_all,
                             std::size(kRowDamages));
}

TEST_F(Sabotage, CatchesEveryDamageToStructureAndSequences) {
    const auto check = [&](const SchemaDamage& damage, bool sequences) {
        const Result result = run(request(damaged(damage.sql)));
        const SchemaResult& schema = sequences ? result.sequences : result.schema;
        const auto found = std::find_if(
            schema.differences.begin(), schema.differences.end(),
            [&](const SchemaDifference& each) {
                return each.kind == damage.kind && each.verdict == damage.verdict && each.counts &&
                       each.name.find(damage.object) != std::string::npos;
            });
        const bool caught =
            found != schema.differences.end() && result.verdict == Verdict::inconsistent;
        print(damage.name, fmt::format("{} {}", to_string(damage.verdict), damage.object),
              found == schema.differences.end() ? "nothing" : difference_text(*found), caught);
        EXPECT_TRUE(caught) << damage.name << "\n" << text_of(result);
    };
    for (const SchemaDamage& damage : kSchemaDamages) {
        check(damage, false);
    }
    for (const SchemaDamage& damage : kSequenceDamages) {
        check(damage, true);
    }
}

TEST_F(Sabotage, MissesNoTableAndNoColumn) {
    const Result no_table = run(request(damaged("drop table app.events")));
    EXPECT_EQ(no_table.verdict, Verdict::inconsistent);
    EXPECT_EQ(table_of(no_table, "app.events")->reason, "no such table at the destination");
    const Result no_column = run(request(damaged("alter table app.wide drop column b")));
    EXPECT_EQ(no_column.verdict, Verdict::inconsistent);
    EXPECT_THAT(table_of(no_column, "app.wide")->missing_columns, testing::ElementsAre("b"));
}

TEST_F(Sabotage, CannotTellWhereAColumnHasNoCommonForm) {
    Request odd = request(damaged("alter table app.wide alter b type bytea using b::bytea"));
    odd.structure = false;
    const Result result = run(odd);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_TRUE(table_of(result, "app.wide")->partial);
    EXPECT_EQ(table_of(result, "app.wide")->rows.equal, 300u);
}

TEST_F(Sabotage, CountsWhatPassesByADeclaredRule) {
    const fixtures::PostgresEndpoint destination = damaged(
        "update app.types set n = trim_scale(n); update app.types set f8 = 0.0 where id = 100003;"
        "update app.docs set j = j::jsonb::json where j is not null;"
        "update app.types set ta = '{a,b}' where id = 100002");
    Request strict = request(destination);
    strict.structure = false;
    EXPECT_EQ(run(strict).verdict, Verdict::inconsistent);
    Request lenient = strict;
    lenient.rules = {Rule::numeric_scale, Rule::negative_zero, Rule::json_text, Rule::array_bounds};
    const Result result = run(lenient);
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(table_of(result, "app.docs")->rules.at("json_text"), 500u);
    EXPECT_EQ(table_of(result, "app.types")->rules.at("negative_zero"), 1u);
    EXPECT_EQ(table_of(result, "app.types")->rules.at("array_bounds"), 1u);
    EXPECT_GT(table_of(result, "app.types")->rules.at("numeric_scale"), 500u);
}

}  // namespace
}  // namespace cutover::verify
