// Repair files as a person applies them: by psql, against a real server, whatever encoding the
// person's environment has.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/server/command.h"
#include "tests/live/verify/dataset.h"
#include "tests/support/live_postgres.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/verify_request.h"
#include "tests/support/verify_text.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

using fixtures::PostgresClient;
using fixtures::PostgresEndpoint;

template <int Version>
class RepairOf : public tests::LivePostgresOf<Version> {
protected:
    void SetUp() override {
        tests::LivePostgresOf<Version>::SetUp();
        if (!this->IsSkipped() && !this->HasFatalFailure()) {
            destination_ = this->make_destination("destination");
        }
    }
    void here(const std::string& sql) { PostgresClient(this->accounts().application).query(sql); }
    void there(const std::string& sql) { PostgresClient(destination_).query(sql); }
    Result judge(const std::string& repair_file = "") const {
        Request request = request_between(this->accounts().mover, destination_);
        request.repair_file = repair_file;
        return run(request);
    }
    std::string file() const { return (folder_ / "repair.sql").string(); }
    std::string undo() const { return file() + ".undo"; }

    /// What psql says; the encoding as the environment of a person would have it.
    fixtures::CommandResult apply(const std::string& script, const std::string& encoding) const {
        fixtures::CommandPlace place;
        place.environment = {{"PGPASSWORD", destination_.password}, {"PGCLIENTENCODING", encoding}};
        return fixtures::run_command(
            {"psql", "-X", "-q", "-h", destination_.host, "-p", std::to_string(destination_.port),
             "-U", destination_.user, "-d", destination_.database, "-f", script},
            std::chrono::seconds(60), place);
    }
    void apply_well(const std::string& script, const std::string& encoding = "UTF8") const {
        const fixtures::CommandResult result = apply(script, encoding);
        EXPECT_EQ(result.exit_code, 0) << result.output;
        EXPECT_EQ(result.output, "");
    }
    void changes_no_value_in_any_encoding();

    PostgresEndpoint destination_;
    const tests::TemporaryFolder folder_;
};

using Repair = RepairOf<17>;
using Repair15 = RepairOf<15>;

TEST_F(Repair, BringsWhatItFoundAndTakesItBack) {
    here(tests::dataset());
    there(tests::dataset_made_otherwise());
    there(
        "delete from app.types where id in (5, 6, 100002); insert into app.wide values (5000, 'a', "
        "'b', null);"
        "update app.types set n = 1, t = E'it''s \\\\ \"new\"', tstz = now(), ia = "
        "'{{1,2},{3,null}}', ta = null,"
        " pr = null, r = 'empty', x = '<b/>', p = '(0,0)', cash = '-1.5'::money, rc = 'pg_type' "
        "where id between 10"
        " and 20;"
        "update app.docs set j = '{}', jb = '[]', body = '' where id = md5('7')::uuid;"
        "delete from app.moods where mood = 'ok'; update app.prices set n = null where price = 11;"
        "delete from app.log where ctid in (select ctid from app.log where who = 'user1' limit 3);"
        "insert into app.log values (null, 'stranger', null), (null, 'stranger', null);"
        "insert into app.log select * from app.log where what = 'did 7' limit 2;");
    const Result before = judge(file());
    EXPECT_EQ(before.verdict, Verdict::inconsistent);
    EXPECT_GT(before.repair_statements, 15u);
    EXPECT_EQ(judge().rows.findings(), before.rows.findings())
        << "writing the file must not apply it";

    apply_well(file());
    const Result repaired = judge();
    EXPECT_EQ(repaired.verdict, Verdict::consistent) << text_of(repaired);
    apply_well(file());  // again: every guard must hold now
    EXPECT_EQ(judge().verdict, Verdict::consistent);

    apply_well(undo());
    const Result undone = judge();
    EXPECT_EQ(undone.rows.missing, before.rows.missing) << text_of(undone);
    EXPECT_EQ(undone.rows.extra, before.rows.extra);
    EXPECT_EQ(undone.rows.different, before.rows.different);
    EXPECT_EQ(undone.rows.duplicate, before.rows.duplicate);
}

/// Names and types that are not plain, for values that are not: a key, an enum, an array, a
/// composite, JSON, XML, a padded text.
constexpr const char* kNotPlain =
    "create table precious (id int primary key);"
    "create type \"M\u00e4rz\" as enum ('g\u00fcnstig', 'teuer');"
    "create type pair as (a text, b int);"
    "create table \"Stra\u00dfe\" (\"Schl\u00fcssel\" text primary key, \"Gr\u00f6\u00dfe\" text,"
    " m \"M\u00e4rz\", ms \"M\u00e4rz\"[], p pair, j jsonb, x xml, c char(4), d date, b bytea);";

/// In GBK the last byte of the first character and the quote behind it are one character: what
/// follows would be statements.
constexpr const char* kValues =
    "insert into \"Stra\u00dfe\" values"
    " ('\xe5\xbc\xa0''); drop table precious; --', '\u5f20', 'g\u00fcnstig',"
    "  '{g\u00fcnstig,teuer}', ('\u00e4', 1), '{\"\u00e4\": \"\u5f20\"}', '<a>\u00e4</a>',"
    "  '\u00e4', '2020-01-01', '\\x5c'),"
    " (E'two\\nlines\\x1b', E'a \\'quote\\' and a back\\\\slash', null, null, null, null, null,"
    "  null, null, null)";

template <int Version>
void RepairOf<Version>::changes_no_value_in_any_encoding() {
    here(kNotPlain);
    there(kNotPlain);
    here(kValues);
    for (const char* const encoding : {"UTF8", "LATIN1", "GBK", "SJIS", "SQL_ASCII"}) {
        SCOPED_TRACE(encoding);
        EXPECT_EQ(judge(file()).rows.missing, 2u);
        apply_well(file(), encoding);
        const Result repaired = judge();
        EXPECT_EQ(repaired.verdict, Verdict::consistent) << text_of(repaired);
        apply_well(undo(), encoding);
        EXPECT_EQ(judge().rows.missing, 2u);
    }
}

TEST_F(Repair, ChangesNoValueInAnyEncoding) {
    changes_no_value_in_any_encoding();
}

TEST_F(Repair15, ChangesNoValueInAnyEncoding) {
    changes_no_value_in_any_encoding();
}

TEST_F(Repair, StopsAtTheFirstError) {
    here("create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')");
    there("create table t (id int primary key, v text check (v <> 'a'))");
    judge(file());
    const fixtures::CommandResult result = apply(file(), "UTF8");
    EXPECT_NE(result.exit_code, 0) << result.output;
    EXPECT_EQ(PostgresClient(destination_).value("select count(*) from t"), "0");
}

}  // namespace
}  // namespace cutover::verify
