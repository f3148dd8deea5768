// From a newer version to an older one by the program itself, and what the judge says afterwards:
// values that the older one reads otherwise, what PostgreSQL's log does not hold, what the task has
// left out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using fixtures::PostgresClient;
using nlohmann::json;
using testing::HasSubstr;

constexpr int kRefused = 13;

class AcrossVersions : public LiveServers {
protected:
    void SetUp() override {
        LiveServers::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        newer_ = servers().postgres({"newer", 17, {}, {}});
        older_ = servers().postgres({"older", 15, {}, {}});
        source_ = make_source_database(*newer_, "shop");
        destination_ = make_destination_database(*older_, "shop");
    }
    void at_source(const std::string& sql) { PostgresClient(source_.application).query(sql); }
    std::string at_destination(const std::string& sql) {
        return PostgresClient(destination_).value(sql);
    }
    std::string task(const std::string& more = "") {
        return program_.task(source_.mover, destination_, more);
    }
    void finish(const std::string& file, RunningProgram& migrate) {
        const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
        ASSERT_EQ(finish.exit_code, 0) << finish.text << migrate.text();
        EXPECT_EQ(migrate.wait().exit_code, 0) << migrate.text();
    }
    json verify(const std::string& file, int exit_code) {
        const Said said = program_.run({"verify", file, "--json"});
        EXPECT_EQ(said.exit_code, exit_code) << said.text;
        return json::parse(said.text);
    }

    Program program_;
    std::unique_ptr<fixtures::PostgresServer> newer_;
    std::unique_ptr<fixtures::PostgresServer> older_;
    SourceAccounts source_;
    fixtures::PostgresEndpoint destination_;
};

/// The older version has no infinite intervals and reads their bytes as 178956970 years.
TEST_F(AcrossVersions, AnInfiniteIntervalIsRefusedByRowAndColumn) {
    at_source(
        "create table waits (id int primary key, w interval, ws interval[]);"
        "insert into waits values (1, '3 days', '{1 hour}'), (42, '-infinity', null)");
    const std::string file = task();
    EXPECT_THAT(program_.run({"precheck", file}).text, HasSubstr("types.interval_infinity"));
    const Said copied = program_.run({"migrate", file});
    EXPECT_EQ(copied.exit_code, kRefused) << copied.text;
    EXPECT_THAT(copied.text,
                HasSubstr("table public.waits, row (id=42), column w: the interval '-infinity'"));

    at_source("update waits set w = null where id = 42");
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("insert into waits values (43, null, '{1 day, infinity}')");
    const Said applied = migrate.wait();
    EXPECT_EQ(applied.exit_code, kRefused) << applied.text;
    EXPECT_THAT(applied.text, HasSubstr("row (id=43), column ws: the interval 'infinity'"));
    EXPECT_EQ(at_destination("select count(*) from waits where w > '1000 years'"), "0");
}

/// Before version 18 nobody can validate later what a key to a partitioned table keeps per
/// partition; the judge looks at those, too.
TEST_F(AcrossVersions, AForeignKeyToPartitionsIsValidatedInEachOfThem) {
    const char* const kParts = "select count(*) from pg_constraint where contype = 'f' and ";
    at_source(
        "create table root (id int primary key) partition by range (id);"
        "create table root_1 partition of root for values from (0) to (100);"
        "create table root_2 partition of root for values from (100) to (200);"
        "create table leaf (id int primary key, root int references root);"
        "insert into root values (1), (101); insert into leaf values (1, 1)");
    for (const fixtures::PostgresEndpoint& end :
         {destination_, make_destination_database(*newer_, "other")}) {
        const std::string file = program_.task(source_.mover, end);
        RunningProgram migrate = program_.start({"migrate", file});
        ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
        at_source("insert into leaf select max(id) + 1, 101 from leaf");
        finish(file, migrate);
        PostgresClient destination(end);
        EXPECT_EQ(destination.value(std::string(kParts) + "convalidated"), "3");
        EXPECT_EQ(destination.value(std::string(kParts) + "not convalidated"), "0");
        EXPECT_EQ(verify(file, 0)["schema"]["verdict"], "consistent");

        destination.query(
            "alter table leaf drop constraint leaf_root_fkey;"
            "alter table leaf add constraint leaf_root_fkey foreign key (root) references root not "
            "valid; alter table leaf validate constraint leaf_root_fkey");
        ASSERT_EQ(destination.value(std::string(kParts) + "not convalidated"), "2");
        EXPECT_THAT(verify(file, 1)["schema"]["differences"].dump(), HasSubstr("not validated"));
        EXPECT_EQ(program_.run({"release", file}).exit_code, 0);
    }
}

class OtherCurrency : public LiveServers {};

/// The yen has no smaller unit: the same bytes are a hundred times the amount.
TEST_F(OtherCurrency, MoneyIsCarriedAndComparedByValue) {
    const auto server = servers().postgres({"currency", 17, {}, {}, {"ja_JP"}});
    const SourceAccounts source = make_source_database(*server, "here");
    const fixtures::PostgresEndpoint destination = make_destination_database(*server, "there");
    server->connect().query("alter database there set lc_monetary = 'ja_JP.UTF-8'");
    PostgresClient here(source.application);
    here.query(
        "create table prices (id int primary key, m money, ms money[]);"
        "insert into prices values (1, 1234.00, '{5.00, -7.00}'), (2, null, null)");
    PostgresClient there(destination);
    Program program;
    const std::string file = program.task(source.mover, destination);
    EXPECT_THAT(program.run({"precheck", file}).text, HasSubstr("types.money_digits"));
    RunningProgram migrate = program.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    here.query("update prices set m = 99.00 where id = 2");
    const Said verify = program.run({"verify", file});
    EXPECT_EQ(verify.exit_code, 0) << verify.text;
    EXPECT_EQ(there.value("select string_agg(m::numeric::text, ' ' order by id) from prices"),
              "1234 99");
    EXPECT_EQ(there.value("select ms::numeric[] from prices where id = 1"), "{5,-7}");
    there.query("update prices set m = 123400 where id = 1");  // the source's bytes
    const Said blind = program.run({"verify", file, "--json"});
    EXPECT_EQ(blind.exit_code, 1) << blind.text;
    EXPECT_EQ(json::parse(blind.text)["rows"]["different"], 1);

    here.query("insert into prices values (3, 0.50, null)");
    const Said refused = migrate.wait();
    EXPECT_EQ(refused.exit_code, kRefused) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("table public.prices, row (id=3), column m: the amount "
                                        "0.50 cannot be held"));
    for (PostgresClient* const end : {&here, &there}) {  // large enough to be cut into ranges
        end->query(
            "create table amounts (m money primary key); insert into amounts select"
            " g::numeric::money from generate_series(1, 250000) g; analyze amounts");
    }
    const Said large =
        program.run({"verify", file, "--no-schema", "--jobs", "2", "--table", "public.amounts"});
    EXPECT_EQ(large.exit_code, 0) << large.text;
}

/// What is sent and logged of an xml value has no declaration: a declared rule, counted.
TEST_F(AcrossVersions, TheDeclarationOfXmlIsADeclaredRule) {
    at_source(
        "create table docs (id int primary key, x xml);"
        "insert into docs values (1, '<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>é</a>'),"
        " (2, '<a/>')");
    const std::string file = task();
    EXPECT_THAT(program_.run({"precheck", file}).text, HasSubstr("types.xml_declaration"));
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source(
        "insert into docs values (3, E'<?xml version=\"1.0\" encoding=\"UTF-8\"?>\\n<b>é</b>'),"
        " (4, '<?xml version=\"1.0\" standalone=\"yes\"?><c/>')");
    finish(file, migrate);
    EXPECT_EQ(at_destination("select x::text from docs where id = 3"), "<b>é</b>");
    const json result = verify(file, 0);
    // Rows 1 and 3. What a declaration says besides of the encoding is carried as it is.
    EXPECT_EQ(at_destination("select x::text from docs where id = 4"),
              "<?xml version=\"1.0\" standalone=\"yes\"?><c/>");
    EXPECT_EQ(result["tables"][0]["rules"]["xml_declaration"], 2);
    EXPECT_THAT(result["rules"].dump(), HasSubstr("declared by the task"));
    PostgresClient(destination_).query("update docs set x = '<a>e</a>' where id = 1");
    EXPECT_EQ(verify(file, 1)["rows"]["different"], 1);
}

TEST_F(AcrossVersions, TheFenceIsTheProofAndWhatTheTaskLeftOutIsNamed) {
    at_source(
        "create table parent (id int primary key);"
        "create table child (id int primary key, parent int references parent, r int4range,"
        " exclude using gist (r with &&));"
        "create table root (id int primary key) partition by range (id);"
        "create table root_1 partition of root for values from (0) to (100);"
        "create table leaf (id int primary key, root int references root);"
        "insert into parent values (1); insert into child values (1, 1, '[1,2)');"
        "insert into root values (1); insert into leaf values (1, 1)");
    const std::string file = task(
        "objects: {exclude: [public.parent]}\n"
        "ignore: [schema.foreign_key_left_out, source.not_carried.exclusion_constraint]");
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    EXPECT_EQ(verify(file, 2)["schema"]["verdict"], "could not tell")
        << "the key to the partitioned table comes with the cutover";
    finish(file, migrate);
    const json result = verify(file, 0);
    EXPECT_EQ(result["proof"]["kind"], "fenced");
    EXPECT_EQ(result["proof"]["detail"].dump().find("cannot be seen"), std::string::npos);
    std::vector<std::string> left_out;
    for (const json& difference : result["schema"]["differences"]) {
        left_out.push_back(difference["kind"]);
        EXPECT_NE(difference["left_out"], "");
    }
    EXPECT_THAT(left_out, testing::UnorderedElementsAre("foreign key", "exclusion"));
    EXPECT_EQ(at_destination("select count(*) from pg_constraint where not convalidated"), "0");
    EXPECT_EQ(at_destination("select count(*) > 1 from pg_constraint where contype = 'f'"), "t");
}

}  // namespace
}  // namespace cutover::tests
