// The control schema on a real server: claims, fences, zombies, and everything a task remembers.
#include <gmock/gmock.h>

#include <thread>

#include "migrator/engine/postgres/control/control.h"
#include "migrator/engine/postgres/control/control_schema.h"
#include "migrator/engine/postgres/trust/own_objects.h"
#include "tests/live/engine/postgres_sink/sink_fixture.h"

namespace cutover::postgres {
namespace {

using engine::TaskPhase;
using engine::TaskRecord;
using model::ErrorClass;
using testing::HasSubstr;

using Control = SinkTest;

TEST_F(Control, RemembersWhatATaskHasDecided) {
    TaskRecord record = *control_->load("shop");
    EXPECT_EQ(record.phase, TaskPhase::created);
    EXPECT_EQ(record.epoch, record.born + 1);
    EXPECT_FALSE(record.origin);
    record.phase = TaskPhase::incremental;
    record.origin = engine::CaptureOrigin{std::string("\0id", 3), {"\x01\xff", "0/1"}};
    record.copy_view = model::ChunkView{{"stamp", "s"}, {"settled", "t"}};
    record.last_error = "it's over";
    control_->save(record);
    control_->save_marker(marker("p", 7));

    const TaskRecord again = *control_->load("shop");
    EXPECT_EQ(again.phase, TaskPhase::incremental);
    EXPECT_EQ(again.origin->identity, record.origin->identity);
    EXPECT_EQ(again.origin->start.bytes, record.origin->start.bytes);
    EXPECT_EQ(again.copy_view->stamp.bytes, "stamp");
    EXPECT_EQ(again.copy_view->settled.text, "t");
    EXPECT_EQ(again.last_error, "it's over");
    EXPECT_EQ(again.marker.position.bytes, "p\x80");
    EXPECT_EQ(again.marker.commit_time, marker("").commit_time);
    EXPECT_EQ(again.marker.transactions, 7u);
    EXPECT_EQ(owner_->value(
                  "SELECT concat_ws('|', task, position, commit_time AT TIME ZONE 'UTC' || '+00')"
                  " FROM cutover.applied_position"),
              "shop|at p|2023-11-14 22:13:20.123456+00");
}

TEST_F(Control, RefusesARecordThatNoTaskCanHaveWritten) {
    for (const char* const damage : {"epoch = -1", "starts = -5", "epoch = -9223372036854775808"}) {
        sql(std::string("UPDATE cutover.task SET epoch = 1, starts = 1; UPDATE cutover.task SET ") +
            damage);
        const model::Error error = error_of([&] { control_->load("shop"); });
        EXPECT_EQ(error.code(), "control.damaged") << damage;
        EXPECT_EQ(error.error_class(), ErrorClass::corrupt);
    }
}

TEST_F(Control, KnowsNothingOfATaskThatWasNeverClaimed) {
    EXPECT_FALSE(control_->load("other"));
    EXPECT_EQ(control_->status("other"), "");
    EXPECT_EQ(error_of([&] {
                  control_->post_command("other", {0, "stop", ""});
              }).code(),
              "task.unknown");
}

TEST_F(Control, StoresChunksAndForgetsThemWhenATableIsBegunAnew) {
    sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    const plan::Plan plan = plan_of({"public.t"});
    control_->add_chunks({chunk(0, 0), chunk(0, 1)});
    ASSERT_EQ(control_->chunks().size(), 2u);
    EXPECT_EQ(control_->chunks()[1].range.bytes, chunk(0, 1).range.bytes);
    EXPECT_EQ(control_->chunks()[1].range.text, chunk(0, 1).range.text);
    EXPECT_TRUE(control_->receipts().empty());

    model::Chunk anew = chunk(0, 2);
    anew.generation = 1;
    control_->restart_table(plan.tables[0], {anew});
    ASSERT_EQ(control_->chunks().size(), 1u);
    EXPECT_EQ(control_->chunks()[0].generation, 1u);
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
}

TEST_F(Control, EmptiesATableThatAForeignKeyPointsTo) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    sql("CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE c (a int REFERENCES p);"
        "INSERT INTO p VALUES (1)");
    control_->restart_table(plan_of({"public.p"}).tables[0], {});
    EXPECT_EQ(rows("SELECT count(*) FROM p"), "0");
}

TEST_F(Control, BeginsATableAnewWithoutTouchingItsHeirs) {
    sql("CREATE TABLE mother (a int PRIMARY KEY); CREATE TABLE daughter () INHERITS (mother);"
        "INSERT INTO mother VALUES (1); INSERT INTO daughter VALUES (2)");
    control_->restart_table(plan_of({"public.mother"}).tables[0], {});
    EXPECT_EQ(rows("SELECT tableoid::regclass, a FROM mother"), "daughter|2");
    // And where a foreign key forbids to truncate.
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    sql("CREATE TABLE c (a int REFERENCES mother); INSERT INTO mother VALUES (1)");
    control_->restart_table(plan_of({"public.mother"}).tables[0], {});
    EXPECT_EQ(rows("SELECT tableoid::regclass, a FROM mother"), "daughter|2");
}

TEST_F(Control, EmptiesATableWithoutCascadesAndTriggers) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    sql("CREATE TABLE p (a int PRIMARY KEY);"
        "CREATE TABLE c (a int REFERENCES p ON DELETE CASCADE);"
        "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);"
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
        "CREATE TRIGGER stop BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION stop();"
        "CREATE TABLE t (a int);"
        "CREATE TRIGGER stop BEFORE TRUNCATE ON t EXECUTE FUNCTION stop()");
    control_->restart_table(plan_of({"public.p"}).tables[0], {});
    EXPECT_EQ(rows("SELECT count(*) FROM p"), "0");
    EXPECT_EQ(rows("SELECT count(*) FROM c"), "1");
    EXPECT_NO_THROW(control_->restart_table(plan_of({"public.t"}).tables[0], {}));
}

TEST_F(Control, RefusesToEmptyATableWhoseForeignKeysTheAccountCannotSwitchOff) {
    sql("CREATE TABLE p (a int PRIMARY KEY);"
        "CREATE TABLE c (a int REFERENCES p ON DELETE CASCADE);"
        "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)");
    const plan::Plan plan = plan_of({"public.p", "public.c"});
    const model::Error error = error_of([&] { control_->restart_table(plan.tables[0], {}); });
    EXPECT_EQ(error.code(), "destination.foreign_key");
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("\"c\""));
    EXPECT_EQ(rows("SELECT count(*) FROM c"), "1");
    EXPECT_NO_THROW(control_->restart_table(plan.tables[1], {}));
}

TEST_F(Control, LeavesNoTraceWhereItOnlyLooks) {
    control_->release("shop");
    const auto looking = sink_->open_control();
    EXPECT_FALSE(looking->load("shop"));
    EXPECT_EQ(looking->status("shop"), "");
    EXPECT_EQ(error_of([&] {
                  looking->post_command("shop", {0, "stop", ""});
              }).code(),
              "task.unknown");
    EXPECT_EQ(rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
}

TEST_F(Control, ClaimsWhileTheLastTaskTakesTheSchemaAlong) {
    control_->release("shop");
    const auto second = sink_->open_control();
    Connection other = Connection::open(spec_.destination, {});
    in_control_schema(other, [] {});
    other.exec("BEGIN");
    ASSERT_TRUE(hold_own_schema(other, Hold::remove));
    drop_control_schema_if_empty(other);
    TaskRecord record;
    std::thread claiming([&] {
        try {
            record = second->claim("shop", "fingerprint");
        } catch (const model::Error& error) {
            ADD_FAILURE() << error.what();
        }
    });
    while (rows("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'cutover/shop/control'") == "0") {
        std::this_thread::yield();
    }
    other.exec("COMMIT");
    claiming.join();
    EXPECT_EQ(record.epoch, record.born + 1);
    EXPECT_GT(record.born, 0u);
}

TEST_F(Control, RefusesASecondLiveProcessAndSaysWhichOneIsThere) {
    const auto second = sink_->open_control();
    const model::Error error = error_of([&] { second->claim("shop", "fingerprint"); });
    EXPECT_EQ(error.error_class(), ErrorClass::refused);
    EXPECT_EQ(error.code(), "task.running");
    EXPECT_THAT(error.message(), HasSubstr("process " + std::to_string(getpid())));
    EXPECT_THAT(error.message(), HasSubstr("cutover/shop/control"));
    EXPECT_NO_THROW(second->claim("another", "fingerprint"));
}

TEST_F(Control, ClaimsAgainAfterTheFirstProcessIsGone) {
    control_.reset();
    const auto second = sink_->open_control();
    const TaskRecord record = second->claim("shop", "fingerprint");
    EXPECT_EQ(record.epoch, record.born + 2);
    EXPECT_EQ(record.starts, 0u);  // who claims says in save() whether that was a start
}

TEST_F(Control, RefusesAChangedPlan) {
    TaskRecord record = *control_->load("shop");
    record.phase = TaskPhase::full;
    control_->save(record);
    control_.reset();
    const auto second = sink_->open_control();
    const model::Error error =
        error_of([&] { second->claim("shop", "fingerprint;public.more>public.more"); });
    EXPECT_EQ(error.code(), "task.changed");
    EXPECT_THAT(error.message(), HasSubstr("new tables: public.more"));
    EXPECT_NO_THROW(second->claim("shop", "fingerprint"));
}

TEST_F(Control, SaysThatItsLockWasLostAndClaimsAgain) {
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'cutover/shop/control' AND datname = current_database()");
    const model::Error error = error_of([&] { control_->publish_status("{}"); });
    EXPECT_EQ(error.error_class(), ErrorClass::connection);
    EXPECT_EQ(error.code(), "task.lock_lost");
    EXPECT_EQ(error_of([&] { control_->chunks(); }).code(), "task.lock_lost");
    const TaskRecord again = control_->claim("shop", "fingerprint");
    EXPECT_EQ(again.epoch, again.born + 2);
    EXPECT_NO_THROW(control_->publish_status("{}"));
}

TEST_F(Control, AZombieChunkNeverCommitsAfterANewerClaim) {
    sql("CREATE TABLE t (a int)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto zombie = sink_->open_writer(plan);
    zombie->begin(plan.tables[0], chunk(0, 0));
    zombie->write(batch("SELECT 1"));
    // Its session is hidden from the newcomer, as one of another account would be.
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'cutover/shop/control' AND datname = current_database()");
    Connection other = Connection::open(spec_.destination, {});
    other.exec("UPDATE cutover.task SET epoch = epoch + 1");
    const model::Error error = error_of([&] { zombie->commit(receipt(chunk(0, 0), 1)); });
    EXPECT_EQ(error.error_class(), ErrorClass::stopped);
    EXPECT_EQ(error.code(), "task.fenced");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
    EXPECT_EQ(rows("SELECT count(*) FROM cutover.chunk"), "0");
}

TEST_F(Control, AClaimEndsTheWritersOfTheProcessBeforeIt) {
    sql("CREATE TABLE t (a int PRIMARY KEY)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto zombie = sink_->open_applier(plan);
    zombie->begin();
    const model::NetBatch batch = {{{0, false, {}, {}, {}, {tuple("SELECT 1")}, {}}}};
    zombie->stage(batch);
    zombie->apply(modes(plan, engine::ApplyMode::strict));
    control_.reset();
    const auto second = sink_->open_control();
    second->claim("shop", "fingerprint");
    EXPECT_EQ(error_of([&] { zombie->commit(marker("late")); }).error_class(),
              ErrorClass::connection);
    zombie->abort();
    zombie->begin();  // on a new connection, under the old claim
    EXPECT_EQ(error_of([&] { zombie->commit(marker("late")); }).code(), "task.fenced");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
}

TEST_F(Control, ANewClaimWaitsForACommitThatHasPassedItsCheck) {
    Connection lane = Connection::open(spec_.destination, {});
    const std::uint64_t before = control_->load("shop")->epoch;
    lane.exec("BEGIN");
    require_claim(lane, {"shop", before});
    control_.reset();
    const auto second = sink_->open_control();
    std::uint64_t epoch = 0;
    std::thread claiming([&] { epoch = second->claim("shop", "fingerprint").epoch; });
    while (rows("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'cutover/shop/control'") == "0") {
        std::this_thread::yield();
    }
    EXPECT_EQ(rows("SELECT epoch FROM cutover.task"), std::to_string(before));
    lane.exec("COMMIT");
    claiming.join();
    EXPECT_EQ(epoch, before + 1);
}

TEST_F(Control, WritersDoNotWaitForEachOthersClaimCheckNorForTheControl) {
    Connection lane = Connection::open(spec_.destination, {});
    lane.exec("BEGIN");
    const std::uint64_t epoch = control_->load("shop")->epoch;
    require_claim(lane, {"shop", epoch});
    bystander_->exec("SET lock_timeout = '2s'");
    bystander_->exec("BEGIN");
    EXPECT_NO_THROW(require_claim(*bystander_, {"shop", epoch}));
    bystander_->exec("COMMIT");
    TaskRecord record = *control_->load("shop");
    record.phase = TaskPhase::full;
    std::thread saving([&] { control_->save(record); });
    saving.join();  // would hang if it waited for the lane
    lane.exec("COMMIT");
    EXPECT_EQ(control_->load("shop")->phase, TaskPhase::full);
}

TEST_F(Control, AFenceEndsAllWritingForGood) {
    sql("CREATE TABLE t (a int PRIMARY KEY)");
    const plan::Plan plan = plan_of({"public.t"});
    const auto applier = sink_->open_applier(plan);
    control_->post_command("shop", {0, "finish", ""});
    const engine::Command command = control_->pending_commands().at(0);
    control_->fence("{}");
    control_->fence("{}");  // again, after a lost answer
    applier->begin();
    EXPECT_EQ(error_of([&] { applier->commit(marker("late")); }).code(), "task.fenced");
    EXPECT_EQ(error_of([&] { control_->save_marker(marker("late")); }).code(), "task.fenced");
    EXPECT_EQ(error_of([&] {
                  sink_->run_schema_step({"x", {}, "x", "SELECT 1", {}, {}});
              }).code(),
              "task.fenced");
    control_->answer_command(command.id, "done");
    control_->publish_status("{\"phase\":\"finished\"}");
    EXPECT_EQ(control_->command_answer(command.id), "done");
    control_.reset();
    EXPECT_EQ(error_of([&] { sink_->open_control()->claim("shop", "fingerprint"); }).code(),
              "task.finished");
}

TEST_F(Control, CarriesCommandsAndAnswersBetweenProcesses) {
    const auto operator_side = sink_->open_control();
    const std::uint64_t first = operator_side->post_command("shop", {0, "throttle", "a=1"});
    const std::uint64_t second = operator_side->post_command("shop", {0, "stop", ""});
    const std::vector<engine::Command> pending = control_->pending_commands();
    ASSERT_EQ(pending.size(), 2u);
    EXPECT_EQ(pending[0].id, first);
    EXPECT_EQ(pending[0].verb, "throttle");
    EXPECT_EQ(pending[0].argument, "a=1");
    EXPECT_FALSE(operator_side->command_answer(first));
    control_->answer_command(first, "ok");
    EXPECT_EQ(operator_side->command_answer(first), "ok");
    EXPECT_EQ(control_->pending_commands().at(0).id, second);
    control_->publish_status("{\"a\":1}");
    EXPECT_EQ(operator_side->status("shop"), "{\"a\":1}");
}

TEST_F(Control, ReleaseRemovesEveryTraceAndTheLastTaskTakesTheSchemaAlong) {
    const auto other = sink_->open_control();
    other->claim("other", "f");
    control_->add_chunks({chunk(0, 0)});
    control_->save_marker(marker("p"));
    EXPECT_EQ(error_of([&] { other->release("shop"); }).code(), "task.running");
    control_->release("shop");
    EXPECT_EQ(rows("SELECT count(*) FROM cutover.chunk"), "0");
    EXPECT_EQ(rows("SELECT name FROM cutover.task"), "other");
    other->release("other");
    EXPECT_EQ(rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
    EXPECT_FALSE(control_->load("shop"));
}

TEST_F(Control, RefusesASchemaOfThatNameThatItDidNotMake) {
    control_->release("shop");
    sql("CREATE SCHEMA cutover");
    EXPECT_EQ(error_of([&] { sink_->open_control(); }).code(), "control.schema_foreign");
}

TEST_F(Control, RunsASchemaStepOnce) {
    const plan::SchemaStep step{"table:t", plan::SchemaSection::before_rows,
                                "table t", "CREATE TABLE public.t (a int)",
                                {},        {}};
    sink_->run_schema_step(step);
    sink_->run_schema_step(step);
    EXPECT_THAT(control_->done_schema_steps(), testing::ElementsAre("table:t"));
    const model::Error error = error_of([&] {
        sink_->run_schema_step({"table:u",
                                plan::SchemaSection::before_rows,
                                "table u",
                                "CREATE TABLE public.t (a int)",
                                {},
                                {},
                                "CREATE TABLE public.u (a int)"});
    });
    EXPECT_EQ(error.code(), "schema.exists");
    EXPECT_THAT(error.message(), HasSubstr("table u"));
    EXPECT_EQ(rows("SELECT to_regclass('public.u')"), "-");
}

}  // namespace
}  // namespace cutover::postgres
