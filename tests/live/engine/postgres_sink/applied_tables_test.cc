// Net batches for tables of every shape: many of them, odd names and types, partitions, triggers.
#include <gmock/gmock.h>

#include "tests/live/engine/postgres_sink/applier_fixture.h"

namespace cutover::postgres {
namespace {

/// A temporary table costs the catalog more than the row it is for, and every commit a truncation.
TEST_P(ChangeApplier, TakesASmallChangeOfEachOfManyTablesWithoutStagingIt) {
    constexpr int kTables = 300;
    const std::string many = std::to_string(kTables);
    sql("DO $$ BEGIN FOR i IN 1.." + many +
        " LOOP EXECUTE format('CREATE TABLE m%s (k int PRIMARY KEY, u int UNIQUE, v text, big "
        "text);"
        " INSERT INTO m%s SELECT g, g, ''old'', ''big'' FROM generate_series(1, 4) g', i, i);"
        " END LOOP; END $$");
    std::vector<std::string> names;
    for (int at = 1; at <= kTables; ++at) {
        names.push_back("public.m" + std::to_string(at));
    }
    plan_ = plan_of(names);
    applier_ = open_applier();
    NetBatch batch;
    for (model::TableIndex at = 0; at < kTables; ++at) {
        TableBatch one;
        one.table = at;
        one.removals = {tuple("SELECT 1")};
        one.updates = {{tuple("SELECT 2"), tuple_without("SELECT 2, 2, 'new'::text, 0", {3})}};
        one.moves = {{tuple("SELECT 3"), tuple_without("SELECT 4, 1, 'new'::text, 0", {3})},
                     {tuple("SELECT 4"), tuple_without("SELECT 3, 3, 0, 0", {2, 3})}};
        one.inserts = {tuple("SELECT 5, 5, 'new'::text, 'big'::text")};
        batch.tables.push_back(std::move(one));
    }
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(rows("SELECT count(*) > 0 FROM pg_class WHERE relpersistence = 't'"),
              GetParam().fields == 0 ? "t" : "f");
    // Where there have been many, they do not stay: each commit would have to empty them.
    applier_->begin();
    applier_->abort();
    EXPECT_EQ(rows("SELECT count(*) FROM pg_class WHERE relpersistence = 't'"), "0");
    for (const char* table : {"m1", "m300"}) {
        EXPECT_EQ(rows(std::string("SELECT * FROM ") + table + " ORDER BY k"),
                  "2|2|new|big\n3|3|old|big\n4|1|new|big\n5|5|new|big");
    }
}

TEST_P(ChangeApplier, FiresNoTriggersAndChecksNoForeignKeys) {  // G53
    tests::grant_replication_role(server(), destination_);      // triggers and foreign keys rest
    open(
        "CREATE TABLE p (k int PRIMARY KEY); CREATE TABLE t (k int PRIMARY KEY, v int REFERENCES p "
        "ON DELETE"
        " CASCADE); INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);"
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
        "CREATE TRIGGER stop BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION "
        "stop()",
        {"public.t", "public.p"});
    NetBatch batch;
    batch.tables.resize(2);
    batch.tables[0].inserts = {tuple("SELECT 2, 99")};
    batch.tables[1].table = 1;
    batch.tables[1].removals = {tuple("SELECT 1")};
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(t(), "1|1\n2|99");
}

TEST_P(ChangeApplier, WritesPartitionsAndParentsButNotTheirChildren) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, v int) PARTITION BY RANGE (k);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20);"
        "CREATE TABLE mother (k int PRIMARY KEY, v int); CREATE TABLE child () INHERITS (mother);"
        "INSERT INTO t VALUES (1, 1), (11, 1); INSERT INTO mother VALUES (1, 1); INSERT INTO child "
        "VALUES (1, 1)",
        {"public.t", "public.mother"});
    NetBatch batch;
    batch.tables.resize(2);
    batch.tables[0].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 5")}};
    batch.tables[0].moves = {{tuple("SELECT 11"), tuple_without("SELECT 2, 0", {1})}};
    batch.tables[0].inserts = {tuple("SELECT 12, 3")};
    batch.tables[1].table = 1;
    batch.tables[1].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 9")}};
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(rows("SELECT tableoid::regclass, * FROM t ORDER BY k"), "t1|1|5\nt1|2|1\nt2|12|3");
    EXPECT_EQ(rows("SELECT tableoid::regclass, * FROM mother ORDER BY 1"), "mother|1|9\nchild|1|1");
}

TEST_P(ChangeApplier, TakesAnyNameAndAnyType) {
    open(
        "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, m mood);"
        "CREATE DOMAIN needed AS int NOT NULL CHECK (VALUE > 0);"
        "CREATE TABLE \"T \"\"x\" (\"Key\" bigint PRIMARY KEY, \"select\" mood[], p pair, d "
        "needed, i interval,"
        "  b bytea, j jsonb, r int4range, \"c h\" char(5), ts timestamptz, t1 text COLLATE \"C\");",
        {"public.T \"x"});
    const std::string all =
        "SELECT 1::bigint, '{sad,NULL}'::mood[], '(1,happy)'::pair, 5, '1 mon 2 days'::interval,"
        " '\\x00ff'::bytea, '{\"a\":1.50}'::jsonb, '[1,5)'::int4range, 'ab'::char(5),"
        " '2020-01-01 00:00:00.123456+00'::timestamptz, ''::text";
    TableBatch insert;
    insert.inserts = {tuple(all)};
    apply(insert);
    TableBatch update;
    update.updates = {{tuple("SELECT 1::bigint"), tuple_without(all, {1, 2, 3, 4, 5, 6, 7, 8, 9})}};
    apply(update);
    TableBatch move;
    move.moves = {{tuple("SELECT 1::bigint"), tuple_without(all, {0, 3, 6})}};
    apply(move);
    EXPECT_EQ(rows("SELECT * FROM \"T \"\"x\""),
              "1|{sad,NULL}|(1,happy)|5|1 mon 2 days|\\x00ff|{\"a\": 1.50}|[1,5)|ab   |"
              "2020-01-01 00:00:00.123456+00|");
}

TEST_P(ChangeApplier, RefusesACellInTextForm) {
    open("CREATE TABLE t (k int PRIMARY KEY, v text)");
    TableBatch batch;
    model::Tuple row;
    row.append(model::CellKind::text, "1");
    row.append(model::CellKind::null);
    batch.inserts = {row};
    EXPECT_EQ(failure_of(batch).code(), "cell.text_form");
}

TEST_P(ChangeApplier, CountsForeignRowsThatItOverwritesUnderIgnore) {
    plan::TaskSpec spec = spec_;
    spec.conflict = plan::ConflictRule::ignore;
    open_sink(spec);
    open(
        "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'mine'), (2, "
        "'mine')");
    TableBatch batch;
    batch.inserts = {tuple("SELECT 1, 'theirs'::text"), tuple("SELECT 3, 'theirs'::text")};
    apply(batch);
    EXPECT_EQ(t(), "1|theirs\n2|mine\n3|theirs");
    EXPECT_EQ(rows("SELECT table_name, phase, action, rows, sample_keys FROM cutover.conflict"),
              "public.t|incremental|overwritten|1|{(1)}");
}

TEST_P(ChangeApplier, RefusesTablesWithTriggersWhereTheAccountCannotSwitchThemOff) {
    // The recheck of a deferrable key is a trigger, too, and none that acts on rows.
    sql("CREATE TABLE p (k int PRIMARY KEY);"
        "CREATE TABLE t (k int PRIMARY KEY, v int UNIQUE DEFERRABLE)");
    plan_ = plan_of({"public.t"});
    EXPECT_EQ(sink_->traits().foreign_keys, engine::ForeignKeys::held);
    applier_ = open_applier();
    TableBatch batch;
    batch.inserts = {tuple("SELECT 1, 1")};
    apply(batch);
    EXPECT_EQ(t(), "1|1");
    sql("ALTER TABLE t ADD FOREIGN KEY (v) REFERENCES p NOT VALID");
    const model::Error error = error_of([&] { open_applier(); });
    EXPECT_EQ(error.code(), "destination.triggers");
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    tests::grant_replication_role(server(), destination_);
    control_->release("shop");
    open_sink(plan::TaskSpec(spec_));
    EXPECT_EQ(sink_->traits().foreign_keys, engine::ForeignKeys::ignored);
    EXPECT_NO_THROW(open_applier());
}

/// A cast to a type with a length cuts what is longer, without a word. Of many rows the one is
/// named.
TEST_P(ChangeApplier, RefusesWhatIsTooLongInsteadOfCuttingIt) {
    const auto expect_refused = [&](const TableBatch& batch, const std::string& row) {
        const model::Error error = failure_of(batch);
        EXPECT_EQ(error.code(), "apply.value") << row;
        EXPECT_THAT(error.message(), testing::HasSubstr("in the row " + row + ": "));
    };
    open(
        "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = "
        "false);"
        "CREATE TABLE t (k int PRIMARY KEY, v varchar(3), w varchar(2)[], b varbit(2));"
        "CREATE TABLE s (k text COLLATE folding PRIMARY KEY, v char(2)); INSERT INTO t VALUES (9)",
        {"public.t", "public.s"});
    for (const char* row : {"SELECT 1, 'abcd'::text, NULL::varchar[], NULL::varbit",
                            "SELECT 1, NULL::text, '{abc}'::varchar[], NULL::varbit",
                            "SELECT 1, NULL::text, NULL::varchar[], '101'::varbit"}) {
        TableBatch insert;
        insert.inserts = {tuple("SELECT 2, 'abc'::text, NULL::varchar[], NULL::varbit"),
                          tuple(row)};
        expect_refused(insert, "k = 1");
        TableBatch update;
        update.updates = {{tuple("SELECT 9"), tuple(row)}};
        expect_refused(update, "k = 1");
    }
    TableBatch step;
    step.table = 1;
    step.steps = {{model::ChangeKind::insert, {}, tuple("SELECT 'a'::text, 'abc'::bpchar")}};
    expect_refused(step, "k = a");
}

}  // namespace
}  // namespace cutover::postgres
