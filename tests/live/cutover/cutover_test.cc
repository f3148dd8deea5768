// `cutover finish` beside an application that has not stopped: it ends with the proof that nothing
// came after its point, with a refusal that says who writes, or with a late write, told aloud.
// Never with a destination that lacks something in silence.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "migrator/model/error.h"
#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;

constexpr int kStopped = 15;
constexpr const char* kRefusing =
    "SELECT count(*) FROM pg_trigger WHERE tgname ^@ 'cutover_fence_'";

class Cutover : public LiveServers {
protected:
    void begin(const std::string& name, const std::map<std::string, std::string>& settings = {}) {
        server_ = servers().postgres({name, 17, settings, {}});
        begin_at(*server_);
    }
    /// With a source server of its own, to which things happen.
    fixtures::PostgresServer& begin_apart(const std::string& name) {
        server_ = servers().postgres({name, 17, {}, {}});
        apart_ = servers().postgres({name + "_source", 17, {}, {}});
        begin_at(*apart_);
        return *apart_;
    }
    void begin_at(fixtures::PostgresServer& server) {
        source_ = make_source_database(server, "source");
        destination_ = make_destination_database(*server_, "destination");
        at_source(
            "CREATE TABLE public.account (id int PRIMARY KEY, v int NOT NULL DEFAULT 0);"
            "CREATE TABLE public.entry (id bigserial PRIMARY KEY, note text);"
            "INSERT INTO public.account SELECT g FROM generate_series(1, 100) g");
        file_ = program_.task(source_.mover, destination_);
    }
    void at_source(const std::string& sql) {
        fixtures::PostgresClient(source_.application).query(sql);
    }
    std::string of_source(const std::string& sql) {
        return fixtures::PostgresClient(source_.application).value(sql);
    }
    std::string of_destination(const std::string& sql) {
        return fixtures::PostgresClient(destination_).value(sql);
    }
    RunningProgram migrate() { return program_.start({"migrate", file_, "--json"}); }
    static void expect_following(RunningProgram& running) {
        EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    }
    Said finish(const std::vector<std::string>& more = {}) {
        std::vector<std::string> words = {"finish", file_};
        words.insert(words.end(), more.begin(), more.end());
        return program_.run(words);
    }
    /// An application that commits, pauses, commits ...
    std::jthread writer(std::chrono::milliseconds pause) {
        wrote_ = false;
        std::jthread thread([this, pause](const std::stop_token& stop) {
            fixtures::PostgresClient client(source_.application);
            client.query("SET application_name = 'the shop'");
            while (!stop.stop_requested()) {
                try {
                    client.query("UPDATE public.account SET v = v + 1 WHERE id = 1");
                } catch (const model::Error&) {
                    ++refused_;
                }
                wrote_ = true;
                for (auto slept = std::chrono::milliseconds(0);
                     slept < pause && !stop.stop_requested();
                     slept += std::chrono::milliseconds(10)) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(10));
                }
            }
        });
        while (!wrote_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return thread;
    }
    /// Starts a cutover that reads a silent log for long, behind its fence.
    RunningProgram finish_for_long(const std::string& seconds = "300") {
        return program_.start({"finish", file_, "--fence-source", "--quiet-seconds", seconds});
    }
    void expect_fenced() {
        for (int look = 0; look < 600 && of_source(kRefusing) == "0"; ++look) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        EXPECT_FALSE(source_takes_writes());
    }
    /// By a column of a type that cannot be carried.
    void expect_refused_behind_the_fence(RunningProgram& running, RunningProgram& finish) {
        at_source("ALTER TABLE public.entry ADD COLUMN place regclass");
        EXPECT_EQ(running.wait().exit_code, kRefused) << running.text();
        EXPECT_EQ(finish.wait().exit_code, kRefused) << finish.text();
        EXPECT_THAT(finish.text(), HasSubstr("place"));
        EXPECT_TRUE(source_takes_writes());
    }
    /// Ends the migrator behind its source fence, as a power cut does.
    void crash_behind_fence() {
        RunningProgram running =
            program_.start({"migrate", file_, "--json", "--kill-at", "finish.source_fence:2"});
        EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
        const Said said = finish({"--fence-source"});
        EXPECT_EQ(said.exit_code, kRefused) << said.text;
        EXPECT_THAT(said.text, HasSubstr("the source may still be fenced"));
        running.wait();
        EXPECT_FALSE(source_takes_writes());
        EXPECT_THAT(program_.run({"status", file_}).text, HasSubstr("source_fence"));
    }
    fixtures::PostgresClient reader() {
        fixtures::PostgresClient client(source_.application);
        client.query("BEGIN");
        client.query("SELECT * FROM public.account");
        return client;
    }
    /// As an application that was never told of the cutover.
    bool source_takes_writes() {
        try {
            at_source("UPDATE public.account SET v = v WHERE id = 2");
        } catch (const model::Error&) {
            return false;
        }
        return true;
    }
    void expect_everything_is_there() {
        for (const char* table : {"account", "entry"}) {
            const std::string sum = fmt::format(
                "SELECT count(*) || '/' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM "
                "public.{} t",
                table);
            EXPECT_EQ(of_destination(sum), of_source(sum)) << table;
        }
    }

    Program program_;
    std::unique_ptr<fixtures::PostgresServer> server_;
    std::unique_ptr<fixtures::PostgresServer> apart_;
    SourceAccounts source_;
    fixtures::PostgresEndpoint destination_;
    std::string file_;
    std::atomic<bool> wrote_ = false;
    std::atomic<int> refused_ = 0;  ///< of the application's writes
};

/// However long the application pauses between two commits, up to half of what the log is read for.
TEST_F(Cutover, RefusesWhileSomebodyWritesWithPauses) {
    begin("pauses");
    RunningProgram running = migrate();
    expect_following(running);
    for (const int pause : {20, 50, 100, 400, 1000, 5000}) {
        const std::jthread shop = writer(std::chrono::milliseconds(pause));
        const Said said = finish();
        EXPECT_EQ(said.exit_code, kRefused) << pause << " ms: " << said.text;
        EXPECT_THAT(said.text, HasSubstr("the source is still being written to"));
        EXPECT_THAT(said.text, HasSubstr("public.account"));
        EXPECT_THAT(said.text, HasSubstr("the shop"));
        if (HasFailure()) {
            break;
        }
    }
    const Said said = finish();
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_THAT(said.text, HasSubstr("nothing came after"));
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    expect_everything_is_there();
}

/// A transaction that has written and not ended is named; once it has ended its row is carried.
TEST_F(Cutover, NamesAnOpenTransaction) {
    begin("open");
    RunningProgram running = migrate();
    expect_following(running);
    fixtures::PostgresClient shop(source_.application);
    shop.query("SET application_name = 'the shop'");
    shop.query("BEGIN");
    shop.query("INSERT INTO public.entry (note) VALUES ('late')");
    const std::string process = shop.value("SELECT pg_backend_pid()");
    const Said said = finish();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("process " + process));
    EXPECT_THAT(said.text, HasSubstr("the shop"));
    EXPECT_THAT(said.text, HasSubstr("public.entry"));
    shop.query("COMMIT");
    EXPECT_EQ(finish().exit_code, 0) << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT count(*) FROM public.entry"), "1");
    expect_everything_is_there();
}

TEST_F(Cutover, NamesAPreparedTransaction) {
    begin("prepared", {{"max_prepared_transactions", "5"}});
    RunningProgram running = migrate();
    expect_following(running);
    at_source(
        "BEGIN; INSERT INTO public.entry (note) VALUES ('late'); PREPARE TRANSACTION 'the order'");
    const Said said = finish();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("prepared transaction 'the order'"));
    EXPECT_THAT(said.text, HasSubstr("public.entry"));
    at_source("COMMIT PREPARED 'the order'");
    EXPECT_EQ(finish().exit_code, 0) << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT count(*) FROM public.entry"), "1");
    expect_everything_is_there();
}

TEST_F(Cutover, WaitsForATransactionAsLongAsTheOperatorSays) {
    begin("waits");
    RunningProgram running = migrate();
    expect_following(running);
    fixtures::PostgresClient shop(source_.application);
    shop.query("BEGIN");
    shop.query("INSERT INTO public.entry (note) VALUES ('late')");
    RunningProgram finish = program_.start(
        {"finish", file_, "--json", "--quiet-seconds", "1", "--wait-for-transactions", "600"});
    // It waits: its proof is not there before the commit.
    at_source("UPDATE public.account SET v = 5 WHERE id = 5");
    for (int look = 0;
         look < 600 && of_destination("SELECT v FROM public.account WHERE id = 5") != "5"; ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    shop.query("COMMIT");
    const Said said = finish.wait();
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_THAT(said.text, HasSubstr("\"outcome\":\"cut_over\""));
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT count(*) FROM public.entry"), "1");
    expect_everything_is_there();
}

TEST_F(Cutover, ToldTheWritesBehindItUntilTheRelease) {
    begin("behind");
    RunningProgram running = migrate();
    expect_following(running);
    const Said said = finish({"--quiet-seconds", "1"});
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    Said status = program_.run({"status", file_});
    EXPECT_EQ(status.exit_code, 0) << status.text;
    EXPECT_THAT(status.text, HasSubstr("nothing came after"));
    EXPECT_THAT(status.text, HasSubstr("the log behind the cutover was read up to"));
    const Said before = program_.run({"verify", file_});
    EXPECT_EQ(before.exit_code, 0) << before.text;

    at_source(
        "UPDATE public.account SET v = 99 WHERE id = 7; DELETE FROM public.account WHERE "
        "id = 8");
    for (const char* command : {"status", "finish", "verify"}) {
        const Said told = program_.run({command, file_});
        EXPECT_EQ(told.exit_code, 1) << command << ": " << told.text;
        EXPECT_THAT(told.text, HasSubstr("LATE WRITE")) << command;
        EXPECT_THAT(told.text, HasSubstr("update public.account (id = 7)")) << command;
        EXPECT_THAT(told.text, HasSubstr("delete public.account (id = 8)")) << command;
    }
    status = program_.run({"status", file_, "--json"});
    EXPECT_THAT(status.text, HasSubstr("\"outcome\":\"late_write\""));
    const Said release = program_.run({"release", file_});
    EXPECT_EQ(release.exit_code, kRefused) << release.text;
    EXPECT_THAT(release.text, HasSubstr("update public.account (id = 7)"));
    EXPECT_EQ(program_.run({"release", file_, "--anyway"}).exit_code, 0);
    EXPECT_EQ(program_.run({"status", file_}).exit_code, kRefused);
}

TEST_F(Cutover, FencesTheSourceBesideWritersInFullFlight) {
    begin("fenced");
    RunningProgram running = migrate();
    expect_following(running);
    {
        const std::jthread shop = writer(std::chrono::milliseconds(0));
        const Said said = finish({"--fence-source", "--quiet-seconds", "0"});
        EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
        EXPECT_THAT(said.text, HasSubstr("source fence: triggers cutover_fence_"));
        EXPECT_THAT(said.text, HasSubstr("the shop"));  // it could have written
        EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    }
    EXPECT_GT(refused_, 0);
    expect_everything_is_there();
    EXPECT_FALSE(source_takes_writes());
    EXPECT_THROW(at_source("TRUNCATE public.entry"), model::Error);
    const Said verify = program_.run({"verify", file_});
    EXPECT_EQ(verify.exit_code, 0) << verify.text;
    const Said release = program_.run({"release", file_});
    EXPECT_EQ(release.exit_code, 0) << release.text;
    EXPECT_TRUE(source_takes_writes());
    EXPECT_EQ(of_source("SELECT count(*) FROM pg_namespace WHERE nspname ^@ 'cutover'"), "0");
    EXPECT_EQ(of_source("SELECT count(*) FROM pg_trigger"), "0");
}

/// Refused when the fence was set already, by the last look at the plan.
TEST_F(Cutover, LiftsTheFenceOfAFinishThatIsRefused) {
    begin("lifted");
    RunningProgram running = migrate();
    expect_following(running);
    RunningProgram finish = finish_for_long("4");
    expect_refused_behind_the_fence(running, finish);
}

/// A report that runs for hours must not keep the writers out for as long.
TEST_F(Cutover, LiftsTheFenceOfARefusedFinishBesideAReader) {
    begin("report");
    {
        RunningProgram running = migrate();
        expect_following(running);
        RunningProgram finish = finish_for_long("4");
        expect_fenced();
        const fixtures::PostgresClient report = reader();
        expect_refused_behind_the_fence(running, finish);
    }
    at_source("ALTER TABLE public.entry DROP COLUMN place");
    RunningProgram running = migrate();
    expect_following(running);
    const Said said = finish({"--fence-source", "--quiet-seconds", "0"});
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    expect_everything_is_there();
    EXPECT_FALSE(source_takes_writes());
}

/// The fence keeps rows out, and no change of the schema: the destination has it before it is cut
/// over.
TEST_F(Cutover, FollowsASchemaThatChangesBehindItsFence) {
    begin("evolves");
    RunningProgram running = migrate();
    expect_following(running);
    RunningProgram finish = finish_for_long("4");
    expect_fenced();
    at_source(
        "ALTER TABLE public.account ADD COLUMN more int DEFAULT 5;"
        "CREATE TABLE public.fresh (id int PRIMARY KEY); INSERT INTO public.fresh VALUES (1)");
    Said said = finish.wait();
    if (said.exit_code != 0) {
        EXPECT_THAT(finish.text(), HasSubstr("schema"));
        EXPECT_TRUE(source_takes_writes());
        said = this->finish({"--fence-source", "--quiet-seconds", "0"});
    }
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT sum(more) FROM public.account"), "500");
    EXPECT_EQ(of_destination("SELECT count(*) FROM public.fresh"), "1");
    expect_everything_is_there();
    EXPECT_FALSE(source_takes_writes());
}

TEST_F(Cutover, LiftsTheFenceAtAStopBesideAReader) {
    begin("stopped");
    RunningProgram running = migrate();
    expect_following(running);
    const RunningProgram finish = finish_for_long();
    expect_fenced();
    const fixtures::PostgresClient report = reader();
    running.signal(SIGINT);
    EXPECT_EQ(running.wait().exit_code, kStopped) << running.text();
    EXPECT_TRUE(source_takes_writes());
}

/// A source that hangs when the stop comes.
TEST_F(Cutover, TellsThatItLeavesAFence) {
    fixtures::PostgresServer& source = begin_apart("hangs");
    {
        RunningProgram running = migrate();
        expect_following(running);
        const RunningProgram finish = finish_for_long();
        expect_fenced();
        source.pause();
        running.signal(SIGINT);
        EXPECT_EQ(running.wait().exit_code, kStopped) << running.text();
        EXPECT_THAT(running.text(), HasSubstr("finish.fence_left"));
        EXPECT_THAT(program_.run({"status", file_}).text, HasSubstr("source_fence"));
        source.resume();
    }
    EXPECT_FALSE(source_takes_writes());
    EXPECT_EQ(program_.run({"release", file_}).exit_code, 0);
    EXPECT_TRUE(source_takes_writes());
}

TEST_F(Cutover, LiftsTheFenceThatACrashHasLeft) {
    begin("crashed");
    crash_behind_fence();
    {
        RunningProgram again = migrate();
        expect_following(again);
        EXPECT_TRUE(source_takes_writes());
        EXPECT_EQ(program_.run({"stop", file_}).exit_code, 0);
        again.wait();
    }
    crash_behind_fence();
    EXPECT_EQ(program_.run({"release", file_}).exit_code, 0);
    EXPECT_TRUE(source_takes_writes());
}

/// The source has a column now that cannot be carried.
TEST_F(Cutover, LiftsTheFenceOfATaskThatCannotBePlannedAnyMore) {
    begin("blocked");
    crash_behind_fence();
    at_source("ALTER TABLE public.entry ADD COLUMN place regclass");
    EXPECT_EQ(migrate().wait().exit_code, kRefused);
    EXPECT_TRUE(source_takes_writes());
}

TEST_F(Cutover, LiftsTheFenceOfATaskWhoseSchemaHasChanged) {
    begin("changed");
    crash_behind_fence();
    at_source("ALTER TABLE public.account ADD COLUMN more int DEFAULT 5");
    RunningProgram running = migrate();
    expect_following(running);
    EXPECT_TRUE(source_takes_writes());
    const Said said = finish({"--fence-source", "--quiet-seconds", "0"});
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT sum(more) FROM public.account"), "500");
    expect_everything_is_there();
}

TEST_F(Cutover, LiftsTheFenceOfATaskThatHasLostItsSlot) {
    fixtures::PostgresServer& primary = begin_apart("promoted");
    const auto standby = servers().standby_of(primary, {"promoted_standby", false});
    crash_behind_fence();
    const std::string at_primary = of_source("SELECT pg_current_wal_lsn()");
    const auto at_standby = [&](const std::string& sql) {
        return fixtures::PostgresClient(standby->endpoint("source")).value(sql);
    };
    while (at_standby("SELECT pg_last_wal_replay_lsn() >= '" + at_primary + "'") != "t") {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    primary.kill();
    standby->promote();
    source_ = source_.on(*standby);
    file_ = program_.task(source_.mover, destination_);
    EXPECT_FALSE(source_takes_writes());
    RunningProgram running = migrate();
    EXPECT_NE(running.wait().exit_code, 0);
    EXPECT_THAT(running.text(), HasSubstr("slot"));
    EXPECT_TRUE(source_takes_writes());
}

/// It has not written: no transaction of its has to end, and yet nothing can be fenced.
TEST_F(Cutover, NamesWhoKeepsTheSourceFromBeingFenced) {
    begin("vacuum");
    RunningProgram running = migrate();
    expect_following(running);
    fixtures::PostgresClient vacuum(source_.application);
    vacuum.query("SET application_name = 'tidy up'");
    vacuum.query("BEGIN");
    vacuum.query("LOCK TABLE public.account IN SHARE UPDATE EXCLUSIVE MODE");
    const Said said = finish({"--fence-source", "--wait-for-transactions", "2"});
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("process " + vacuum.value("SELECT pg_backend_pid()")));
    EXPECT_THAT(said.text, HasSubstr("tidy up"));
    EXPECT_TRUE(source_takes_writes());
}

TEST_F(Cutover, NeedsSomeProofThatNobodyWrites) {
    begin("proof");
    const Said said = finish({"--quiet-seconds", "0"});
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("--fence-source"));
}

/// Whoever asks for a cutover and goes away before it has begun does not find it done later.
TEST_F(Cutover, WithdrawsAFinishWhoseAskerHasGone) {
    begin("gone");
    RunningProgram running = migrate();
    expect_following(running);
    EXPECT_EQ(program_.run({"pause", file_}).exit_code, 0);
    fixtures::PostgresClient shop(source_.application);
    shop.query("BEGIN; INSERT INTO public.entry (note) VALUES ('open')");
    running.signal(SIGKILL);
    running.wait();
    RunningProgram asks = program_.start({"finish", file_});
    while (of_destination("SELECT count(*) FROM cutover.command WHERE verb = 'finish'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    asks.signal(SIGKILL);
    asks.wait();
    shop.query("COMMIT");
    RunningProgram next = migrate();
    expect_following(next);
    while (of_destination("SELECT count(*) FROM cutover.command WHERE answer IS NULL") != "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_THAT(of_destination("SELECT answer FROM cutover.command WHERE verb = 'finish'"),
                HasSubstr("withdrawn"));
    const Said stop = program_.run({"stop", file_});
    EXPECT_EQ(stop.exit_code, 0) << stop.text;
    EXPECT_EQ(of_destination("SELECT phase FROM cutover.task"), "incremental");
}

TEST_F(Cutover, RefusesASecondFinishBesideTheFirst) {
    begin("second");
    RunningProgram running = migrate();
    expect_following(running);
    fixtures::PostgresClient shop(source_.application);
    shop.query("BEGIN; INSERT INTO public.entry (note) VALUES ('open')");
    RunningProgram first =
        program_.start({"finish", file_, "--wait-for-transactions", "50", "--quiet-seconds", "1"});
    while (of_destination("SELECT count(*) FROM cutover.command WHERE verb = 'finish'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const Said second = finish({"--fence-source"});
    EXPECT_EQ(second.exit_code, kRefused) << second.text;
    EXPECT_THAT(second.text, HasSubstr("under way"));
    EXPECT_TRUE(source_takes_writes());
    shop.query("COMMIT");
    const Said said = first.wait();
    EXPECT_EQ(said.exit_code, 0) << said.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_TRUE(source_takes_writes());
}

/// The process that cut over dies before it has looked behind its fence: whoever asked looks.
TEST_F(Cutover, LooksBehindTheFenceOfAProcessThatHasDied) {
    begin("died");
    RunningProgram running =
        program_.start({"migrate", file_, "--json", "--kill-at", "finish.fenced"});
    expect_following(running);
    const Said said = finish({"--quiet-seconds", "1", "--json"});
    EXPECT_EQ(said.exit_code, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("\"looked\":true"));
    at_source("UPDATE public.account SET v = 1 WHERE id = 7");
    const Said again = finish();
    EXPECT_EQ(again.exit_code, 1) << again.text;
}

/// Nor says a cutover whose log is gone that nothing came after.
TEST_F(Cutover, SaysThatItCannotTellWhatCameAfter) {
    begin("unseen");
    RunningProgram running = migrate();
    expect_following(running);
    EXPECT_EQ(finish({"--quiet-seconds", "1"}).exit_code, 0);
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    server_->connect().query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    for (const char* command : {"status", "finish"}) {
        const Said said = program_.run({command, file_});
        EXPECT_EQ(said.exit_code, 2) << command << ": " << said.text;
        EXPECT_THAT(said.text, HasSubstr("CANNOT TELL what came after")) << command;
    }
    EXPECT_EQ(program_.run({"release", file_}).exit_code, kRefused);
    EXPECT_EQ(program_.run({"release", file_, "--anyway"}).exit_code, 0);
}

/// While its source is away a process waits to try again, and the task is its task.
TEST_F(Cutover, KeepsATaskWhoseProcessWaitsForItsSource) {
    begin("waits");
    const auto away = servers().postgres({"waits_source", 17, {}, {}});
    source_ = make_source_database(*away, "source");
    at_source(
        "CREATE TABLE public.account (id int PRIMARY KEY); INSERT INTO public.account VALUES (1)");
    file_ = program_.task(source_.mover, destination_);
    RunningProgram running = migrate();
    expect_following(running);
    away->stop();
    EXPECT_TRUE(running.wait_for("\"event\":\"retry\"")) << running.text();
    const Said release = program_.run({"release", file_, "--source-gone"});
    EXPECT_EQ(release.exit_code, kRefused) << release.text;
    EXPECT_THAT(release.text, HasSubstr("task.running"));
    away->start();
    EXPECT_TRUE(running.wait_for("\"event\":\"recovered\"")) << running.text();
    const Said said = finish({"--quiet-seconds", "1"});
    EXPECT_EQ(said.exit_code, 0) << said.text;
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
}

}  // namespace
}  // namespace cutover::tests
