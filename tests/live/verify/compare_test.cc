// The judge on real servers beyond damage: versions, encodings, collations, key ranges, repairs,
// the command.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "migrator/engine/postgres/session/endpoint_rules.h"
#include "migrator/model/error.h"
#include "tests/live/verify/dataset.h"
#include "tests/support/live_postgres_pair.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/verify_request.h"
#include "tests/support/verify_text.h"
#include "verify/command.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

using fixtures::PostgresClient;
using fixtures::PostgresEndpoint;

std::string read_file(const std::string& path) {
    std::stringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

Request request_for(const PostgresEndpoint& source, const PostgresEndpoint& destination) {
    Request request = request_between(source, destination);
    request.settle = {};  // nobody else writes here
    return request;
}

/// This test's own database is of version 15, others of version 17.
using CrossVersion = tests::LivePostgresPairOf<15, 17>;

TEST_F(CrossVersion, FindsTheSameContentEqualAcrossVersions) {
    PostgresClient(accounts().application).query(tests::dataset());
    const PostgresEndpoint destination = make_other_destination("destination");
    PostgresClient(destination).query(tests::dataset_made_otherwise());
    const Result result = run(request_for(accounts().mover, destination));
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
}

/// Both ends hold the same sixteen bytes; what they mean is another thing from version 17 on.
TEST_F(CrossVersion, ReadsAnIntervalByTheVersionOfItsEnd) {
    const tests::SourceAccounts source = make_other_source("source");
    const PostgresEndpoint destination = make_destination("destination");
    const std::string table = "create table t (id int primary key, w interval, ws interval[]);";
    PostgresClient(source.application)
        .query(table +
               "insert into t values (1, 'infinity', null), (2, '1 day', "
               "'{infinity}'), (3, '1 mon', '{1 day}')");
    PostgresClient(destination)
        .query(table +
               "insert into t values (1, '178956970 years 7 mons 2147483647 days "
               "2562047788:00:54.775807', null), (2, '1 day', '{178956970 years 7 mons 2147483647 "
               "days "
               "2562047788:00:54.775807}'), (3, '1 mon', '{1 day}')");
    const Result result = run(request_for(source.mover, destination));
    EXPECT_EQ(result.rows.different, 2u) << text_of(result);
    EXPECT_EQ(result.rows.equal, 1u);
}

class Compare : public tests::LivePostgres {
protected:
    void SetUp() override {
        tests::LivePostgres::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) {
            destination_ = make_destination("destination");
        }
    }
    void both(const std::string& sql) {
        here(sql);
        there(sql);
    }
    void here(const std::string& sql) { PostgresClient(accounts().application).query(sql); }
    void there(const std::string& sql) { PostgresClient(destination_).query(sql); }
    Request request() const { return request_for(accounts().mover, destination_); }

    PostgresEndpoint destination_;
    const tests::TemporaryFolder folder_;
};

TEST_F(Compare, CutsLargeTablesIntoRangesWithoutLosingTheirEdges) {
    both(
        "create table big (id bigint primary key, v text); insert into big select g * 7, 'v' || g "
        "from"
        " generate_series(1, 300000) g; analyze big");
    for (const unsigned jobs : {1u, 2u, 5u}) {
        Request asked = request();
        asked.jobs = jobs;
        EXPECT_EQ(run(asked).verdict, Verdict::consistent) << jobs;
        EXPECT_EQ(run(asked).rows.equal, 300000u) << jobs;
    }
    there(
        "delete from big where id in (7, 2100000, 1050000); insert into big values (-5, 'before'), "
        "(9000000, 'after'),"
        " (1050001, 'between')");
    for (const unsigned jobs : {1u, 5u}) {
        Request asked = request();
        asked.jobs = jobs;
        const Result result = run(asked);
        EXPECT_EQ(result.rows.missing, 3u) << text_of(result);
        EXPECT_EQ(result.rows.extra, 3u);
        EXPECT_EQ(result.rows.equal, 299997u);
    }
    there(
        "alter table big drop constraint big_pkey; alter table big alter id drop not null;"
        "create unique index on big (id); insert into big values (null, 'no key')");
    for (const unsigned jobs : {1u, 5u}) {
        Request asked = request();
        asked.jobs = jobs;
        EXPECT_EQ(run(asked).rows.extra, 4u) << jobs;
    }
}

TEST_F(Compare, CutsRangesBeyondWhatTheOtherEndCanHold) {
    here(
        "create table big (id bigint primary key); insert into big select g from"
        " generate_series(1, 150000) g; insert into big select 3000000000 + g from"
        " generate_series(1, 150000) g; analyze big");
    there(
        "create table big (id integer primary key); insert into big select g from"
        " generate_series(1, 150000) g");
    Request asked = request();
    asked.jobs = 5;
    asked.structure = false;
    const Result result = run(asked);
    EXPECT_EQ(result.rows.equal, 150000u) << text_of(result);
    EXPECT_EQ(result.rows.missing, 150000u);
}

std::size_t peak_memory_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stoul(line.substr(6));
        }
    }
    return 0;
}

TEST_F(Compare, KeepsItsMemoryIfEveryRowDiffers) {
    both(
        "create table big (id int primary key, v text); create table loose (v text);"
        "insert into big select g, repeat(md5(g::text), 4) from generate_series(1, 150000) g;"
        "insert into loose select v from big; analyze");
    run(request());
    const std::size_t before = peak_memory_kb();
    there("update big set v = reverse(v); update loose set v = reverse(v)");
    const Result result = run(request());
    EXPECT_GT(result.rows.different + result.rows.missing, 299000u);
    EXPECT_LT(peak_memory_kb() - before, 120u << 10) << "kB more than for equal tables";
}

TEST_F(Compare, ReadsOtherEncodingsAndCollationsInOneOrder) {
    const std::string name = endpoint().database + "_latin1";
    server().connect().query("create database " + fixtures::quoted_name(name) +
                             " encoding 'LATIN1' locale 'C' template template0");
    const tests::SourceAccounts latin = tests::make_source_accounts(server(), name);
    const std::string rows =
        "insert into t select chr(g), g from generate_series(33, 126) g; insert into t select "
        "chr(g) || 'x', g from"
        " generate_series(192, 255) g; insert into t select 'é' || g, g from generate_series(1, "
        "50) g";
    PostgresClient source(latin.application);
    source.query("create table t (k text primary key, n int);" + rows);
    there(
        "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
        "create table t (k text collate ci, n int);" +
        rows);
    Request asked = request_for(latin.mover, destination_);
    asked.structure = false;
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    there("delete from t where n = 230");
    EXPECT_EQ(run(asked).rows.missing, 1u);
    server().connect().query("drop database " + fixtures::quoted_name(name) + " with (force)");
    tests::drop_accounts(server(), name);
}

/// Databases whose libc locale is C and whose text another provider sorts.
void compare_providers(fixtures::PostgresServer& server, const PostgresEndpoint& destination,
                       const std::vector<std::string>& locales) {
    const std::string rows =
        "create table t (k text primary key, c varchar(9) collate \"C\" unique not null);"
        "insert into t select v || n, n || v from unnest(array['a', 'B', 'c', 'D', 'é', 'Z', '_'])"
        " v, generate_series(1, 30) n;";
    PostgresClient(destination).query(rows);
    const std::string database = destination.database + "_other";
    const std::string name = fixtures::quoted_name(database);
    for (const std::string& locale : locales) {
        server.connect().query("drop database if exists " + name);
        server.connect().query("create database " + name + " encoding 'UTF8' locale 'C' " + locale +
                               " template template0");
        const tests::SourceAccounts source = tests::make_source_accounts(server, database);
        PostgresClient(source.application).query(rows);
        const Result result = run(request_for(source.mover, destination));
        EXPECT_EQ(result.verdict, Verdict::consistent) << locale << "\n" << text_of(result);
        EXPECT_EQ(result.rows.equal, 210u);
        server.connect().query("drop database " + name + " with (force)");
        tests::drop_accounts(server, database);
    }
}

TEST_F(Compare, TrustsTheLibcLocaleOnlyWhereTextFollowsIt) {
    compare_providers(
        server(), destination_,
        {"", "locale_provider icu icu_locale 'und'", "locale_provider builtin builtin_locale 'C'",
         "locale_provider builtin builtin_locale 'C.UTF-8'"});
}

TEST_F(CrossVersion, TrustsTheLibcLocaleOnlyWhereTextFollowsIt) {
    compare_providers(server(), make_destination("destination"),
                      {"", "locale_provider icu icu_locale 'und'"});
}

TEST_F(Compare, TrustsNoCollationByItsName) {
    both(
        "create collation public.\"C\" (provider = icu, locale = 'und');"
        "create collation bytewise (provider = libc, locale = 'C');"
        "create table t (k text collate public.\"C\" primary key);"
        "create table u (k text collate bytewise primary key);"
        "insert into t values ('a'), ('B'), ('c'), ('_'); insert into u select k from t");
    EXPECT_EQ(run(request()).verdict, Verdict::consistent) << text_of(run(request()));
}

TEST_F(Compare, FollowsRenamesFiltersAndExclusions) {
    here(
        "create schema app; create type app.mood as enum ('ok'); create table app.parent (id int "
        "primary key);"
        "create table app.t (id int primary key, qty int check (qty >= 0), m app.mood default "
        "'ok', note text,"
        " parent int references app.parent (id)); create index on app.t (qty) where qty > 5;"
        "insert into app.parent values (1); insert into app.t select g, g, 'ok', 'private', 1"
        " from generate_series(1, 100) g");
    there(
        "create schema shop; create type shop.mood as enum ('ok'); create table shop.parent (id "
        "int primary key);"
        "create table shop.goods (id int primary key, quantity int check (quantity >= 0), m "
        "shop.mood default 'ok',"
        " parent int references shop.parent (id)); create index on shop.goods (quantity) where "
        "quantity > 5;"
        "insert into shop.parent values (1); insert into shop.goods select g, g, 'ok', 1"
        " from generate_series(51, 100) g");
    Request asked = request();
    asked.mapping.schemas = {{"app", "shop"}};
    asked.mapping.tables[{"app", "t"}] = {"shop", "goods"};
    asked.mapping.columns[{"app", "t"}] = {{"qty", "quantity"}};
    asked.mapping.excluded_columns[{"app", "t"}] = {"note"};
    asked.filters[{"app", "t"}] = "id > 50";
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    asked.filters.clear();
    EXPECT_EQ(run(asked).rows.missing, 50u);
    asked.filters[{"app", "t"}] = "no such column > 1";
    EXPECT_EQ(run(asked).verdict, Verdict::could_not_tell);
}

/// What a task says of a partitioned table holds for its partitions; the nearest wins.
TEST_F(Compare, HoldsPartitionsToTheirOwnFiltersOrTheRoots) {
    const std::string tables =
        "create table visit (id int, year int, primary key (id, year)) partition by range (year);"
        "create table visit_old partition of visit for values from (0) to (2000)"
        " partition by range (id);"
        "create table visit_old_low partition of visit_old for values from (0) to (50);"
        "create table visit_old_high partition of visit_old for values from (50) to (1000);"
        "create table visit_new partition of visit for values from (2000) to (3000);";
    here(tables + "insert into visit select g, 1990 + g % 20 from generate_series(1, 100) g");
    there(tables +
          "insert into visit select g, 1990 + g % 20 from generate_series(1, 100) g"
          " where case when g % 20 >= 10 then g > 30 when g >= 50 then g > 82 else g > 10 end");
    Request asked = request();
    asked.filters[{"public", "visit"}] = "id > 30";
    asked.filters[{"public", "visit_old"}] = "id > 10";
    asked.filters[{"public", "visit_old_high"}] = "id > 82";
    EXPECT_EQ(run(asked).verdict, Verdict::consistent) << text_of(run(asked));
    asked.tables = {"public.visit_new"};
    EXPECT_EQ(run(asked).verdict, Verdict::consistent) << text_of(run(asked));
    asked.tables.clear();
    asked.filters[{"public", "visit_old_high"}] = "id > 85";
    EXPECT_EQ(run(asked).verdict, Verdict::inconsistent);
}

TEST_F(Compare, ListsTablesThatAreNeverCompared) {
    both("create table t (id int primary key)");
    here("create schema cutover; create table cutover.mine (id int)");
    // The extension is the superuser's.
    connect().query("create table gadgets (id int); alter extension plpgsql add table gadgets");
    const auto listed = [this] { return testing::PrintToString(run(request()).not_compared); };
    EXPECT_THAT(listed(), testing::HasSubstr("own: cutover.mine"));
    EXPECT_THAT(listed(), testing::HasSubstr("extension plpgsql: public.gadgets"));
    here("comment on schema cutover is 'cutover: control state of migrations, format 7'");
    EXPECT_THAT(listed(), testing::HasSubstr("own: cutover.mine")) << "another role's";
    connect().query("alter schema cutover owner to " +
                    fixtures::quoted_name(accounts().mover.user));
    EXPECT_THAT(listed(), testing::Not(testing::HasSubstr("cutover.mine")));
}

/// Of another tool's schema nothing is used, and it is in nobody's way. One that says that it is
/// ours may hide a task, which rows may still be on the way with.
TEST_F(Compare, IsNotHeldUpByASchemaThatHasTheMigratorsName) {
    both("create table t (id int primary key); insert into t values (1)");
    there("create schema cutover; create table cutover.task (name text, done boolean)");
    EXPECT_EQ(run(request()).verdict, Verdict::consistent) << text_of(run(request()));
    Request live = request();
    live.live.asked = true;
    EXPECT_EQ(run(live).verdict, Verdict::consistent) << text_of(run(live));
    there("insert into t values (2)");
    EXPECT_EQ(run(request()).verdict, Verdict::inconsistent) << text_of(run(request()));
    there("comment on schema cutover is 'cutover: control state of migrations, format 7'");
    const Result doubtful = run(request());
    EXPECT_EQ(doubtful.verdict, Verdict::could_not_tell) << text_of(doubtful);
    EXPECT_THAT(text_of(doubtful), testing::HasSubstr("of this version's format"));
}

TEST_F(Compare, ComparesPartitionsThatWereAskedForWithoutTheirRoot) {
    both(
        "create table orders (id int primary key) partition by range (id);"
        "create table orders_1 partition of orders for values from (0) to (100);"
        "create table orders_2 partition of orders for values from (100) to (200);"
        "insert into orders select generate_series(0, 199)");
    Request asked = request();
    asked.tables = {"public.orders_*"};
    const Result same = run(asked);
    EXPECT_EQ(same.verdict, Verdict::consistent) << text_of(same);
    EXPECT_EQ(same.rows.equal, 200u);
    there("delete from orders where id = 150");
    EXPECT_EQ(run(asked).rows.missing, 1u);
    there(
        "create table whole (id int primary key); insert into whole select * from orders;"
        "drop table orders; alter table whole rename to orders");
    asked.structure = false;
    const Result otherwise = run(asked);
    EXPECT_EQ(otherwise.rows.missing, 1u) << text_of(otherwise);
    EXPECT_EQ(otherwise.rows.equal, 199u);
}

TEST_F(Compare, FollowsRenamesOfSequencesThatNoTableOwns) {
    here(
        "create schema app; create table app.t (id int primary key); create sequence app.tickets;"
        "create sequence app.bills; select setval('app.tickets', 70), setval('app.bills', 80)");
    there(
        "create schema shop; create table shop.t (id int primary key); create sequence "
        "shop.tickets; create sequence shop.invoices owned by shop.t.id;"
        "select setval('shop.tickets', 70), setval('shop.invoices', 80)");
    Request asked = request();
    asked.mapping.schemas = {{"app", "shop"}};
    asked.mapping.tables[{"app", "bills"}] = {"shop", "invoices"};
    const Result result = run(asked);
    EXPECT_EQ(result.verdict, Verdict::consistent) << text_of(result);
    EXPECT_EQ(result.sequences.compared_facts.at("sequence"), 2u);
    there("select setval('shop.invoices', 79)");
    const Result behind = run(asked);
    EXPECT_EQ(behind.verdict, Verdict::inconsistent);
    EXPECT_EQ(behind.sequences.differences.at(0).name, "app.bills");
}

TEST_F(Compare, CannotTellAboutASequenceThatItMayNotRead) {
    both("create table t (id int primary key); create sequence tickets");
    const std::string reader = endpoint().database + "_reader";
    PostgresClient strong = server().connect(destination_.database);
    strong.query("drop role if exists " + fixtures::quoted_name(reader) + "; create role " +
                 fixtures::quoted_name(reader) + " login password 'reader'; grant select on t to " +
                 fixtures::quoted_name(reader));
    PostgresEndpoint less = destination_;
    less.user = reader;
    less.password = "reader";
    const Result result = run(request_for(accounts().mover, less));
    EXPECT_EQ(result.verdict, Verdict::could_not_tell) << text_of(result);
    EXPECT_EQ(result.rows.findings(), 0u);
    strong.query("drop owned by " + fixtures::quoted_name(reader) + "; drop role " +
                 fixtures::quoted_name(reader));
}

TEST_F(Compare, SaysThatSomebodyWroteMeanwhile) {
    both("create table t (id int primary key)");
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 2; ++writer) {
        writers.emplace_back([this, &stop] {
            PostgresClient client(accounts().application);
            client.query("create temp table w (n int); set synchronous_commit = off");
            while (!stop) {
                client.query("insert into w values (1)");
            }
        });
    }
    bool noticed = false;
    for (int attempt = 0; attempt < 20 && !noticed; ++attempt) {
        noticed = run(request()).proof == Proof::as_of_reading;
    }
    stop = true;
    for (std::thread& writer : writers) {
        writer.join();
    }
    EXPECT_TRUE(noticed);
    EXPECT_EQ(run(request()).proof, Proof::settled);
}

/// TRUNCATE leaves no row version that could tell of it: the old snapshot and a new one see the
/// same empty file.
TEST_F(Compare, GivesNoVerdictOnATableThatIsEmptiedWhileItWatches) {
    both(
        "create table t (id int primary key); create table parted (id int) partition by range "
        "(id); create table part partition of parted for values from (0) to (9);"
        "insert into t values (1), (2); insert into parted values (1)");
    there("delete from t where id = 2; delete from parted");
    for (const auto& [compared, emptied] :
         {std::pair("public.t", "t"), std::pair("public.parted", "part")}) {
        Request asked = request();
        asked.tables = {compared};
        asked.settle = std::chrono::seconds(1);
        int pauses = 0;
        asked.live.pause = [&, table = emptied](std::chrono::milliseconds) {
            if (++pauses == 1) {
                here(fmt::format("truncate {}", table));
            }
        };
        const Result result = run(asked);
        EXPECT_GE(pauses, 1);
        EXPECT_EQ(result.verdict, Verdict::could_not_tell) << text_of(result);
        EXPECT_EQ(result.rows.missing, 0u) << text_of(result);
    }
}

struct CommandTest : Compare {
    std::string task_file() {
        const std::string path = (folder_ / "verify.yaml").string();
        const auto end = [](const PostgresEndpoint& at, const char* variable) {
            ::setenv(variable, at.password.c_str(), 1);
            return fmt::format(
                "{{engine: postgres, host: {}, port: {}, database: {}, user: {}, password: {{env: "
                "{}}}, tls: {{mode: disable}}}}",
                at.host, at.port, at.database, at.user, variable);
        };
        std::ofstream(path) << "task: judged\nsource: "
                            << end(accounts().mover, "VERIFY_TEST_SOURCE")
                            << "\ndestination: " << end(destination_, "VERIFY_TEST_DESTINATION")
                            << "\n";
        return path;
    }
    int command(std::vector<std::string> words) {
        CLI::App app;
        int exit = -1;
        out_.str("");
        add_commands(app, {known_engines(), {{"postgres", postgres::endpoint_rules()}}}, out_,
                     exit);
        std::reverse(words.begin(), words.end());
        words.push_back("verify");
        app.parse(words);
        return exit;
    }
    std::ostringstream out_;
};

TEST_F(CommandTest, EndsWithTheDocumentedCodesAndReports) {
    both("create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')");
    const std::string file = task_file();
    EXPECT_EQ(command({file}), 0) << out_.str();
    EXPECT_THAT(out_.str(), testing::HasSubstr("CONSISTENT"));
    there("update t set v = 'x' where id = 2");
    EXPECT_EQ(command({file, "--json"}), 1);
    EXPECT_EQ(nlohmann::json::parse(out_.str())["tables"][0]["samples"][0]["key"], "(id=2)");
    EXPECT_EQ(command({file, "--table", "public.other"}), 2);
    there("update t set v = 'b' where id = 2");
    EXPECT_EQ(command({file, "--table", "public.t"}), 0) << out_.str();
    EXPECT_EQ(command({file, "--table", "public.t", "--table", "public.othre"}), 2);
    EXPECT_THAT(out_.str(), testing::HasSubstr("`public.othre` selects no table"));
    there("update t set v = 'x' where id = 2");
    const std::string page = (folder_ / "verify.html").string();
    EXPECT_EQ(command({file, "--format", "html", "--output", page, "--jobs", "2"}), 1);
    EXPECT_THAT(read_file(page), testing::HasSubstr("inconsistent"));
    for (const PostgresEndpoint& end : {accounts().mover, destination_}) {
        EXPECT_THAT(read_file(page), testing::Not(testing::HasSubstr(end.password)));
    }
    EXPECT_THROW(command({file, "--rule", "nonsense"}), CLI::ValidationError);
    EXPECT_THROW(command({file, "--output", "/nonexistent/x", "--format", "json"}), model::Error);
}

TEST_F(CommandTest, MasksValuesOfRowsWhereItIsAskedToAndInPages) {
    both("create table people (name text primary key, born text)");
    here("insert into people values ('Ada Lovelace', '1815')");
    there("insert into people values ('Ada Lovelace', '1816'), ('Mary Somerville', '1780')");
    const std::string file = task_file();
    const auto shows = [&](std::vector<std::string> words) {
        words.insert(words.begin(), file);
        // The server's own upkeep may write just then, and there is no verdict.
        for (int tries = 0; tries < 5 && command(words) != 1; ++tries) {
        }
        EXPECT_THAT(out_.str(), testing::HasSubstr("born"));
        int values = 0;
        for (const char* const value : {"Lovelace", "Somerville", "1815", "1816"}) {
            values += out_.str().find(value) == std::string::npos ? 0 : 1;
        }
        return values;
    };
    EXPECT_EQ(shows({"--settle", "0"}), 4);
    EXPECT_EQ(shows({"--settle", "0", "--format", "html", "--values"}), 4);
    EXPECT_EQ(shows({"--settle", "0", "--format", "html"}), 0);
    EXPECT_EQ(shows({"--settle", "0", "--format", "json", "--no-values"}), 0);
    EXPECT_EQ(shows({"--settle", "0", "--no-values"}), 0);
}

TEST_F(CommandTest, RefusesAnEndThatCannotBeOpened) {
    const std::string file = task_file();
    ::setenv("VERIFY_TEST_SOURCE", "wrong", 1);
    try {
        command({file});
        FAIL() << "must not connect";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused) << error.message();
        EXPECT_THAT(error.message(), testing::Not(testing::HasSubstr("wrong")));
    }
}

}  // namespace
}  // namespace cutover::verify
