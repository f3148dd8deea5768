// What others have put on tables that are written to, and locks that anybody can take.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "tests/live/hostile/hostile.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;

template <typename Version>
class Bystanders : public HostileAt<Version> {
protected:
    /// The same table at both ends; at the destination it is eve's, with her code on it.
    void tables(const std::string& of_eve) {
        this->at_old(
            "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text);"
            "INSERT INTO app.t SELECT g, 'v' || g FROM generate_series(1, 100) g");
        this->eve_at_new(this->harm() +
                         "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text);" +
                         of_eve);
    }
    std::string task_that_ignores() {
        return this->task(
            "phases: [full]\nobjects: {include: [app]}\nconflict: ignore\n"
            "ignore: [destination.triggers, destination.rules]");
    }
    void expect_refused(const std::string& named) {
        const std::string file = this->task_that_ignores();
        const Said precheck = this->run({"precheck", file});
        EXPECT_EQ(precheck.exit_code, 1) << precheck.text;
        EXPECT_THAT(precheck.text, HasSubstr(named));
        EXPECT_THAT(precheck.text, HasSubstr(this->eve()));
        const Said migrate = this->run({"migrate", file});
        EXPECT_EQ(migrate.exit_code, 13) << migrate.text;
        EXPECT_FALSE(this->eve_has_risen()) << migrate.text;
        EXPECT_EQ(this->of_new("SELECT count(*) FROM app.t"), "0");
    }
};

TYPED_TEST_SUITE(Bystanders, Versions);

TYPED_TEST(Bystanders, ATriggerOfAnotherRoleBlocks) {
    this->tables(
        "CREATE TRIGGER harmful BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION "
        "eve.harmful(); ALTER TABLE app.t ENABLE ALWAYS TRIGGER harmful");
    this->expect_refused("harmful");
}

TYPED_TEST(Bystanders, ARuleOfAnotherRoleBlocks) {
    this->tables(
        "CREATE RULE harmrule AS ON INSERT TO app.t DO ALSO SELECT eve.harm();"
        "ALTER TABLE app.t ENABLE ALWAYS RULE harmrule");
    this->expect_refused("harmrule");
}

TYPED_TEST(Bystanders, ACheckOfAnotherRoleBlocks) {
    this->tables("ALTER TABLE app.t ADD CONSTRAINT harmcheck CHECK (eve.harm())");
    this->expect_refused("harmcheck");
}

TYPED_TEST(Bystanders, ATriggerThatComesAfterThePrecheckIsNotFired) {
    this->tables("");
    this->at_new("ALTER TABLE app.t OWNER TO CURRENT_USER");
    const std::string file = this->task_that_ignores();
    ASSERT_EQ(this->run({"precheck", file}).exit_code, 0);
    // The task is known and not begun: what starts now asks no precheck.
    this->at_new("CREATE TABLE app.other (LIKE app.t); INSERT INTO app.t VALUES (1, 'mine')");
    ASSERT_EQ(this->run({"migrate", file}).exit_code, 0);
    this->at_new(fmt::format(
        "UPDATE cutover.task SET phase = 'full'; DELETE FROM cutover.chunk; DELETE FROM app.t;"
        "ALTER TABLE app.t OWNER TO \"{}\"",
        this->eve()));
    this->eve_at_new(
        "CREATE TRIGGER harmful BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION "
        "eve.harmful(); ALTER TABLE app.t ENABLE ALWAYS TRIGGER harmful");
    const Said said = this->run({"migrate", file});
    EXPECT_EQ(said.exit_code, 13) << said.text;
    EXPECT_THAT(said.text, HasSubstr("harmful"));
    EXPECT_FALSE(this->eve_has_risen());
}

TYPED_TEST(Bystanders, LocksThatAnybodyCanTakeKeepNoTaskFromStarting) {
    this->at_old("CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text)");
    fixtures::PostgresClient at_new(this->new_as_eve());
    at_new.query(
        "SELECT pg_advisory_lock(hashtextextended('cutover/task/bad_input', 0)),"
        " pg_advisory_lock(hashtextextended('cutover/schema', 0))");
    const std::string file = this->task("objects: {include: [app]}");
    RunningProgram migrate = this->program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    const Said second = this->run({"migrate", file});
    EXPECT_EQ(second.exit_code, 13) << second.text;
    EXPECT_THAT(second.text, HasSubstr(fmt::format("process {}", migrate.pid())));
    EXPECT_THAT(second.text, HasSubstr("'cutover/bad_input/control'"));
    const Said finish = this->run({"finish", file});
    EXPECT_EQ(finish.exit_code, 0) << finish.text;
    EXPECT_EQ(migrate.wait().exit_code, 0) << migrate.text();
    EXPECT_EQ(this->run({"release", file}).exit_code, 0);
}

/// Two tasks must not set and put back replica identities at once, and no lock of hers makes them.
TYPED_TEST(Bystanders, TasksTakeTurnsAtReplicaIdentitiesWhateverSheHolds) {
    this->at_old(
        "CREATE SCHEMA app; CREATE TABLE app.a (v text);"
        "CREATE SCHEMA too; CREATE TABLE too.b (v text)");
    fixtures::PostgresClient eve(this->old_as_eve());
    eve.query("SELECT pg_advisory_lock(hashtext('cutover replica identities'))");
    fixtures::PostgresClient reader = this->connect();
    reader.query("BEGIN; SELECT FROM app.a");
    RunningProgram first =
        this->program_.start({"migrate", this->task("objects: {include: [app]}"), "--json"});
    // Stopped where it waits for the reader, it stays in the middle of its turn.
    fixtures::PostgresClient looking = this->connect();
    while (looking.value("SELECT count(*) FROM pg_locks WHERE relation = 'app.a'::regclass"
                         " AND mode = 'AccessExclusiveLock' AND NOT granted") == "0") {
        ASSERT_FALSE(first.ended()) << first.text();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    first.signal(SIGSTOP);
    RunningProgram second = this->program_.start(
        {"migrate",
         this->program_.task(this->endpoint(), this->new_, "objects: {include: [too]}", "other"),
         "--json"});
    EXPECT_TRUE(second.wait_for("another task to have set or put back replica identities"))
        << second.text();
    EXPECT_THAT(second.text(), HasSubstr("cutover_bad_input"));
    reader.query("ROLLBACK");
    first.signal(SIGCONT);
    for (RunningProgram* task : {&first, &second}) {
        EXPECT_TRUE(task->wait_for("\"consistent\":true")) << task->text();
        task->signal(SIGTERM);
        EXPECT_EQ(task->wait().exit_code, 15) << task->text();
    }
}

}  // namespace
}  // namespace cutover::tests
