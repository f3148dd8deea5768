// What goes wrong while a task runs: the slot, the log and the disk that go away, the operator who
// presses Ctrl-C. Each ends with a clear word and its own exit code, and started again nothing is
// lost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/support/two_ends.h"

namespace cutover::tests {
namespace {

using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr int kCorrupt = 14;
constexpr int kStopped = 15;
constexpr const char* kOnce = "phases: [schema, full]\nignore: [phases.writes_must_stop]";
constexpr const char* kSlowly =
    "phases: [schema, full]\n"
    "limits: {chunk_mb: 0.25, full: {rows_per_second: 8000}}";
constexpr const char* kByHand = "phases: [full, incremental]";
constexpr const char* kSum =
    "SELECT count(*) || '/' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM public.rows t";

std::string text_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

/// A source with rows and an empty destination, each a database.
class BadTimes : public TwoEnds {
protected:
    void fill() override {
        at_source(
            "CREATE TABLE public.rows (id int PRIMARY KEY, note text);"
            "INSERT INTO public.rows SELECT g, repeat('x', g % 200) FROM generate_series(1, 60000) "
            "g");
    }
    void expect_everything_is_there() { EXPECT_EQ(of_destination(kSum), of_source(kSum)); }

    void make_by_hand() {
        fixtures::PostgresClient(destination_)
            .query("CREATE TABLE public.rows (id int PRIMARY KEY, note text)");
    }

    /// A task that follows the log and was stopped: slot and marker are there.
    std::string stopped_task(const std::string& more = "") {
        const std::string file = program_.task(source_.mover, destination_, more);
        RunningProgram running = program_.start({"migrate", file, "--json"});
        EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
        const Said stop = program_.run({"stop", file});
        EXPECT_EQ(stop.exit_code, 0) << stop.text;
        EXPECT_EQ(running.wait().exit_code, kStopped);
        return file;
    }
};

/// What stops a task before its first row is put right in the task file or at the destination: it
/// goes on, with its new file, and nothing of it has to be released.
TEST_F(BadTimes, GoesOnWithACorrectedTaskFile) {
    begin();
    at_source("CREATE TABLE public.zones (id int PRIMARY KEY, name text, secret text)");
    const std::string made = "SELECT to_regclass('public.rows') IS NOT NULL";
    const std::string first = program_.task(source_.mover, destination_);
    for (int start = 0; start < 10 && of_destination(made) != "t"; ++start) {
        program_.start({"migrate", first, "--kill-at", "schema.step"}).wait();
    }
    ASSERT_EQ(of_destination(made), "t");

    // Another definition of a table that is made: refused by its name until that one is gone.
    const std::string file =
        program_.task(source_.mover, destination_,
                      "objects: {exclude: [public.zones], exclude_columns: {public.rows: [note]}}");
    const Said precheck = program_.run({"precheck", file});
    EXPECT_THAT(precheck.text, HasSubstr("task.corrected"));
    EXPECT_THAT(precheck.text, Not(HasSubstr("task.changed")));
    const Said again = program_.run({"migrate", file});
    EXPECT_EQ(again.exit_code, kRefused) << again.text;
    EXPECT_THAT(again.text, HasSubstr("task.corrected"));
    EXPECT_THAT(again.text, HasSubstr("public.rows cannot be made at the destination"));
    fixtures::PostgresClient(destination_).query("DROP TABLE public.rows");

    RunningProgram running = program_.start({"migrate", file, "--json"});
    EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    at_source("INSERT INTO public.rows VALUES (0, 'late'); INSERT INTO public.zones VALUES (1)");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text;
    running.wait();
    EXPECT_EQ(of_destination("SELECT count(*) || '/' || sum(id) FROM public.rows"),
              of_source("SELECT count(*) || '/' || sum(id) FROM public.rows"));
    EXPECT_EQ(of_source("SELECT count(*) FROM pg_publication_tables WHERE tablename = 'zones'"),
              "0");
}

/// Each process is killed after the first schema step that it makes, so between any two of them,
/// while somebody writes: what one had not come to, the next one does, in its order.
TEST_F(BadTimes, DiesAfterEachSchemaStepAndFinishes) {
    begin();
    grant_replication_role(*server_, destination_);  // keys come beside the log
    at_source(
        "CREATE TABLE public.owner (id int PRIMARY KEY, name text UNIQUE);"
        "INSERT INTO public.owner SELECT g, 'n' || g FROM generate_series(0, 99) g;"
        "ALTER TABLE public.rows ADD COLUMN owner int REFERENCES public.owner, ADD UNIQUE (note, "
        "id);"
        "CREATE INDEX by_owner ON public.rows (owner)");
    std::jthread writer([&](const std::stop_token& stop) {
        fixtures::PostgresClient client(source_.application);
        for (int at = 1; !stop.stop_requested(); ++at) {
            client.query("UPDATE public.rows SET owner = " + std::to_string(at % 100) +
                         " WHERE id % 1000 = " + std::to_string(at % 1000));
        }
    });
    const std::string file = program_.task(source_.mover, destination_);
    int deaths = 0;
    bool alive = false;
    for (int start = 0; start < 40 && !alive; ++start) {
        RunningProgram running =
            program_.start({"migrate", file, "--json", "--kill-at", "schema.step"});
        // Who is consistent may have a step before it yet.
        const bool consistent = running.wait_for("\"consistent\":true");
        for (int look = 0; consistent && !alive && !running.ended() && look < 60; ++look) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            alive = of_destination(
                        "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND "
                        "convalidated") == "1";
        }
        deaths += alive ? 0 : 1;
        if (alive) {
            writer.request_stop();
            writer.join();
            const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
            EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
            EXPECT_EQ(running.wait().exit_code, 0) << running.text();
        } else {
            const Said end = running.wait();
            EXPECT_NE(end.exit_code, -1) << "it lives, and its foreign key is not validated";
            EXPECT_THAT(end.text, Not(HasSubstr("\"event\":\"error\""))) << end.text;
            if (HasFailure()) {
                break;
            }
        }
    }
    if (writer.joinable()) {
        writer.request_stop();
        writer.join();
    }
    EXPECT_TRUE(alive);
    EXPECT_GE(deaths, 6);
    expect_everything_is_there();
}

/// Somebody at the destination holds what a validation needs: a stop does not wait for him.
TEST_F(BadTimes, AValidationThatWaitsDoesNotHoldUpAStop) {
    begin();
    grant_replication_role(*server_, destination_);  // keys come beside the log
    at_source(
        "CREATE TABLE public.owner (id int PRIMARY KEY);"
        "INSERT INTO public.owner SELECT generate_series(0, 99);"
        "ALTER TABLE public.rows ADD COLUMN owner int REFERENCES public.owner;"
        "UPDATE public.rows SET owner = id % 100");
    const std::string file = program_.task(source_.mover, destination_);
    const auto keys = [&](const std::string& which) {
        return of_destination("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND " +
                              which);
    };
    // Each process dies after one step; the last of them after the one that adds the foreign key.
    for (int start = 0; start < 20 && keys("true") == "0"; ++start) {
        program_.start({"migrate", file, "--json", "--kill-at", "schema.step"}).wait();
    }
    ASSERT_EQ(keys("NOT convalidated"), "1");
    fixtures::PostgresClient holder(destination_);
    holder.query("BEGIN");
    holder.query("LOCK TABLE public.rows IN SHARE UPDATE EXCLUSIVE MODE");
    const auto waiting = [&] {
        return of_destination(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE "
            "'%VALIDATE CONSTRAINT%' AND pid <> pg_backend_pid()");
    };
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    for (int look = 0; waiting() != "1" && look < 600; ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_EQ(waiting(), "1") << running.text();
    EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
    EXPECT_EQ(running.wait().exit_code, kStopped) << running.text();
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(keys("NOT convalidated"), "1");
    holder.query("ROLLBACK");
    RunningProgram again = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(again.wait_for("\"consistent\":true")) << again.text();
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << again.text();
    EXPECT_EQ(again.wait().exit_code, 0) << again.text();
    EXPECT_EQ(keys("convalidated"), "1");
    expect_everything_is_there();
}

TEST_F(BadTimes, CtrlCOnceStopsAndLosesNothing) {
    begin();
    RunningProgram running =
        program_.start({"migrate", program_.task(source_.mover, destination_, kSlowly), "--json"});
    ASSERT_TRUE(running.wait_for("\"event\":\"chunk\"")) << running.text();
    running.signal(SIGINT);
    const Said stopped = running.wait();
    EXPECT_EQ(stopped.exit_code, kStopped) << stopped.text;
    EXPECT_THAT(stopped.text, HasSubstr("stopping at the next durable point"));
    EXPECT_THAT(stopped.text, HasSubstr("\"outcome\":\"stopped\""));
    EXPECT_NE(of_destination(kSum), of_source(kSum));  // else nothing was interrupted
    const Said again = program_.run({"migrate", program_.task(source_.mover, destination_, kOnce)});
    EXPECT_EQ(again.exit_code, 0) << again.text;
    EXPECT_THAT(again.text, HasSubstr("goes on"));
    expect_everything_is_there();
}

TEST_F(BadTimes, CtrlCTwiceEndsAtOnceAndLosesNothing) {
    begin_apart("twice");
    RunningProgram running =
        program_.start({"migrate", program_.task(source_.mover, destination_, kSlowly), "--json"});
    ASSERT_TRUE(running.wait_for("\"event\":\"chunk\"")) << running.text();
    server_->pause();  // the first wish cannot come true: nobody answers
    running.signal(SIGINT);
    ASSERT_TRUE(running.wait_for("stopping at the next durable point"));
    running.signal(SIGINT);
    EXPECT_EQ(running.wait().exit_code, 128 + SIGINT) << running.text();
    server_->resume();
    EXPECT_NE(of_destination(kSum), of_source(kSum));
    const Said again = program_.run({"migrate", program_.task(source_.mover, destination_, kOnce)});
    EXPECT_EQ(again.exit_code, 0) << again.text;
    expect_everything_is_there();
}

TEST_F(BadTimes, ASecondProcessIsRefusedAndHarmsNothing) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"phase\":\"incremental\"")) << running.text();
    const Said second = program_.run({"migrate", file});
    EXPECT_EQ(second.exit_code, kRefused) << second.text;
    EXPECT_THAT(second.text, HasSubstr("is being run by another process"));
    const Said release = program_.run({"release", file});
    EXPECT_EQ(release.exit_code, kRefused) << release.text;
    at_source("INSERT INTO public.rows VALUES (0, 'late')");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0);
    expect_everything_is_there();
}

/// Frozen as one does before a cutover; the process is a new one, so that every session is.
TEST_F(BadTimes, ASourceThatIsFrozenIsFinished) {
    begin();
    const std::string file = stopped_task();
    at_source("INSERT INTO public.rows VALUES (0, 'last')");
    at_source("ALTER DATABASE " + source_.mover.database +
              " SET default_transaction_read_only = on");
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0);
    expect_everything_is_there();
    const Said released = program_.run({"release", file});
    EXPECT_EQ(released.exit_code, 0) << released.text;
    EXPECT_EQ(of_source("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(BadTimes, ACommandWithoutAProcessIsWithdrawn) {
    begin();
    const std::string file = stopped_task();
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, kRefused) << finish.text;
    EXPECT_THAT(finish.text, HasSubstr("no process is running task 'bad_input'"));
    EXPECT_EQ(of_destination("SELECT count(*) FROM cutover.command WHERE answer IS NULL"), "0");
}

/// Takes a database away from an idle task and gives it back; the task says which end that is, and
/// when it goes on.
TEST_F(BadTimes, TheEndThatIsAwayIsNamed) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    const auto server = [this](const std::string& sql) { server_->connect().query(sql); };
    for (const auto& [name, database] : {std::pair("source", source_.mover.database),
                                         std::pair("destination", destination_.database)}) {
        RunningProgram running = program_.start({"migrate", file, "--json"});
        ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
        server("ALTER DATABASE " + database + " ALLOW_CONNECTIONS false");
        server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
               database + "'");
        EXPECT_TRUE(running.wait_for("\"event\":\"retry\""));
        server("ALTER DATABASE " + database + " ALLOW_CONNECTIONS true");
        EXPECT_TRUE(running.wait_for("\"event\":\"recovered\""));
        EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
        const Said said = running.wait();
        EXPECT_EQ(said.exit_code, kStopped);
        const std::string end = std::string(".*\"end\":\"") + name + "\"";
        EXPECT_THAT(said.text, ContainsRegex("\"event\":\"retry\"" + end));
        EXPECT_THAT(said.text, ContainsRegex("\"event\":\"recovered\"" + end));
    }
}

TEST_F(BadTimes, ASlotThatIsGoneIsRefusedWithWhatWasApplied) {
    begin();
    const std::string file = stopped_task();
    const std::string applied = of_destination("SELECT position FROM cutover.applied_position");
    server_->connect().query("SELECT pg_drop_replication_slot('cutover_bad_input')");
    at_source("INSERT INTO public.rows VALUES (-1, 'unseen')");
    const Said said = program_.run({"migrate", file});
    EXPECT_THAT(said.exit_code, AnyOf(kRefused, kCorrupt)) << said.text;
    EXPECT_THAT(said.text, HasSubstr("cutover: at the source: "));
    EXPECT_THAT(said.text, HasSubstr("cutover_bad_input"));
    EXPECT_THAT(said.text, HasSubstr(applied));
    EXPECT_THAT(said.text, HasSubstr("hint: "));
}

TEST_F(BadTimes, ALogThatIsGoneIsRefusedWithWhatWasApplied) {
    begin_apart("gone", {{"max_slot_wal_keep_size", "16MB"}, {"max_wal_size", "32MB"}});
    const std::string file = stopped_task();
    const std::string applied = of_destination("SELECT position FROM cutover.applied_position");
    for (int segment = 0; segment < 8; ++segment) {
        at_source(
            "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 100000))"
            " FROM generate_series(1, 100)");
        server_->connect().query("SELECT pg_switch_wal()");
    }
    server_->connect().query("CHECKPOINT");
    ASSERT_EQ(of_source("SELECT wal_status FROM pg_replication_slots"), "lost");
    const Said said = program_.run({"migrate", file});
    EXPECT_THAT(said.exit_code, AnyOf(kRefused, kCorrupt)) << said.text;
    EXPECT_THAT(said.text, HasSubstr("cutover_bad_input"));
    EXPECT_THAT(said.text, HasSubstr(applied));
    EXPECT_THAT(said.text, HasSubstr("hint: "));
    const Said released = program_.run({"release", file});
    EXPECT_EQ(released.exit_code, 0) << released.text;
    EXPECT_EQ(of_source("SELECT count(*) FROM pg_replication_slots"), "0");
}

/// It is there, and set, when the task is cut over.
TEST_F(BadTimes, ASequenceThatWasMadeSinceIsCutOverToo) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    at_source("CREATE SEQUENCE public.fresh START 7; SELECT nextval('public.fresh')");
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(of_destination("SELECT last_value || ' ' || is_called FROM public.fresh"), "7 true");
    const Said verify = program_.run({"verify", file});
    EXPECT_EQ(verify.exit_code, 0) << verify.text;
}

/// The log holds rows of both shapes: what is said to help has to get past both.
TEST_F(BadTimes, AnAddedColumnIsLeftOutAsTheMessageSays) {
    begin();
    make_by_hand();
    const std::string file = stopped_task(kByHand);
    at_source("UPDATE public.rows SET note = 'before' WHERE id = 1");
    at_source("ALTER TABLE public.rows ADD COLUMN extra int");
    at_source("UPDATE public.rows SET note = 'after', extra = 7 WHERE id = 2");
    const Said changed = program_.run({"migrate", file});
    EXPECT_EQ(changed.exit_code, kRefused) << changed.text;
    EXPECT_THAT(changed.text, HasSubstr("extra"));
    EXPECT_THAT(changed.text, HasSubstr("objects.exclude_columns"));
    const std::string without = program_.task(
        source_.mover, destination_,
        std::string(kByHand) + "\nobjects: {exclude_columns: {public.rows: [extra]}}");
    RunningProgram running = program_.start({"migrate", without, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    at_source("UPDATE public.rows SET note = 'later', extra = 8 WHERE id = 3");
    const Said finish = program_.run({"finish", without, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    const std::string sum = "SELECT sum(hashtext(id || note)::bigint) FROM public.rows";
    EXPECT_EQ(of_destination(sum), of_source(sum));
}

/// What the words tell to write into the task file, to the letter.
std::string advised_exclusion(const std::string& text) {
    const std::size_t from = text.find("objects.exclude_columns: {");
    const std::size_t end = from == std::string::npos ? from : text.find('}', from);
    if (end == std::string::npos) {
        ADD_FAILURE() << "no advice in: " << text;
        return "";
    }
    const std::size_t key = from + std::string("objects.").size();
    return "objects: {" + text.substr(key, end + 1 - key) + "}";
}

/// Without the schema phase the destination is not the task's to change: whoever does what the
/// message says comes out, while the application writes on.
TEST_F(BadTimes, TheAdviceAfterAnAddedColumnLeadsOut) {
    begin();
    make_by_hand();
    const std::string file = program_.task(source_.mover, destination_, kByHand);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    std::jthread writer([&](const std::stop_token& stop) {
        fixtures::PostgresClient client(source_.application);
        for (int at = 1; !stop.stop_requested(); ++at) {
            client.query("UPDATE public.rows SET note = 'w" + std::to_string(at) +
                         "' WHERE id = " + std::to_string(at % 1000 + 1));
        }
    });
    at_source("ALTER TABLE public.rows ADD COLUMN extra int DEFAULT 7");
    EXPECT_EQ(running.wait().exit_code, kRefused);
    EXPECT_THAT(running.text(), HasSubstr("schema.not_selected"));
    const std::string advice = advised_exclusion(running.text());
    EXPECT_EQ(advice, "objects: {exclude_columns: {public.rows: [extra]}}");
    const Said again = program_.run({"migrate", file});
    EXPECT_EQ(again.exit_code, kRefused) << again.text;
    EXPECT_EQ(advised_exclusion(again.text), advice);

    const std::string without =
        program_.task(source_.mover, destination_, std::string(kByHand) + "\n" + advice);
    RunningProgram goes_on = program_.start({"migrate", without, "--json"});
    ASSERT_TRUE(goes_on.wait_for("\"consistent\":true")) << goes_on.text();
    writer.request_stop();
    writer.join();
    const Said finish = program_.run({"finish", without, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << goes_on.text();
    EXPECT_EQ(goes_on.wait().exit_code, 0) << goes_on.text();
    const std::string sum = "SELECT sum(hashtext(id || note)::bigint) FROM public.rows";
    EXPECT_EQ(of_destination(sum), of_source(sum));
    EXPECT_EQ(program_.run({"verify", without}).exit_code, 0);
}

/// The claims that follow a lost connection are no starts.
TEST_F(BadTimes, ARetryIsNoStart) {
    begin();
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    server_->connect().query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
        destination_.database + "'");
    ASSERT_TRUE(running.wait_for("\"event\":\"recovered\"")) << running.text();
    EXPECT_EQ(of_destination("SELECT starts FROM cutover.task"), "1");
    EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
    EXPECT_EQ(running.wait().exit_code, kStopped);
    program_.run({"pause", file});  // nobody runs it: looking for that out is no start either
    EXPECT_EQ(of_destination("SELECT starts FROM cutover.task"), "1");
}

TEST_F(BadTimes, SecretsAreNowhereToBeSeen) {
    begin_apart("secret");
    for (fixtures::PostgresEndpoint* end : {&source_.mover, &destination_}) {
        end->password = "extraordinary-secret";
        server_->connect().query("ALTER ROLE " + end->user + " PASSWORD '" + end->password + "'");
    }
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"phase\":\"incremental\"")) << running.text();
    EXPECT_THAT(text_of(fmt::format("/proc/{}/cmdline", running.pid())),
                Not(HasSubstr("extraordinary")));
    std::string said;
    for (const char* command : {"status", "precheck", "pause", "resume"}) {
        said += program_.run({command, file}).text;
    }
    said += program_.run({"finish", file, "--quiet-seconds", "1"}).text;
    for (const char* command : {"verify", "release"}) {
        said += program_.run({command, file}).text;
    }
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_THAT(running.text() + said, Not(HasSubstr("extraordinary")));
    EXPECT_THAT(said, HasSubstr("mover@"));  // the words were about these ends
    EXPECT_THAT(text_of(server_->log()), Not(HasSubstr("extraordinary")));
}

}  // namespace
}  // namespace cutover::tests
