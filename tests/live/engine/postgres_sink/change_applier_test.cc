// Net batches on a real server, kind by kind: what is there afterwards, and what is called corrupt.
#include <gmock/gmock.h>

#include "tests/live/engine/postgres_sink/applier_fixture.h"

namespace cutover::postgres {

INSTANTIATE_TEST_SUITE_P(, ChangeApplier,
                         testing::Values(InlineLimits{}, InlineLimits{.fields = 0, .bytes = 0}),
                         [](const testing::TestParamInfo<InlineLimits>& limits) {
                             return limits.param.fields == 0 ? "Staged" : "Inline";
                         });

namespace {

using testing::HasSubstr;

TEST_P(ChangeApplier, BringsEveryKindToEffectInOneTransactionWithTheMarker) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, u int UNIQUE, v text);"
        "INSERT INTO t SELECT g, g * 10, 'old' FROM generate_series(1, 6) g");
    TableBatch batch;
    batch.removals = {tuple("SELECT 1")};
    batch.updates = {{tuple("SELECT 2"), tuple("SELECT 2, 20, 'new'::text")}};
    batch.moves = {{tuple("SELECT 3"), tuple("SELECT 33, 30, 'moved'::text")}};
    batch.inserts = {tuple("SELECT 7, NULL::int, NULL::text")};
    const NetBatch part = {{batch}};
    applier_->begin();
    applier_->stage(part);
    EXPECT_EQ(rows("SELECT count(*) FROM t WHERE v = 'old'"), "6");
    EXPECT_TRUE(applier_->apply(modes(plan_, ApplyMode::strict)).empty());
    EXPECT_EQ(rows("SELECT count(*) FROM t WHERE v = 'old'"), "6");
    applier_->commit(marker("0/99", 5));
    EXPECT_EQ(t(), "2|20|new\n4|40|old\n5|50|old\n6|60|old\n7|-|-\n33|30|moved");
    EXPECT_EQ(owner_->value("SELECT position FROM cutover.applied_position"), "at 0/99");
    EXPECT_EQ(control_->load("shop")->marker.transactions, 5u);
}

TEST_P(ChangeApplier, SwapsAndChainsKeysAndUniqueValues) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, u int UNIQUE, v text);"
        "INSERT INTO t SELECT g, g * 10, 'v' || g FROM generate_series(1, 5) g");
    TableBatch batch;
    // 1 and 2 swap keys, 3 -> 4 -> 5 -> 6 is a chain, and 1 and 2 swap their unique values too.
    batch.moves = {{tuple("SELECT 1"), tuple("SELECT 2, 10, 'a'::text")},
                   {tuple("SELECT 2"), tuple("SELECT 1, 20, 'b'::text")},
                   {tuple("SELECT 3"), tuple_without("SELECT 4, 40, 'x'::text", {2})},
                   {tuple("SELECT 4"), tuple_without("SELECT 5, 50, 'x'::text", {2})},
                   {tuple("SELECT 5"), tuple_without("SELECT 6, 30, 'x'::text", {2})}};
    apply(batch);
    EXPECT_EQ(t(), "1|20|b\n2|10|a\n4|40|v3\n5|50|v4\n6|30|v5");
}

TEST_P(ChangeApplier, LeavesAbsentCellsAsTheyAre) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, a text, b text, c numeric(6,2));"
        "INSERT INTO t SELECT g, 'a', repeat('long', 5000), g FROM generate_series(1, 4) g");
    TableBatch batch;
    batch.updates = {
        {tuple("SELECT 1"), tuple_without("SELECT 1, 'n'::text, NULL::text, 9.5::numeric", {2})},
        {tuple("SELECT 2"), tuple_without("SELECT 2, 'n'::text, NULL::text, 9.5::numeric", {1, 2})},
        {tuple("SELECT 3"),
         tuple_without("SELECT 3, NULL::text, NULL::text, 9.5::numeric", {2, 3})},
        {tuple("SELECT 4"), tuple_without("SELECT 4, 'n'::text, NULL::text, 9.5::numeric", {0})}};
    apply(batch);
    EXPECT_EQ(rows("SELECT k, a, length(b), c FROM t ORDER BY k"),
              "1|n|20000|9.50\n2|a|20000|9.50\n3|-|20000|3.00\n4|n|-|9.50");
}

TEST_P(ChangeApplier, SetsKeysWhoseFormChangesButNotTheirValue) {
    open("CREATE TABLE t (k numeric PRIMARY KEY, v text); INSERT INTO t VALUES (1.0, 'x')");
    TableBatch batch;
    batch.updates = {{tuple("SELECT 1.0"), tuple("SELECT 1.00, 'y'::text")}};
    apply(batch);
    EXPECT_EQ(t(), "1.00|y");
}

TEST_P(ChangeApplier, CallsAMissingRowCorruptAndNamesTableAndKey) {
    open(
        "CREATE TABLE t (k int, l text, v text, PRIMARY KEY (l, k)); INSERT INTO t VALUES (1, "
        "'a')");
    TableBatch removal;
    removal.removals = {tuple("SELECT 'a'::text, 1"), tuple("SELECT 'b'::text, 2")};
    TableBatch update;
    update.updates = {{tuple("SELECT 'b'::text, 2"), tuple("SELECT 2, 'b'::text, 'x'::text")}};
    TableBatch move;
    move.moves = {{tuple("SELECT 'b'::text, 2"), tuple("SELECT 3, 'b'::text, 'x'::text")}};
    TableBatch partial_move;
    partial_move.moves = {
        {tuple("SELECT 'b'::text, 2"), tuple_without("SELECT 3, 'b'::text, 'x'::text", {2})}};
    for (const TableBatch& batch : {removal, update, move, partial_move}) {
        const model::Error error = failure_of(batch);
        EXPECT_EQ(error.error_class(), ErrorClass::corrupt) << error.what();
        EXPECT_EQ(error.code(), "apply.row_missing");
        EXPECT_THAT(error.message(), HasSubstr("public.t"));
        EXPECT_THAT(error.message(), HasSubstr("(b,2)"));
        EXPECT_EQ(t(), "1|a|-");
    }
}

TEST_P(ChangeApplier, CallsARowThatIsThereAlreadyCorrupt) {
    open("CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
    TableBatch batch;
    batch.inserts = {tuple("SELECT 1, 'b'::text")};
    const model::Error error = failure_of(batch);
    EXPECT_EQ(error.error_class(), ErrorClass::corrupt);
    EXPECT_EQ(error.code(), "apply.row_doubled");
    EXPECT_THAT(error.message(), HasSubstr("(k)=(1)"));
    EXPECT_EQ(t(), "1|a");
}

TEST_P(ChangeApplier, CallsAKeyThatTwoRowsHaveCorrupt) {
    open("CREATE TABLE t (k int PRIMARY KEY, v text)");
    sql("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1, 'a'), (1, 'b')");
    TableBatch batch;
    batch.updates = {{tuple("SELECT 1"), tuple("SELECT 1, 'c'::text")}};
    const model::Error error = failure_of(batch);
    EXPECT_EQ(error.code(), "apply.row_doubled");
    EXPECT_THAT(error.message(), HasSubstr("(1)"));
}

TEST_P(ChangeApplier, TruncatesFirst) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    open(
        "CREATE TABLE p (k int PRIMARY KEY); CREATE TABLE t (k int PRIMARY KEY, v int REFERENCES "
        "p);"
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1)",
        {"public.p", "public.t"});
    NetBatch batch;
    batch.tables.resize(2);
    batch.tables[0].truncate = true;
    batch.tables[0].inserts = {tuple("SELECT 2")};
    batch.tables[1].table = 1;
    batch.tables[1].truncate = true;
    batch.tables[1].inserts = {tuple("SELECT 1, 2")};
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(rows("SELECT p.k, t.k FROM p, t"), "2|1");
}

TEST_P(ChangeApplier, TruncatesATableWithoutItsHeirs) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, v int); CREATE TABLE daughter () INHERITS (t);"
        "CREATE TABLE parts (k int PRIMARY KEY) PARTITION BY RANGE (k);"
        "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);"
        "INSERT INTO t VALUES (1, 1); INSERT INTO daughter VALUES (2, 2); INSERT INTO parts VALUES "
        "(1)",
        {"public.t", "public.parts"});
    NetBatch batch;
    batch.tables.resize(2);
    batch.tables[0].truncate = true;
    batch.tables[1].table = 1;
    batch.tables[1].truncate = true;
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(t(), "2|2");
    EXPECT_EQ(rows("SELECT count(*) FROM parts"), "0");

    sql("INSERT INTO t VALUES (1, 1)");
    NetBatch steps;
    steps.tables.resize(1);
    steps.tables[0].steps = {{model::ChangeKind::truncate, {}, {}}};
    SinkTest::apply(*applier_, plan_, steps);
    EXPECT_EQ(t(), "2|2");
}

TEST_P(ChangeApplier, EmptiesAParentWhoseChildrenAreNotTruncated) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    open(
        "CREATE TABLE t (k int PRIMARY KEY, v int); CREATE TABLE c (k int REFERENCES t);"
        "INSERT INTO t VALUES (1, 1)");
    TableBatch batch;
    batch.truncate = true;
    apply(batch);
    EXPECT_EQ(t(), "");
}

TEST_P(ChangeApplier, TouchesExactlyOneOfEqualRowsInAKeylessTable) {
    open(
        "CREATE TABLE t (a int, b text, j json, n numeric, p point);"
        "INSERT INTO t SELECT 1, 'x', '{\"a\": 1}', 1.0, '(1,2)' FROM generate_series(1, 5);"
        "INSERT INTO t VALUES (1, 'x', '{\"a\": 1}', 1.00, '(1,2)'), (1, 'x', '{\"a\":1}', 1.0, "
        "'(1,2)'),"
        "  (NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL), (1, '', NULL, NULL, "
        "NULL)");
    const model::Tuple equal =
        tuple("SELECT 1, 'x'::text, '{\"a\": 1}'::json, 1.0, '(1,2)'::point");
    const model::Tuple nulls =
        tuple("SELECT NULL::int, NULL::text, NULL::json, NULL::numeric, NULL::point");
    TableBatch batch;
    batch.removals = {equal, equal, equal, nulls};
    batch.inserts = {tuple("SELECT 2, 'y'::text, NULL::json, 3.0, NULL::point")};
    apply(batch);
    EXPECT_EQ(rows("SELECT r, count(*) FROM (SELECT t::text COLLATE \"C\" AS r FROM t) x GROUP BY "
                   "1 ORDER BY 1"),
              "(,,,,)|1\n(1,\"\",,,)|1\n(1,x,\"{\"\"a\"\": 1}\",1.0,\"(1,2)\")|2\n"
              "(1,x,\"{\"\"a\"\": 1}\",1.00,\"(1,2)\")|1\n(1,x,\"{\"\"a\"\":1}\",1.0,\"(1,2)\")|1\n"
              "(2,y,,3.0,)|1");
}

TEST_P(ChangeApplier, CallsAMissingKeylessRowCorruptAndShowsIt) {
    open("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    TableBatch batch;
    batch.removals = {tuple("SELECT 1, 'x'::text"), tuple("SELECT 2, 'y'::text"),
                      tuple("SELECT 2, 'y'::text")};
    const model::Error error = failure_of(batch);
    EXPECT_EQ(error.error_class(), ErrorClass::corrupt);
    EXPECT_THAT(error.message(), HasSubstr("(2,y)"));
    EXPECT_EQ(t(), "1|x\n2|y");
}

TEST_P(ChangeApplier, FindsKeylessRowsWithoutAnyHashableColumn) {
    open(
        "CREATE TABLE t (p point, x xml); INSERT INTO t VALUES ('(1,2)', '<a/>'), ('(1,2)', "
        "'<a/>')");
    TableBatch batch;
    batch.removals = {tuple("SELECT '(1,2)'::point, '<a/>'::xml")};
    apply(batch);
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "1");
}

TEST_P(ChangeApplier, FindsKeylessRowsInTheirPartitions) {
    open(
        "CREATE TABLE t (a int, b text) PARTITION BY LIST (a);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);"
        "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'x'), (2, 'y'), (1, 'y')");
    TableBatch batch;
    batch.removals = {tuple("SELECT 1, 'x'::text"), tuple("SELECT 2, 'y'::text")};
    apply(batch);
    EXPECT_EQ(t(), "1|x\n1|y\n2|x");
}

TEST_P(ChangeApplier, TolerantInsertsOverwriteAndRemovalsMayFindNothing) {
    open("CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    TableBatch batch;
    batch.removals = {tuple("SELECT 2"), tuple("SELECT 9"), tuple("SELECT 9")};
    batch.inserts = {tuple("SELECT 1, 'new'::text"), tuple("SELECT 3, 'new'::text")};
    batch.updates = {{tuple("SELECT 4"), tuple("SELECT 4, 'made'::text")}};
    batch.moves = {{tuple("SELECT 5"), tuple("SELECT 6, 'moved'::text")}};
    EXPECT_TRUE(apply(batch, ApplyMode::tolerant).empty());
    EXPECT_EQ(t(), "1|new\n3|new\n4|made\n6|moved");
}

/// Why keys in the destination's form need the destination's equality: what an int became on its
/// way, without digits behind the point, comes back as the column's type spells it.
TEST_P(ChangeApplier, TellsAMissingRowAsTheColumnSpellsItsKey) {
    open("CREATE TABLE t (k numeric(12,2) PRIMARY KEY, v int, big text)");
    TableBatch batch;
    batch.updates = {
        {tuple("SELECT 5::numeric"), tuple_without("SELECT 5::numeric, 1, ''::text", {2})}};
    const NetBatch part = {{batch}};
    applier_->begin();
    applier_->stage(part);
    const auto missing = applier_->apply(modes(plan_, ApplyMode::tolerant));
    applier_->abort();
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0].key, tuple("SELECT 5::numeric(12,2)"));
    EXPECT_FALSE(missing[0].key == tuple("SELECT 5::numeric"));
}

TEST_P(ChangeApplier, TellsWhichRowsHaveNoBaseAndPutsThemInPlace) {
    open(
        "CREATE TABLE t (k int, l text, big text, PRIMARY KEY (l, k));"
        "INSERT INTO t VALUES (1, 'a', 'big1'), (5, 'a', 'big5')");
    TableBatch batch;
    batch.updates = {
        {tuple("SELECT 'a'::text, 1"), tuple_without("SELECT 1, 'a'::text, ''::text", {2})},
        {tuple("SELECT 'a'::text, 2"), tuple_without("SELECT 2, 'a'::text, ''::text", {2})}};
    batch.moves = {
        {tuple("SELECT 'a'::text, 3"), tuple_without("SELECT 33, 'a'::text, ''::text", {1, 2})},
        {tuple("SELECT 'a'::text, 5"), tuple_without("SELECT 55, 'a'::text, ''::text", {1, 2})}};
    const NetBatch part = {{batch}};
    applier_->begin();
    applier_->stage(part);
    const auto missing = applier_->apply(modes(plan_, ApplyMode::tolerant));
    ASSERT_EQ(missing.size(), 2u);
    EXPECT_EQ(missing[0].key, tuple("SELECT 'a'::text, 33"));
    EXPECT_EQ(missing[1].key, tuple("SELECT 'a'::text, 2"));
    const auto note = [&](const std::string& range, std::uint64_t count) {
        model::ChunkReceipt one = receipt(chunk(0, 0), count);
        one.chunk.range = {range, range};
        applier_->note_view(one);
    };
    control_->add_chunks({chunk(0, 0)});
    note("rows a", 3);
    note("rows b", 0);
    note("rows b", 0);
    TableBatch again;
    again.inserts = {tuple("SELECT 33, 'a'::text, 'read'::text")};
    again.removals = {missing[1].key, tuple("SELECT 'a'::text, 1")};
    const NetBatch second = {{again}};
    applier_->stage(second);
    EXPECT_TRUE(applier_->apply(modes(plan_, ApplyMode::tolerant)).empty());
    applier_->commit(marker("x"));
    EXPECT_EQ(t(), "33|a|read\n55|a|big5");
    // Such a receipt is no chunk's, whatever its number says.
    EXPECT_EQ(control_->chunks().size(), 1u);
    ASSERT_EQ(control_->receipts().size(), 2u);
    EXPECT_EQ(control_->receipts()[0].chunk.range.bytes, "rows a");
    EXPECT_EQ(control_->receipts()[1].chunk.range.bytes, "rows b");
}

/// More rows than a statement takes along: they go straight in, unless one is in the way.
TEST_P(ChangeApplier, PutsManyTolerantRowsWhateverIsInTheWay) {
    open("CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (2500, 'old')");
    for (const int first : {1, 2001}) {
        TableBatch batch;
        for (int key = first; key < first + 2000; ++key) {
            batch.inserts.push_back(tuple("SELECT " + std::to_string(key) + ", 'new'::text"));
        }
        apply(batch, ApplyMode::tolerant);
    }
    EXPECT_EQ(rows("SELECT count(*), min(v), max(v) FROM t"), "4000|new|new");
}

/// What one part has staged is not there for the next.
TEST_P(ChangeApplier, EmptiesItsStagesBetweenTheParts) {
    open(
        "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT n, 'old' FROM "
        "generate_series(1, 4000) n");
    applier_->begin();
    for (const int first : {1, 2001}) {
        TableBatch batch;
        for (int key = first; key < first + 2000; ++key) {
            batch.updates.push_back({tuple("SELECT " + std::to_string(key)),
                                     tuple("SELECT " + std::to_string(key) + ", 'new'::text")});
        }
        const NetBatch part = {{batch}};
        applier_->stage(part);
        applier_->apply(modes(plan_, ApplyMode::strict));
    }
    applier_->commit(marker("x"));
    EXPECT_EQ(rows("SELECT count(*), min(v), max(v) FROM t"), "4000|new|new");
}

/// Keys whose equality bytes do not tell are executed step by step.
TEST_P(ChangeApplier, ExecutesStepsInOrder) {
    open(
        "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = "
        "false);"
        "CREATE TABLE t (k text COLLATE folding PRIMARY KEY, id int GENERATED ALWAYS AS IDENTITY, "
        "v text);"
        "INSERT INTO t (k, v) VALUES ('a', 'va'), ('b', 'vb')");
    const auto text = [&](const std::string& value) {
        return tuple("SELECT '" + value + "'::text");
    };
    TableBatch batch;
    batch.steps = {{model::ChangeKind::update, text("A"),
                    tuple_without("SELECT 'B2'::text, 1, ''::text", {2})},
                   {model::ChangeKind::remove, text("B"), {}},
                   {model::ChangeKind::update, text("b2"),
                    tuple_without("SELECT 'b'::text, 7, 'n'::text", {})},
                   {model::ChangeKind::insert, {}, tuple("SELECT 'a'::text, 9, NULL::text")},
                   {model::ChangeKind::update, text("a"),
                    tuple_without("SELECT 'A'::text, 9, ''::text", {2})}};
    apply(batch);
    EXPECT_EQ(rows("SELECT * FROM t ORDER BY id"), "b|7|n\nA|9|-");

    TableBatch wrong;
    wrong.steps = {{model::ChangeKind::remove, text("zz"), {}}};
    const model::Error error = failure_of(wrong);
    EXPECT_EQ(error.error_class(), ErrorClass::corrupt);
    EXPECT_THAT(error.message(), HasSubstr("zz"));

    TableBatch tolerant;
    tolerant.steps = {
        {model::ChangeKind::remove, text("zz"), {}},
        {model::ChangeKind::insert, {}, tuple("SELECT 'B'::text, 8, 'over'::text")},
        {model::ChangeKind::update, text("q"), tuple("SELECT 'a'::text, 10, 'over'::text")},
        {model::ChangeKind::update, text("b"), tuple("SELECT 'b'::text, 8, 'form'::text")},
        {model::ChangeKind::update, text("q"),
         tuple_without("SELECT 'r'::text, 10, ''::text", {2})}};
    const auto missing = apply(tolerant, ApplyMode::tolerant);
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0].key, text("r"));
    EXPECT_EQ(rows("SELECT * FROM t ORDER BY id"), "b|8|form\na|10|over");
    TableBatch all_gone;
    all_gone.steps = {{model::ChangeKind::truncate, {}, {}},
                      {model::ChangeKind::insert, {}, tuple("SELECT 'c'::text, 1, NULL::text")}};
    apply(all_gone);
    EXPECT_EQ(rows("SELECT * FROM t"), "c|1|-");
}

TEST_P(ChangeApplier, WritesIdentityColumnsAndLeavesGeneratedOnesToTheServer) {
    open(
        "CREATE TABLE t (k int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED"
        " ALWAYS AS (n * 2) STORED, extra text DEFAULT 'mine');"
        "CREATE TABLE s (k int PRIMARY KEY, id int GENERATED ALWAYS AS IDENTITY, v text);"
        "INSERT INTO t (n) VALUES (1), (2); INSERT INTO s (k, v) VALUES (1, 'a'), (2, 'b')",
        {"public.t", "public.s"});
    NetBatch batch;
    batch.tables.resize(2);
    batch.tables[0].inserts = {tuple("SELECT 50, 5, 'x'::text")};
    batch.tables[0].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 11, 'x'::text")}};
    batch.tables[0].moves = {{tuple("SELECT 2"), tuple_without("SELECT 20, 12, 'x'::text", {1})}};
    batch.tables[1].table = 1;
    batch.tables[1].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 77, 'n'::text")},
                               {tuple("SELECT 2"), tuple_without("SELECT 2, 88, ''::text", {2})}};
    SinkTest::apply(*applier_, plan_, batch);
    EXPECT_EQ(t(), "1|11|22|x\n20|2|4|x\n50|5|10|x");
    EXPECT_EQ(rows("SELECT * FROM s ORDER BY k"), "1|77|n\n2|88|b");
}

TEST_P(ChangeApplier, AppliesSeveralPartsInOneTransaction) {
    open("CREATE TABLE t (k int PRIMARY KEY, v int)");
    applier_->begin();
    for (int part = 0; part < 3; ++part) {
        TableBatch batch;
        const std::string key = std::to_string(part);
        batch.inserts = {tuple("SELECT " + key + ", 0")};
        if (part > 0) {
            batch.updates = {{tuple("SELECT 0"), tuple("SELECT 0, " + key)}};
            batch.removals = {tuple("SELECT " + std::to_string(part + 99))};
        }
        batch.inserts.push_back(tuple("SELECT " + std::to_string(part + 100) + ", 0"));
        const NetBatch whole = {{batch}};
        applier_->stage(whole);
        applier_->apply(modes(plan_, ApplyMode::strict));
    }
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
    applier_->commit(marker("x"));
    EXPECT_EQ(t(), "0|2\n1|0\n2|0\n102|0");
}

TEST_P(ChangeApplier, GoesOnAfterAnAbortAndAfterALostConnection) {
    open("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
    TableBatch batch;
    batch.updates = {{tuple("SELECT 1"), tuple("SELECT 1, 2")}};
    const NetBatch part = {{batch}};
    applier_->begin();
    applier_->stage(part);
    applier_->abort();
    applier_->begin();
    applier_->stage(part);
    applier_->apply(modes(plan_, ApplyMode::strict));
    applier_->abort();
    EXPECT_EQ(t(), "1|1");
    apply(batch);
    EXPECT_EQ(t(), "1|2");
    sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'cutover/shop/applier' AND datname = current_database()");
    EXPECT_EQ(failure_of(batch).error_class(), ErrorClass::connection);
    batch.updates = {{tuple("SELECT 1"), tuple("SELECT 1, 3")}};
    apply(batch);
    EXPECT_EQ(t(), "1|3");
}

TEST_P(ChangeApplier, StagesWhileAnotherLaneHoldsTheSameRows) {
    open("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
    const auto second = open_applier();
    NetBatch first_batch;
    first_batch.tables.resize(1);
    first_batch.tables[0].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 2")}};
    NetBatch second_batch;
    second_batch.tables.resize(1);
    second_batch.tables[0].moves = {{tuple("SELECT 1"), tuple_without("SELECT 3, 0", {1})}};
    applier_->begin();
    applier_->stage(first_batch);
    applier_->apply(modes(plan_, ApplyMode::strict));
    second->begin();
    second->stage(second_batch);
    applier_->commit(marker("1", 1));
    second->apply(modes(plan_, ApplyMode::strict));
    second->commit(marker("2", 2));
    EXPECT_EQ(t(), "3|2");
    EXPECT_EQ(control_->load("shop")->marker.transactions, 2u);
}

}  // namespace
}  // namespace cutover::postgres
