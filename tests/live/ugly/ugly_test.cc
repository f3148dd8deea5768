// Databases as they grow in real life: keys, names and types that nobody would write into a
// textbook. Each is migrated by the program while it is changed; the application at the source must
// not notice, and what is at the destination then is compared here, apart from `verify`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAnything = "ignore: [tables.keyless, source.not_carried.function]";

template <int Version>
class UglyOf : public LivePostgresOf<Version> {
protected:
    void SetUp() override {
        LivePostgresOf<Version>::SetUp();
        if (!this->IsSkipped() && !this->HasFatalFailure()) {
            destination_ = this->make_destination("destination");
        }
    }
    void at_source(const std::string& sql) {
        fixtures::PostgresClient(this->accounts().application).query(sql);
    }
    void at_destination(const std::string& sql) {
        fixtures::PostgresClient(destination_).query(sql);
    }
    std::string of_destination(const std::string& sql) {
        return fixtures::PostgresClient(destination_).value(sql);
    }
    std::string task(const std::string& more = kAnything) {
        return program_.task(this->accounts().mover, destination_, more);
    }
    /// The same as task(), with this name, to a database of its own.
    std::string another_task(const std::string& name, const std::string& database) {
        const fixtures::PostgresEndpoint elsewhere = this->make_destination(database);
        const std::string file = program_.task(this->accounts().mover, elsewhere, kAnything);
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        const std::string first_line = "task: bad_input";
        EXPECT_TRUE(text.str().starts_with(first_line));
        task();
        return program_.write(name + "_elsewhere.yaml",
                              "task: " + name + text.str().substr(first_line.size()));
    }
    /// Both sides' answer to one question.
    void expect_equal(const std::string& sql) {
        EXPECT_EQ(of_destination(sql),
                  fixtures::PostgresClient(this->accounts().application).value(sql))
            << sql;
    }
    void expect_equal_rows(const std::string& table) {
        expect_equal(
            "SELECT count(*) || ' rows: ' || coalesce(string_agg(t::text, '; ' ORDER BY t::text), "
            "'none') FROM " +
            table + " t");
    }
    /// Copies, lets the application make `changes`, cuts over, judges.
    void carry(const std::string& file, const std::vector<std::string>& changes) {
        RunningProgram migrate = program_.start({"migrate", file});
        ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
        for (const std::string& change : changes) {
            at_source(change);  // throws if the source refuses it
        }
        const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
        ASSERT_EQ(finish.exit_code, 0) << finish.text << migrate.text();
        EXPECT_EQ(migrate.wait().exit_code, 0) << migrate.text();
        const Said verify = program_.run({"verify", file});
        EXPECT_EQ(verify.exit_code, 0) << verify.text;
        EXPECT_EQ(program_.run({"release", file}).exit_code, 0);
    }
    void expect_refused(const std::string& file, const std::string& code,
                        const std::string& object) {
        const Said precheck = program_.run({"precheck", file});
        EXPECT_EQ(precheck.exit_code, 1) << precheck.text;
        EXPECT_THAT(precheck.text, HasSubstr(code + ": " + object));
        EXPECT_EQ(program_.run({"migrate", file}).exit_code, kRefused);
    }

    Program program_;
    fixtures::PostgresEndpoint destination_;
};

using Ugly = UglyOf<17>;
using Ugly18 = UglyOf<18>;

TEST_F(Ugly18, ANotNullThatNobodyHasValidatedMakesNoKey) {
    at_source(
        "CREATE TABLE loose (a int, b int UNIQUE); ALTER TABLE loose REPLICA IDENTITY FULL;"
        "INSERT INTO loose VALUES (1, NULL), (2, NULL), (3, 3);"
        "ALTER TABLE loose ADD CONSTRAINT there NOT NULL b NOT VALID");
    const std::string file = task();
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("DELETE FROM loose WHERE a = 2; UPDATE loose SET a = 4 WHERE b = 3");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    ASSERT_EQ(finish.exit_code, 0) << finish.text << migrate.text();
    expect_equal_rows("loose");
}

/// Such a key is no replica identity: a table that was published with it took no more updates.
TEST_F(Ugly, ATableWithADeferrablePrimaryKeyGoesOnTakingUpdates) {
    at_source(
        "CREATE TABLE turns (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, name text);"
        "INSERT INTO turns SELECT g, 'n' || g FROM generate_series(1, 10) g;"
        "CREATE TABLE at_once (id int PRIMARY KEY DEFERRABLE, name text);"
        "INSERT INTO at_once SELECT * FROM turns");
    carry(task(), {"UPDATE turns SET id = id % 10 + 1", "DELETE FROM turns WHERE id = 3",
                   "BEGIN; INSERT INTO turns VALUES (1, 'twice'); DELETE FROM turns WHERE id = 1 "
                   "AND name <> 'twice'; COMMIT",
                   "UPDATE at_once SET id = id % 10 + 1"});
    expect_equal_rows("turns");
    expect_equal_rows("at_once");
}

/// From version 18 on, the source refuses updates where the log would lack a generated column.
TEST_F(Ugly18, TablesWhoseIdentityHasGeneratedColumnsGoOnTakingUpdates) {
    at_source(
        "CREATE TABLE loose (a int, g int GENERATED ALWAYS AS (a + 1) STORED);"
        "CREATE TABLE by_generated (a int, g int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);"
        "CREATE TABLE keyed (a int PRIMARY KEY, g int GENERATED ALWAYS AS (a + 1) STORED,"
        " v int GENERATED ALWAYS AS (a + 2) VIRTUAL);"
        "INSERT INTO loose SELECT g FROM generate_series(1, 9) g;"
        "INSERT INTO by_generated SELECT * FROM generate_series(1, 9);"
        "INSERT INTO keyed SELECT * FROM generate_series(1, 9)");
    std::vector<std::string> changes;
    for (const std::string table : {"loose", "by_generated", "keyed"}) {
        changes.push_back("UPDATE " + table + " SET a = a + 10 WHERE a < 4");
        changes.push_back("DELETE FROM " + table + " WHERE a = 5");
    }
    carry(task(), changes);
    expect_equal_rows("loose");
    expect_equal_rows("by_generated");
    expect_equal_rows("keyed");
}

TEST_F(Ugly18, AKeylessTableWithAVirtualColumnIsRefusedBeforeItsUpdatesWouldBe) {
    at_source("CREATE TABLE loose (a int, v int GENERATED ALWAYS AS (a + 1) VIRTUAL)");
    expect_refused(task(), "source.virtual_column", "public.loose.v");
    at_source("INSERT INTO loose VALUES (1); UPDATE loose SET a = 2");
}

TEST_F(Ugly, NamesMayHoldAnything) {
    at_source(
        "CREATE SCHEMA \"we.ird\"; CREATE TABLE \"we.ird\".\"ta\"\"b\nle\" (\"a \"\"b\" int "
        "PRIMARY "
        "KEY, \"new\nline\" text, \"select\" int DEFAULT 7);"
        "CREATE INDEX \"x\"\" ON y USING hash (z)\" ON \"we.ird\".\"ta\"\"b\nle\" (\"new\nline\");"
        "INSERT INTO \"we.ird\".\"ta\"\"b\nle\" SELECT g, 'v', g FROM generate_series(1, 9) g;"
        "CREATE TABLE \"pa.rent\" (id int); CREATE TABLE heir (more int) INHERITS (\"pa.rent\");"
        "INSERT INTO heir VALUES (1, 2)");
    carry(task(),
          {"UPDATE \"we.ird\".\"ta\"\"b\nle\" SET \"new\nline\" = 'w' WHERE \"a \"\"b\" < 4",
           "UPDATE \"pa.rent\" SET id = 3"});
    expect_equal_rows("\"we.ird\".\"ta\"\"b\nle\"");
    expect_equal_rows("\"pa.rent\"");  // with its heir's rows
    EXPECT_EQ(of_destination("SELECT count(*) FROM pg_class WHERE relname LIKE 'x\" ON y USING%'"),
              "1");
}

TEST_F(Ugly, WhatCannotBeCopiedIsRefusedByName) {
    at_source(
        "CREATE TABLE plain (id int PRIMARY KEY, n int); CREATE TABLE nothing ();"
        "CREATE TYPE pair AS (a int, b plain);"
        "CREATE TABLE heaps (id int PRIMARY KEY, p plain, ps plain[], nested pair)");
    const std::string file = task();
    expect_refused(file, "types.no_columns", "public.nothing");
    expect_refused(file, "types.row_type",
                   "3 objects: public.heaps.p, public.heaps.ps, public.heaps.nested");
}

/// Such a vector is sent in a form that no server takes back.
TEST_F(Ugly, AnEmptyVectorIsRefusedByRowAndColumn) {
    at_source(
        "CREATE TABLE marks (id int PRIMARY KEY, i int2vector, o oidvector);"
        "INSERT INTO marks VALUES (1, '1 2', '3'), (42, '', NULL)");
    const std::string file = task();
    const Said copied = program_.run({"migrate", file});
    EXPECT_EQ(copied.exit_code, kRefused) << copied.text;
    EXPECT_THAT(copied.text, HasSubstr("table public.marks, row (id=42), column i: an empty "
                                       "int2vector"));
    EXPECT_THAT(copied.text, Not(HasSubstr("wide")));
    at_source("UPDATE marks SET i = NULL WHERE id = 42");
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("INSERT INTO marks VALUES (43, '4', '5'), (44, NULL, '')");
    EXPECT_EQ(migrate.wait().exit_code, kRefused) << migrate.text();
    EXPECT_THAT(migrate.text(), HasSubstr("row (id=44), column o: an empty oidvector"));
}

/// The destination's encoding has no place for it. Rows are written many at once, from the log too.
TEST_F(Ugly, ACharacterThatHasNoPlaceAtTheDestinationIsNamed) {
    const std::string narrow = destination_.database;
    server().connect().query("DROP DATABASE " + narrow);
    server().connect().query("CREATE DATABASE " + narrow +
                             " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    destination_ = make_destination_account(server(), narrow);
    at_source(
        "CREATE TABLE prices (id int PRIMARY KEY, note text);"
        "INSERT INTO prices SELECT g, 'h\u00f6chstens' FROM generate_series(1, 50) g;"
        "INSERT INTO prices VALUES (77, '5 \u20ac')");
    const std::string file = task();
    EXPECT_THAT(program_.run({"precheck", file}).text, HasSubstr("types.encoding"));
    const auto expect_named = [](const Said& said, const std::string& row) {
        EXPECT_EQ(said.exit_code, kRefused) << said.text;
        EXPECT_THAT(said.text, HasSubstr("table public.prices"));
        EXPECT_THAT(said.text, HasSubstr("the character '\u20ac'"));
        EXPECT_THAT(said.text, HasSubstr("in the row id = " + row + ":"));
        EXPECT_THAT(said.text, HasSubstr("column note"));
        EXPECT_THAT(said.text, HasSubstr("with the source's encoding"));
        EXPECT_THAT(said.text, Not(HasSubstr("wide")));
    };
    expect_named(program_.run({"migrate", file}), "77");
    at_source("UPDATE prices SET note = '5' WHERE id = 77");
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source(
        "UPDATE prices SET note = '6'; UPDATE prices SET note = '6 \u20ac' WHERE id = 7;"
        "INSERT INTO prices SELECT g, 'new' FROM generate_series(100, 120) g");
    expect_named(migrate.wait(), "7");
}

/// Thirty tables of one kind are one finding; what a server warns of at the start of each session
/// is one, too.
TEST_F(Ugly, WhatIsTheSameOfManyTablesOrSessionsIsToldOnce) {
    for (int table = 0; table < 30; ++table) {
        at_source("CREATE TABLE loose_" + std::to_string(table) + " (a int)");
    }
    connect().query(
        "UPDATE pg_database SET datcollversion = '1.0' WHERE datname = current_database()");
    const std::string file = task("");
    const auto times = [](const std::string& text, const std::string& words) {
        int count = 0;
        for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
            ++count;
        }
        return count;
    };
    const auto expect_once = [&](const std::string& text) {
        EXPECT_EQ(times(text, "] tables.keyless: "), 1) << text;
        EXPECT_EQ(times(text, "] tables.keyless: 30 objects"), 1) << text;
        EXPECT_EQ(times(text, "source.collation_version"), 1) << text;
        EXPECT_EQ(times(text, "was made with version 1.0"), 1) << text;
        EXPECT_THAT(text, Not(HasSubstr("WARNING")));
    };
    expect_once(program_.run({"precheck", file}).text);
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
    migrate.wait();
    expect_once(migrate.text());
}

/// A label comes without any row of a table being written.
TEST_F(Ugly, ALabelThatTheDestinationLacksIsMadeThereBeforeTheCutover) {
    at_source(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE people (id int PRIMARY KEY, m mood);"
        "INSERT INTO people VALUES (1, 'sad')");
    const std::string file = task();
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("ALTER TYPE mood ADD VALUE 'blue'");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << migrate.text();
    EXPECT_EQ(migrate.wait().exit_code, 0);
    EXPECT_EQ(of_destination("SELECT enum_range(NULL::mood)"), "{sad,ok,blue}");
}

/// Same name, same type, same place at the end: only its number tells that no value is left.
TEST_F(Ugly, AColumnThatWasDroppedAndMadeAgainHasItsNewValues) {
    at_source(
        "CREATE TABLE people (id int PRIMARY KEY, \"m:x\" int, m int);"
        "INSERT INTO people VALUES (1, 5, 10)");
    const std::string file = task();
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("ALTER TABLE people DROP m; ALTER TABLE people ADD m int DEFAULT 7");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << migrate.text();
    EXPECT_EQ(migrate.wait().exit_code, 0);
    EXPECT_EQ(of_destination("SELECT m FROM people"), "7");
}

TEST_F(Ugly, TwoTasksOfOneTableKeepItsIdentityUntilTheLastIsReleased) {
    at_source("CREATE TABLE loose (a int); INSERT INTO loose VALUES (1), (2)");
    const std::string identity = "SELECT relreplident FROM pg_class WHERE relname = 'loose'";
    const std::string first = task();
    const std::string second = another_task("second", "elsewhere");
    for (const std::string& file : {first, second}) {
        RunningProgram migrate = program_.start({"migrate", file});
        ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
        EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
        migrate.wait();
    }
    EXPECT_EQ(program_.run({"release", first}).exit_code, 0);
    EXPECT_EQ(connect().value(identity), "f");
    at_source("UPDATE loose SET a = 3 WHERE a = 1");
    EXPECT_EQ(program_.run({"release", second}).exit_code, 0);
    EXPECT_EQ(connect().value(identity), "d");
}

TEST_F(Ugly, AnIdentityThatATaskOfAnotherAccountReliesOnIsNotPutBack) {
    const std::string database = this->endpoint().database;
    connect().query("CREATE ROLE " + database +
                    "_owner; CREATE TABLE loose (a int);"
                    "INSERT INTO loose VALUES (1); ALTER TABLE loose OWNER TO " +
                    database + "_owner");
    std::vector<std::string> files;
    for (const std::string name : {"one", "two"}) {
        const std::string account = database + "_" + name;
        connect().query("CREATE ROLE " + account + " LOGIN REPLICATION PASSWORD 'x' IN ROLE " +
                        database + "_owner; GRANT CREATE ON DATABASE " + database + " TO " +
                        account);
        const std::string file = program_.task(this->endpoint().as_user(account, "x"),
                                               this->make_destination(name), kAnything);
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        files.push_back(program_.write(name + ".yaml",
                                       "task: " + name + text.str().substr(text.str().find('\n'))));
        RunningProgram migrate = program_.start({"migrate", files.back()});
        ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
        EXPECT_EQ(program_.run({"stop", files.back()}).exit_code, 0);
        migrate.wait();
    }
    const Said refused = program_.run({"release", files[0]});
    EXPECT_EQ(refused.exit_code, kRefused) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("release that task first"));
    connect().query("UPDATE loose SET a = 2");
    EXPECT_EQ(program_.run({"release", files[1]}).exit_code, 0);
    EXPECT_EQ(program_.run({"release", files[0]}).exit_code, 0);
    EXPECT_EQ(connect().value("SELECT relreplident FROM pg_class WHERE relname = 'loose'"), "d");
}

TEST_F(Ugly, ATaskOfTheSameNameLeavesTheSlotOfAnotherAlone) {
    at_source("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    const std::string first = task();
    RunningProgram migrate = program_.start({"migrate", first});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    EXPECT_EQ(program_.run({"stop", first}).exit_code, 0);
    migrate.wait();
    const std::string second = another_task("bad_input", "elsewhere");
    const Said refused = program_.run({"migrate", second});
    EXPECT_EQ(refused.exit_code, kRefused) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("source.capture_of_another"));
    carry(first, {"INSERT INTO t VALUES (2)"});
    expect_equal_rows("t");
}

TEST_F(Ugly, BytesThatAreNoTextAreRefusedByTheirTable) {
    auto server = this->connect();
    const std::string name = this->endpoint().database + "_bytes";
    server.query("CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'");
    const SourceAccounts bytes = make_source_accounts(this->server(), name);
    fixtures::PostgresClient(bytes.application)
        .query(
            "CREATE TABLE fine (v text); INSERT INTO fine VALUES ('x');"
            "CREATE TABLE broken (id int PRIMARY KEY, v text); INSERT INTO broken VALUES (1, "
            "E'\\xe4')");
    const std::string file = program_.task(bytes.mover, destination_, kAnything);
    EXPECT_THAT(program_.run({"precheck", file}).text, HasSubstr("source.encoding"));
    const Said migrate = program_.run({"migrate", file});
    EXPECT_EQ(migrate.exit_code, kRefused) << migrate.text;
    EXPECT_THAT(migrate.text, HasSubstr("table public.broken holds bytes that are no text"));
    EXPECT_EQ(program_.run({"release", file}).exit_code, 0);
    server.query("DROP DATABASE " + name);
    drop_accounts(this->server(), name);
}

TEST_F(Ugly, AnEventTriggerThatRefusesDdlIsMetBeforeTheTask) {
    at_source("CREATE TABLE t (id int PRIMARY KEY)");
    connect().query(  // only a superuser may make event triggers
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''not on a Friday''; END';"
        "CREATE EVENT TRIGGER nope ON ddl_command_start EXECUTE FUNCTION no()");
    const std::string file = task(
        "ignore: [source.not_carried.function, "
        "source.not_carried.event_trigger]");
    expect_refused(file, "source.publication_refused", "cutover_");
    connect().query("DROP EVENT TRIGGER nope");
}

/// What a query of the parent shows has changed, though no row has.
TEST_F(Ugly, ATableThatBecameAnHeirStopsTheTask) {
    at_source("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY)");
    const std::string file = task();
    RunningProgram migrate = program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    at_source("ALTER TABLE child INHERIT parent");
    program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(migrate.wait().exit_code, kRefused);
    EXPECT_THAT(migrate.text(), HasSubstr("schema.inheritance"));
}

/// A destination that was made by hand, with habits of its own.
TEST_F(Ugly, ADestinationThatActsOnMigratedRowsIsNamed) {
    at_source(
        "CREATE TABLE watched (id int PRIMARY KEY); CREATE TABLE ruled (id int PRIMARY KEY);"
        "CREATE TABLE doubled (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)");
    at_destination(
        "CREATE TABLE watched (id int PRIMARY KEY); CREATE TABLE ruled (id int PRIMARY KEY);"
        "CREATE TABLE doubled (id int PRIMARY KEY, twice int); CREATE TABLE seen (id int);"
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION see();"
        "CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO seen VALUES (NEW.id)");
    const std::string file = task("phases: [full, incremental]");
    expect_refused(file, "destination.triggers", "public.watched");
    expect_refused(file, "destination.rules", "public.ruled");
    grant_replication_role(server(), destination_);  // those that are not ALWAYS rest now
    const Said quiet = program_.run({"precheck", file});
    EXPECT_THAT(quiet.text, testing::Not(HasSubstr("destination.triggers")));
    EXPECT_THAT(quiet.text, testing::Not(HasSubstr("destination.rules")));
    expect_refused(file, "destination.not_generated", "public.doubled.twice");

    at_destination(
        "ALTER TABLE watched ENABLE ALWAYS TRIGGER t; ALTER TABLE ruled ENABLE REPLICA RULE r;"
        "ALTER TABLE doubled DROP twice,"
        " ADD twice int GENERATED ALWAYS AS (id * 2) STORED");
    expect_refused(file, "destination.triggers", "public.watched");
    expect_refused(file, "destination.rules", "public.ruled");
}

}  // namespace
}  // namespace cutover::tests
