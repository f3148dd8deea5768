// Chunks on a real server: rows and receipt together, once.
#include <gmock/gmock.h>

#include "tests/live/engine/postgres_sink/sink_fixture.h"

namespace cutover::postgres {
namespace {

using model::ErrorClass;
using testing::HasSubstr;

class ChunkWriter : public SinkTest {
protected:
    void write(engine::ChunkWriter& writer, const plan::Plan& plan, const model::Chunk& piece,
               const std::string& query) {
        const model::RowBatch rows_read = batch(query);
        writer.begin(plan.tables[piece.table], piece);
        writer.write(rows_read);
        writer.commit(receipt(piece, rows_read.rows.count));
    }
};

TEST_F(ChunkWriter, WritesRowsAndReceiptInOneTransaction) {
    sql("CREATE TABLE t (a int PRIMARY KEY, b text)");
    const plan::Plan plan = plan_of({"public.t"});
    control_->add_chunks({chunk(0, 0), chunk(0, 1)});
    const auto writer = sink_->open_writer(plan);
    writer->begin(plan.tables[0], chunk(0, 1));
    writer->write(batch("SELECT 1, 'x'::text"));
    writer->write(batch("SELECT g, NULL::text FROM generate_series(2, 1000) g"));
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
    writer->commit(receipt(chunk(0, 1), 1000));
    EXPECT_EQ(rows("SELECT count(*), count(b) FROM t"), "1000|1");
    const auto receipts = control_->receipts();
    ASSERT_EQ(receipts.size(), 1u);
    EXPECT_EQ(receipts[0].chunk.number, 1u);
    EXPECT_EQ(receipts[0].rows.count, 1000u);
    EXPECT_EQ(receipts[0].view.stamp.bytes, "stamp");
    EXPECT_EQ(receipts[0].view.settled.text, "0/10");
    EXPECT_EQ(receipts[0].hash, "abc");
    EXPECT_EQ(rows("SELECT xmin FROM t WHERE a = 1"),
              rows("SELECT xmin FROM cutover.chunk WHERE number = 1"));
}

TEST_F(ChunkWriter, LeavesAChunkThatHasAReceiptAsItIs) {
    sql("CREATE TABLE t (a int)");
    const plan::Plan plan = plan_of({"public.t"});
    control_->add_chunks({chunk(0, 0)});
    const auto first = sink_->open_writer(plan);
    const auto second = sink_->open_writer(plan);
    second->begin(plan.tables[0], chunk(0, 0));
    second->write(batch("SELECT 1"));
    write(*first, plan, chunk(0, 0), "SELECT 1");
    second->commit(receipt(chunk(0, 0), 1));
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "1");
    EXPECT_EQ(control_->receipts().size(), 1u);
    write(*second, plan, chunk(0, 0), "SELECT 1");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "1");
}

TEST_F(ChunkWriter, ForgetsAnAbortedChunkAndGoesOnAfterALostConnection) {
    sql("CREATE TABLE t (a int)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    writer->begin(plan.tables[0], chunk(0, 0));
    writer->write(batch("SELECT 1"));
    writer->abort();
    writer->begin(plan.tables[0], chunk(0, 0));
    sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'cutover/shop/writer' AND datname = current_database()");
    EXPECT_EQ(error_of([&] {
                  writer->write(batch("SELECT 1"));
                  writer->commit(receipt(chunk(0, 0), 1));
              }).error_class(),
              ErrorClass::connection);
    writer->abort();
    write(*writer, plan, chunk(0, 0), "SELECT 1");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "1");
}

TEST_F(ChunkWriter, RefusesAChunkOfACopyThatWasBegunAnew) {
    sql("CREATE TABLE t (a int)");
    const plan::Plan plan = plan_of({"public.t"});
    control_->add_chunks({chunk(0, 0)});
    model::Chunk anew = chunk(0, 1);
    anew.generation = 1;
    control_->restart_table(plan.tables[0], {anew});
    const auto writer = sink_->open_writer(plan);
    const model::Error error = error_of([&] { write(*writer, plan, chunk(0, 0), "SELECT 1"); });
    EXPECT_EQ(error.code(), "chunk.forgotten");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
    write(*writer, plan, anew, "SELECT 2");
    EXPECT_EQ(rows("SELECT a FROM t"), "2");
}

TEST_F(ChunkWriter, SaysWhichValueDoesNotFit) {
    sql("CREATE TABLE t (a int PRIMARY KEY, b varchar(3))");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    const model::Error error =
        error_of([&] { write(*writer, plan, chunk(0, 0), "SELECT 1, 'four'::text"); });
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("public.t"));
    EXPECT_THAT(error.message(), HasSubstr("too long"));
}

TEST_F(ChunkWriter, CallsACountThatDiffersFromTheReceiptCorrupt) {
    sql("CREATE TABLE t (a int)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    writer->begin(plan.tables[0], chunk(0, 0));
    writer->write(batch("SELECT 1"));
    EXPECT_EQ(error_of([&] { writer->commit(receipt(chunk(0, 0), 2)); }).error_class(),
              ErrorClass::corrupt);
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
}

TEST_F(ChunkWriter, WritesIntoTablesWithTriggersForeignKeysAndIdentity) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    sql("CREATE TABLE p (a int PRIMARY KEY);"
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int REFERENCES p,"
        "  twice int GENERATED ALWAYS AS (a * 2) STORED);"
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
        "CREATE TRIGGER stop BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION stop()");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    write(*writer, plan, chunk(0, 0), "SELECT 7, 99");
    EXPECT_EQ(rows("SELECT * FROM t"), "7|99|198");
}

class ChunkWriterUnderIgnore : public ChunkWriter {
protected:
    void SetUp() override {
        ChunkWriter::SetUp();
        if (IsSkipped()) {
            return;
        }
        plan::TaskSpec spec = spec_;
        spec.conflict = plan::ConflictRule::ignore;
        open_sink(spec);
    }
};

TEST_F(ChunkWriterUnderIgnore, KeepsTheDestinationsRowsAndCountsThem) {
    sql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b text);"
        "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (2, 'mine'), (3, 'mine'), (9, 'mine')");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    write(*writer, plan, chunk(0, 0), "SELECT g, 'theirs'::text FROM generate_series(1, 4) g");
    EXPECT_EQ(rows("SELECT * FROM t ORDER BY 1"), "1|theirs\n2|mine\n3|mine\n4|theirs\n9|mine");
    EXPECT_EQ(rows("SELECT table_name, phase, action, rows, sample_keys FROM cutover.conflict"),
              "public.t|full|kept|2|{(2),(3)}");
    EXPECT_EQ(control_->receipts().at(0).rows.count, 4u);
}

/// A destination in another encoding has no place for some characters: the row is named by its key.
TEST_F(ChunkWriter, NamesRowColumnAndCharacterThatHaveNoPlace) {
    sql("CREATE TABLE t (a int PRIMARY KEY, note text)");
    const std::string name = make_database("latin").database;
    server().connect().query("DROP DATABASE " + name);
    server().connect().query("CREATE DATABASE " + name +
                             " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    const fixtures::PostgresEndpoint latin = tests::make_destination_account(server(), name);
    fixtures::PostgresClient(latin).query("CREATE TABLE t (a int PRIMARY KEY, note text)");
    plan::TaskSpec spec = spec_;
    spec.destination = latin.as_plan();
    open_sink(spec);
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    write(*writer, plan, chunk(0, 0), "SELECT g, 'h\u00f6chstens' FROM generate_series(1, 50) g");
    EXPECT_EQ(fixtures::PostgresClient(latin).value("SELECT count(*) FROM t"), "50");
    const model::Error error = error_of([&] {
        write(
            *writer, plan, chunk(0, 1),
            "SELECT g, CASE g WHEN 77 THEN '5 \u20ac' ELSE 'x' END FROM generate_series(60, 99) g");
    });
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("table public.t"));
    EXPECT_THAT(error.message(), HasSubstr("in the row a = 77"));
    EXPECT_THAT(error.message(), HasSubstr("column note"));
    EXPECT_THAT(error.message(), HasSubstr("the character '\u20ac'"));
    EXPECT_THAT(error.hint(), HasSubstr("encoding"));
    EXPECT_THAT(error.hint(), testing::Not(HasSubstr("wide")));
    writer->abort();
    write(*writer, plan, chunk(0, 1), "SELECT g, 'x' FROM generate_series(60, 99) g");
}

/// Nothing is too narrow there.
TEST_F(ChunkWriter, SaysOfALabelThatIsMissingWhatItIs) {
    sql("CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (a int PRIMARY KEY, m mood)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto writer = sink_->open_writer(plan);
    const model::Error error =
        error_of([&] { write(*writer, plan, chunk(0, 0), "SELECT 1, 'glad'::text"); });
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("\"glad\""));
    EXPECT_THAT(error.message(), HasSubstr("column m"));
    EXPECT_THAT(error.hint(), HasSubstr("a label of an enum"));
    writer->abort();
}

}  // namespace
}  // namespace cutover::postgres
