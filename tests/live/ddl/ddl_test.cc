// The source's schema is changed while a task runs, by whatever statement: the destination follows,
// with its rows, and the judge finds both equal, structure included. A table of statements, each in
// three phases: while the log is followed, while rows are copied, while no process runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "migrator/model/error.h"
#include "tests/support/two_ends.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Statement {
    const char* what;
    const char* sql;       ///< at the source
    const char* question;  ///< at both ends, once they are equal
};

/// In this order: later ones build on earlier ones. Rows are written before and after each change.
const std::vector<Statement> kStatements = {
    {"add a column", "ALTER TABLE item ADD a int; INSERT INTO item (id, a) VALUES (1001, 5)",
     "SELECT sum(a) FROM item"},
    {"add a column with a default",
     "ALTER TABLE item ADD b text DEFAULT 'old'; INSERT INTO item (id) VALUES (1002)",
     "SELECT count(*) FROM item WHERE b = 'old'"},
    {"DDL and DML in one transaction",
     "BEGIN; INSERT INTO item (id, b) VALUES (1003, 'before'); ALTER TABLE item ADD c int DEFAULT "
     "3;"
     " INSERT INTO item (id, c) VALUES (1004, 4); UPDATE item SET c = 5 WHERE id < 10; COMMIT",
     "SELECT sum(c) FROM item"},
    {"DDL in a function",
     "DO $$ BEGIN ALTER TABLE item ADD d int; UPDATE item SET d = id WHERE id < 20; END $$",
     "SELECT sum(d) FROM item"},
    {"drop a column", "ALTER TABLE item DROP c; UPDATE item SET a = 6 WHERE id = 1001",
     "SELECT count(*) FROM pg_attribute WHERE attrelid = 'item'::regclass AND attname = 'c'"},
    {"rename a column", "ALTER TABLE item RENAME d TO e; UPDATE item SET e = 7 WHERE id = 1",
     "SELECT sum(e) FROM item"},
    {"exchange two columns' names",
     "ALTER TABLE item RENAME a TO t; ALTER TABLE item RENAME e TO a; ALTER TABLE item RENAME t TO "
     "e;"
     " UPDATE item SET a = 8 WHERE id = 2",
     "SELECT sum(a) || '/' || sum(e) FROM item"},
    {"widen a type in place",
     "ALTER TABLE item ALTER n TYPE numeric(14, 2); UPDATE item SET n = 123456789.12 WHERE id = 3",
     "SELECT sum(n) FROM item"},
    {"convert a type", "ALTER TABLE item ALTER a TYPE bigint; UPDATE item SET a = 5e9 WHERE id = 4",
     "SELECT sum(a) FROM item"},
    {"convert a type by an expression",
     "ALTER TABLE item ALTER e TYPE text USING 'e' || e; UPDATE item SET e = 'x' WHERE id = 5",
     "SELECT count(e) || max(e) FROM item"},
    {"add a column with a volatile default",
     "ALTER TABLE item ADD r float DEFAULT random(); UPDATE item SET a = 1 WHERE id = 6",
     "SELECT sum(r)::numeric(20, 6) FROM item"},
    {"set and drop defaults",
     "ALTER TABLE item ALTER a SET DEFAULT 9, ALTER b DROP DEFAULT; INSERT INTO item (id) VALUES "
     "(1005)",
     "SELECT string_agg(pg_get_expr(adbin, adrelid), ',' ORDER BY adnum) FROM pg_attrdef WHERE"
     " adrelid = 'item'::regclass"},
    {"NOT NULL, after the rows that break it are gone",
     "UPDATE item SET n = 0 WHERE n IS NULL; ALTER TABLE item ALTER n SET DEFAULT 0, ALTER n SET "
     "NOT NULL",
     "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'item'::regclass AND attname = 'n'"},
    {"no NOT NULL any more",
     "ALTER TABLE item ALTER n DROP NOT NULL; UPDATE item SET n = NULL WHERE id = 7",
     "SELECT count(*) FROM item WHERE n IS NULL"},
    {"an index", "CREATE INDEX by_b ON item (b)",
     "SELECT count(*) FROM pg_class WHERE relname = 'by_b'"},
    {"a unique index over what was not unique",
     "UPDATE item SET b = id; CREATE UNIQUE INDEX only_b ON item (b)",
     "SELECT count(*) FROM pg_class WHERE relname = 'only_b'"},
    {"drop an index and meet what it forbade", "DROP INDEX only_b; UPDATE item SET b = 'same'",
     "SELECT count(DISTINCT b) || '' || (to_regclass('only_b') IS NULL)::text FROM item"},
    {"a check", "ALTER TABLE item ADD CONSTRAINT positive CHECK (id > 0)",
     "SELECT count(*) FROM pg_constraint WHERE conname = 'positive'"},
    {"rename and drop a constraint", "ALTER TABLE item RENAME CONSTRAINT positive TO above",
     "SELECT count(*) FROM pg_constraint WHERE conname = 'above'"},
    {"another primary key",
     "ALTER TABLE item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (id, b);"
     " INSERT INTO item (id, b) VALUES (1, 'second')",
     "SELECT count(*) FROM item WHERE id = 1"},
    {"a generated column", "ALTER TABLE item ADD g int GENERATED ALWAYS AS (id * 2) STORED",
     "SELECT sum(g) FROM item"},
    {"a column of a table without a key",
     "ALTER TABLE loose ADD x int DEFAULT 2; INSERT INTO loose VALUES ('n', 3);"
     " DELETE FROM loose WHERE v = 'l1'",
     "SELECT count(*) || '/' || sum(x) FROM loose"},
    {"a table",
     "CREATE TABLE made (id serial PRIMARY KEY, v text); INSERT INTO made (v) SELECT 'm' FROM"
     " generate_series(1, 100)",
     "SELECT count(*) FROM made"},
    {"rows of the new table", "INSERT INTO made (v) VALUES ('more'); DELETE FROM made WHERE id = 1",
     "SELECT count(*) || max(v) FROM made"},
    {"a foreign key",
     "ALTER TABLE made ADD item int, ADD other text, ADD FOREIGN KEY (item, other) REFERENCES item "
     "(id, b)",
     "SELECT count(*) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attname = 'other'"},
    {"rename a table",
     "ALTER TABLE made RENAME TO remade; INSERT INTO remade (v) VALUES ('renamed')",
     "SELECT count(*) FROM remade"},
    {"drop a table, with CASCADE", "DROP TABLE remade CASCADE",
     "SELECT to_regclass('remade') IS NULL"},
    {"a table of the dropped one's name",
     "CREATE TABLE made (id bigint PRIMARY KEY); INSERT INTO made SELECT generate_series(1, 9)",
     "SELECT count(*) FROM made"},
    {"a label of an enum", "ALTER TYPE mood ADD VALUE 'glad' AFTER 'sad'",
     "SELECT enum_range(NULL::mood)"},
    {"a value of the new label", "INSERT INTO feel VALUES (2, 'glad')",
     "SELECT string_agg(m::text, ',') FROM feel"},
    {"another name of a label",
     "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; INSERT INTO feel VALUES (3, 'blue')",
     "SELECT enum_range(NULL::mood)::text || (SELECT count(*) FROM feel)"},
    {"labels whose names are exchanged, beside a new one",
     "BEGIN; ALTER TYPE mood RENAME VALUE 'happy' TO 'passing';"
     " ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';"
     " ALTER TYPE mood RENAME VALUE 'passing' TO 'glad'; COMMIT;"
     " ALTER TYPE mood ADD VALUE 'calm' BEFORE 'blue'",
     "SELECT enum_range(NULL::mood)"},
    {"values of labels that were exchanged", "INSERT INTO feel VALUES (4, 'calm'), (5, 'glad')",
     "SELECT string_agg(m::text, ',' ORDER BY id) FROM feel"},
    {"a type and a column of it",
     "CREATE TYPE size AS ENUM ('s', 'l'); ALTER TABLE feel ADD s size DEFAULT 'l'",
     "SELECT count(*) FROM feel WHERE s = 'l'"},
    {"a sequence", "CREATE SEQUENCE numbers START 5",
     "SELECT count(*) FROM pg_class WHERE relname = 'numbers'"},
    {"a partition",
     "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20); INSERT INTO part VALUES "
     "(1, 11)",
     "SELECT count(*) FROM part"},
    {"a partition detached",
     "ALTER TABLE part DETACH PARTITION part_1; INSERT INTO part_1 VALUES (2, 2)",
     "SELECT (SELECT count(*) FROM part) || '/' || (SELECT count(*) FROM part_1)"},
    {"a partition attached",
     "ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES FROM (0) TO (10); INSERT INTO part "
     "VALUES (3, 3)",
     "SELECT count(*) FROM part"},
    {"a column of a partitioned table",
     "ALTER TABLE part ADD z int DEFAULT 4; INSERT INTO part VALUES (4, 4, 5)",
     "SELECT sum(z) FROM part"},
    {"a schema of its own",
     "CREATE SCHEMA more; CREATE TABLE more.t (id int PRIMARY KEY);"
     " INSERT INTO more.t VALUES (1)",
     "SELECT count(*) FROM more.t"},
    {"a truncate", "TRUNCATE feel; INSERT INTO feel VALUES (9, 'happy')",
     "SELECT count(*) FROM feel"},
};

class Ddl : public TwoEnds {
protected:
    void fill() override {
        at_source(
            "CREATE TABLE item (id int PRIMARY KEY, n numeric(8, 2));"
            "INSERT INTO item SELECT g, g FROM generate_series(1, 1000) g;"
            "CREATE TABLE loose (v text); INSERT INTO loose SELECT 'l' || g % 5 FROM "
            "generate_series(1, 50) g;"
            "CREATE TYPE mood AS ENUM ('sad', 'happy');"
            "CREATE TABLE feel (id int PRIMARY KEY, m mood); INSERT INTO feel VALUES (1, 'sad');"
            "CREATE TABLE part (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y);"
            "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10); INSERT INTO part "
            "VALUES (1, 1)");
    }

    /// What the destination says is what the source says; false after a minute.
    bool becomes_equal(const Statement& statement) const {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (std::chrono::steady_clock::now() < until) {
            try {
                if (of_destination(statement.question) == of_source(statement.question)) {
                    return true;
                }
            } catch (const model::Error&) {
                // what is asked for is not there yet
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return false;
    }

    RunningProgram start(const std::string& file) {
        return program_.start({"migrate", file, "--json"});
    }
    static void wait_until_consistent(RunningProgram& running) {
        ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    }
    void replicate_and_stop(const std::string& file) {
        RunningProgram running = start(file);
        wait_until_consistent(running);
        EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
        running.wait();
    }
    void die_at(const std::string& file, const std::string& edge) {
        RunningProgram dying = program_.start({"migrate", file, "--json", "--kill-at", edge});
        EXPECT_EQ(dying.wait().exit_code, 128 + 9) << edge << dying.text();
    }

    void finish_and_verify(const std::string& file, RunningProgram& running) {
        Said finish;
        for (int look = 0; look < 30 && !running.ended(); ++look) {
            finish = program_.run({"finish", file, "--quiet-seconds", "1"});
            if (finish.exit_code != kRefused) {
                break;
            }
            std::this_thread::sleep_for(std::chrono::seconds(1));
        }
        EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
        EXPECT_EQ(running.wait().exit_code, 0) << running.text();
        const Said verify = program_.run({"verify", file});
        EXPECT_EQ(verify.exit_code, 0) << verify.text << running.text();
    }
    void go_on_and_verify(const std::string& file) {
        RunningProgram running = start(file);
        wait_until_consistent(running);
        finish_and_verify(file, running);
    }
};

// G129, G131
TEST_F(Ddl, IsFollowedWhileTheLogIs) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = start(file);
    wait_until_consistent(running);
    for (const Statement& statement : kStatements) {
        at_source(statement.sql);
        EXPECT_TRUE(becomes_equal(statement)) << statement.what << "\n" << running.text();
        if (HasFailure()) {
            return;
        }
    }
    finish_and_verify(file, running);
    EXPECT_THAT(running.text(), HasSubstr("\"code\":\"schema.followed\""));
    EXPECT_THAT(running.text(), Not(HasSubstr("\"event\":\"retry\"")));
}

/// As many changes one after another as there are statements, none of them waited for.
TEST_F(Ddl, IsFollowedHoweverFastItComes) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = start(file);
    wait_until_consistent(running);
    for (const Statement& statement : kStatements) {
        at_source(statement.sql);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(becomes_equal(kStatements.back())) << running.text();
    finish_and_verify(file, running);
}

/// Whenever the task looks, it has become something else by the time it acts.
TEST_F(Ddl, IsFollowedThroughRenamesWithoutAPause) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = start(file);
    wait_until_consistent(running);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    int last = 0;
    for (; std::chrono::steady_clock::now() < until; ++last) {
        const std::string made = "made_" + std::to_string(last);
        at_source("CREATE TABLE " + made + " (id int PRIMARY KEY); INSERT INTO " + made +
                  " VALUES (1)");
        at_source("ALTER TABLE " + made + " RENAME TO re" + made + "; INSERT INTO re" + made +
                  " VALUES (2); ALTER TABLE feel RENAME TO felt; INSERT INTO felt VALUES (" +
                  std::to_string(100 + last) + ", 'sad')");
        at_source("DROP TABLE re" + made + "; ALTER TABLE felt RENAME TO feel");
    }
    at_source("CREATE TABLE made_last (id int PRIMARY KEY)");
    EXPECT_TRUE(becomes_equal({"", "", "SELECT count(*) FROM made_last"})) << running.text();
    finish_and_verify(file, running);
    EXPECT_EQ(of_destination("SELECT count(*) FROM feel"), std::to_string(1 + last));
}

/// Rows whose columns nobody knows any more: they are in what is copied anew.
TEST_F(Ddl, IsUndoneWithRowsInBetween) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    replicate_and_stop(file);
    at_source("ALTER TABLE item ADD x int DEFAULT 3; UPDATE item SET n = 7, x = 1 WHERE id < 10");
    at_source("ALTER TABLE item DROP x; ALTER TABLE feel ADD y int DEFAULT 3");
    at_source("INSERT INTO feel VALUES (2, 'sad', 5); ALTER TABLE feel RENAME y TO z");
    at_source("ALTER TABLE feel DROP z; DELETE FROM item WHERE id = 5");
    go_on_and_verify(file);
}

/// Each change comes while rows of before the first one have yet to be read.
TEST_F(Ddl, IsFollowedWhereAColumnsNameComesToMeanAnother) {
    begin();
    at_source(
        "CREATE TABLE pair (id int PRIMARY KEY, a int, b int);"
        "INSERT INTO pair SELECT g, g, -g FROM generate_series(1, 100) g");
    const std::string file = program_.task(source_.mover, destination_);
    replicate_and_stop(file);
    at_source("UPDATE item SET n = 77 WHERE id < 10; UPDATE pair SET a = 7, b = 8 WHERE id < 10");
    at_source("ALTER TABLE item DROP n; ALTER TABLE pair RENAME a TO between");
    die_at(file, "schema.adopted");
    at_source("ALTER TABLE item ADD n numeric(8, 2); INSERT INTO item VALUES (5001, 55)");
    at_source("ALTER TABLE pair RENAME b TO a; INSERT INTO pair VALUES (101, 1, 2)");
    die_at(file, "schema.adopted");
    at_source("ALTER TABLE pair RENAME between TO b");
    go_on_and_verify(file);
    EXPECT_EQ(of_destination("SELECT count(n) || ' ' || sum(n) FROM item"), "1 55.00");
    EXPECT_EQ(of_destination("SELECT a || ' ' || b FROM pair WHERE id = 1"), "8 7");
}

/// The copy takes long; what it has brought of a changed table is copied anew.
TEST_F(Ddl, IsFollowedWhileRowsAreCopied) {
    begin();
    at_source(
        "CREATE TABLE big (id int PRIMARY KEY, v text);"
        " INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 40000) g");
    const std::string file = program_.task(
        source_.mover, destination_, "limits: {chunk_mb: 0.25, full: {rows_per_second: 4000}}");
    RunningProgram running = start(file);
    ASSERT_TRUE(running.wait_for("\"event\":\"chunk\"")) << running.text();
    for (const Statement& statement : kStatements) {
        at_source(statement.sql);
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    at_source(
        "ALTER TABLE big ADD w int DEFAULT 1; UPDATE big SET w = id WHERE id % 7 = 0;"
        " ALTER TABLE big RENAME v TO u");
    wait_until_consistent(running);
    EXPECT_TRUE(becomes_equal({"", "SELECT 1", "SELECT sum(w) || max(u) FROM big"}));
    finish_and_verify(file, running);
}

/// The log holds rows of both shapes when the task goes on.
TEST_F(Ddl, IsFollowedAfterNobodyWasThere) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    replicate_and_stop(file);
    for (const Statement& statement : kStatements) {
        at_source(statement.sql);
    }
    go_on_and_verify(file);
}

/// Whatever it was about to do, the next process goes on with it.
TEST_F(Ddl, IsFollowedThroughDeathAtEachOfItsEdges) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    replicate_and_stop(file);
    int change = 0;
    for (const char* edge :
         {"schema.begun", "schema.step", "schema.capture_extended", "schema.adopted"}) {
        const std::string name = "k" + std::to_string(++change);
        at_source("ALTER TABLE item ADD " + name + " int DEFAULT 4; UPDATE item SET " + name +
                  " = 5 WHERE id < 50; ALTER TABLE item ADD CONSTRAINT c" + name + " CHECK (" +
                  name + " > 3); CREATE TABLE t" + name + " (id int PRIMARY KEY); INSERT INTO t" +
                  name + " VALUES (1)");
        die_at(file, edge);
    }
    go_on_and_verify(file);
}

/// Keys and indexes of tables that are renamed while they wait for them are not forgotten.
TEST_F(Ddl, IsFollowedThroughDeathAtEveryStep) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    at_source("CREATE TABLE t_0 (id int PRIMARY KEY, v int)");
    {
        RunningProgram running = start(file);
        wait_until_consistent(running);
    }
    for (int pass = 1; pass <= 12; ++pass) {
        const std::string before = "t_" + std::to_string(pass - 1);
        const std::string made = "t_" + std::to_string(pass);
        at_source("ALTER TABLE " + before + " RENAME TO r" + before + "; CREATE INDEX ON r" +
                  before + " (v); UPDATE r" + before + " SET v = 1; ALTER TABLE r" + before +
                  " ALTER v SET NOT NULL; ALTER TABLE r" + before + " ADD CHECK (id > 0);" +
                  " CREATE TABLE " + made + " (id int PRIMARY KEY, v int); INSERT INTO " + made +
                  " VALUES (1, 1);" + " CREATE INDEX ON " + made + " (v)");
        die_at(file, "schema.step:" + std::to_string(pass));
    }
    go_on_and_verify(file);
}

/// What cannot be carried stops the task, which says what it was and how far it has come, and goes
/// on from there when it is undone.
TEST_F(Ddl, StopsLoudlyWhereItCannotBeFollowed) {
    begin();
    at_source(
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE pairs (id int PRIMARY KEY, p pair);"
        " CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE heir () INHERITS (base)");
    const std::string file = program_.task(source_.mover, destination_,
                                           "objects: {include: [public], exclude: [public.aside]}");
    for (const auto& [change, undo, code] : std::vector<std::array<std::string, 3>>{
             {"ALTER TYPE pair ADD ATTRIBUTE c int", "ALTER TYPE pair DROP ATTRIBUTE c",
              "schema.type_changed"},
             {"ALTER TABLE base ADD x int", "ALTER TABLE base DROP x", "schema.inheritance"},
             {"ALTER TABLE feel RENAME TO aside", "ALTER TABLE aside RENAME TO feel",
              "schema.left_selection"}}) {
        RunningProgram running = start(file);
        wait_until_consistent(running);
        at_source(change);
        at_source("UPDATE item SET n = n + 1 WHERE id = 1");
        EXPECT_EQ(running.wait().exit_code, kRefused) << change << running.text();
        EXPECT_THAT(running.text(), HasSubstr("schema.not_followed")) << change;
        EXPECT_THAT(running.text(), HasSubstr(code)) << change;
        EXPECT_THAT(running.text(), HasSubstr("is applied")) << change;
        at_source(undo);
    }
    go_on_and_verify(file);
}

}  // namespace
}  // namespace cutover::tests
