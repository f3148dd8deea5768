// Each of the waits that a task can be held in, held in turn: within seconds it is told what is
// waited for and who is in the way, the operator is answered meanwhile, and a stop ends it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "tests/support/two_ends.h"

namespace cutover::tests {
namespace {

using fixtures::PostgresClient;
using nlohmann::json;
using std::chrono::steady_clock;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr int kStopped = 15;
constexpr std::chrono::seconds kToldWithin(5);
constexpr std::chrono::seconds kAnsweredWithin(2);
/// A process has to be started, too, on a busy machine, twice.
constexpr std::chrono::seconds kStartOfAProgram(2);

/// A source with two tables and an empty destination on one server.
class Held : public TwoEnds {
protected:
    void TearDown() override {
        running_.reset();
        let_go();
        TwoEnds::TearDown();
    }
    void fill() override {
        PostgresClient(source_.application)
            .query(
                "CREATE TABLE public.owner (id int PRIMARY KEY);"
                "INSERT INTO public.owner SELECT generate_series(0, 99);"
                "CREATE TABLE public.rows (id int PRIMARY KEY, owner int REFERENCES public.owner, "
                "note "
                "text);"
                "CREATE INDEX by_note ON public.rows (note);"
                "INSERT INTO public.rows SELECT g, g % 100, 'n' || g FROM generate_series(1, 5000) "
                "g");
        file_ = program_.task(source_.mover, destination_, "limits: {workers: 2}");
    }

    /// Somebody else's session: its secrets and what it runs are nobody's business.
    PostgresClient& stranger(const fixtures::PostgresEndpoint& place) {
        strangers_.emplace_back(place);
        strangers_.back().query("SET application_name = 'nightly report'");
        strangers_.back().query("BEGIN");
        return strangers_.back();
    }

    void start() {
        running_.reset(new RunningProgram(program_.start({"migrate", file_, "--json"})));
    }

    /// Runs until the process has killed itself at the sync point.
    void run_to(const std::string& point) {
        EXPECT_EQ(program_.start({"migrate", file_, "--json", "--kill-at", point}).wait().exit_code,
                  128 + SIGKILL);
    }

    /// The task is consistent, and waits for a lock that it needs to validate a foreign key.
    void start_a_held_validation() {
        grant_replication_role(*server_, destination_);  // keys come beside the log
        const auto keys = [&] {
            return PostgresClient(destination_)
                .value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'");
        };
        for (int start = 0; start < 20 && keys() == "0"; ++start) {
            run_to("schema.step");
        }
        stranger(destination_).query("LOCK TABLE public.rows IN SHARE UPDATE EXCLUSIVE MODE");
        start();
        expect_told("", "destination", "process");
    }

    /// The first `waiting` event for what begins so; nothing if none comes.
    std::optional<json> told(const std::string& what) {
        const std::string words = "\"for\":\"" + what;
        if (!running_->wait_for(words)) {
            return std::nullopt;
        }
        std::istringstream lines(running_->text());
        for (std::string line; std::getline(lines, line);) {
            if (line.find(words) != std::string::npos) {
                return json::parse(line);
            }
        }
        return std::nullopt;
    }

    Said answered(const std::vector<std::string>& command) const {
        const auto asked = steady_clock::now();
        const Said said = program_.run(command);
        EXPECT_LT(steady_clock::now() - asked, kAnsweredWithin + kStartOfAProgram) << command[0];
        return said;
    }

    /// The task is held in the wait for `what` now, by `holder` if there is one to name.
    void expect_told(const std::string& what, const std::string& end, const std::string& holder) {
        const std::optional<json> event = told(what);
        ASSERT_TRUE(event) << "not told: " << what << "\n" << running_->text();
        EXPECT_EQ((*event)["event"], "waiting");
        EXPECT_EQ((*event)["end"], end);
        if (!holder.empty()) {
            ASSERT_EQ((*event)["holders"].size(), 1U) << *event;
            EXPECT_EQ((*event)["holders"][0]["kind"], holder);
        }
        EXPECT_THAT(running_->text(), Not(HasSubstr("secret")));
    }

    /// Whatever it waits for, the operator is answered, and hears of the wait.
    void expect_heard(const std::string& what) {
        EXPECT_EQ(answered({"pause", file_}).exit_code, 0);
        Said status = answered({"status", file_});
        for (int look = 0; look < 50 && status.text.find(what) == std::string::npos; ++look) {
            status = program_.run({"status", file_});
        }
        EXPECT_THAT(status.text, HasSubstr(what));
        EXPECT_THAT(status.text, ContainsRegex("paused +true"));
        EXPECT_THAT(status.text, Not(HasSubstr("secret")));
        EXPECT_EQ(answered({"resume", file_}).exit_code, 0);
    }

    void expect_stopped(int signal = 0) {
        const auto asked = steady_clock::now();
        if (signal == 0) {
            EXPECT_EQ(program_.run({"stop", file_}).exit_code, 0);
        } else {
            running_->signal(signal);
        }
        EXPECT_EQ(running_->wait().exit_code, kStopped) << running_->text();
        EXPECT_LT(steady_clock::now() - asked, kAnsweredWithin + kStartOfAProgram);
    }

    /// Commits of sessions that ask for it wait for a standby that is away, until it is not wanted.
    void want_standby(bool wanted) {
        server_->connect().query(wanted ? "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
                                        : "ALTER SYSTEM RESET synchronous_standby_names");
        server_->connect().query("SELECT pg_reload_conf()");
        while (server_->connect().value("SHOW synchronous_standby_names") !=
               (wanted ? "nobody" : "")) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    /// The task is held by a commit, of whomever, that the standby does not answer: what helps is
    /// said.
    void expect_standby_told(const std::string& what, const std::string& end, std::size_t holders) {
        const std::optional<json> event = told(what);
        ASSERT_TRUE(event) << "not told: " << what << "\n" << running_->text();
        EXPECT_EQ((*event)["end"], end);
        EXPECT_THAT(
            (*event)["for"].get<std::string>(),
            HasSubstr("(a commit waits for a synchronous standby, wait event SyncRep: bring "
                      "one of those that synchronous_standby_names lists back, or take "
                      "them out of it)"));
        ASSERT_EQ((*event)["holders"].size(), holders) << *event;
        EXPECT_EQ((*event)["holders"][holders - 1]["kind"], "synchronous standby");
        EXPECT_EQ((*event)["holders"][holders - 1]["id"], "'nobody'");
    }

    void let_go() { strangers_.clear(); }

    /// Nothing is lost: the same task goes on to its end.
    void expect_goes_on() {
        let_go();
        start();
        ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
        const Said finish = program_.run({"finish", file_, "--quiet-seconds", "1"});
        EXPECT_EQ(finish.exit_code, 0) << finish.text << running_->text();
        EXPECT_EQ(running_->wait().exit_code, 0) << running_->text();
        const std::string sum =
            "SELECT count(*) || '/' || sum(hashtext(t::text)::bigint) FROM public.rows t";
        EXPECT_EQ(PostgresClient(destination_).value(sum),
                  PostgresClient(source_.application).value(sum));
    }

    std::string file_;
    std::list<PostgresClient> strangers_;
    std::unique_ptr<RunningProgram> running_;
};

TEST_F(Held, ByATransactionThatIsOpenElsewhereInTheCluster) {
    begin();
    const std::string elsewhere = make_database("elsewhere").database;
    stranger(source_.application.in_database(elsewhere)).query("CREATE TEMP TABLE secret_plan ()");
    start();
    ASSERT_TRUE(running_->wait_for("\"phase\":\"created\"")) << running_->text();
    const auto begun = steady_clock::now();
    expect_told("replication slot 'cutover_bad_input' to begin", "source", "process");
    EXPECT_LT(steady_clock::now() - begun, kToldWithin);
    const json holder = (*told("replication slot"))["holders"][0];
    EXPECT_EQ(holder["application"], "nightly report");
    EXPECT_TRUE(holder.contains("open_seconds"));
    expect_heard("replication slot 'cutover_bad_input' to begin");
    expect_stopped();
    expect_goes_on();
}

/// The smallest account sees who it is, and not since when.
TEST_F(Held, ByATransactionOfTheSuperuserElsewhereInTheCluster) {
    begin();
    stranger(make_database("elsewhere")).query("CREATE TABLE secret_plan ()");
    start();
    expect_told("replication slot 'cutover_bad_input' to begin", "source", "process");
    const json holder = (*told("replication slot"))["holders"][0];
    EXPECT_EQ(holder["application"], "nightly report");
    EXPECT_FALSE(holder.contains("open_seconds"));
    expect_heard("replication slot 'cutover_bad_input' to begin");
    expect_stopped();
    expect_goes_on();
}

TEST_F(Held, ByAPreparedTransaction) {
    begin_apart("prepared", {{"max_prepared_transactions", "2"}});
    PostgresClient& stranger = this->stranger(source_.application);
    stranger.query("UPDATE public.rows SET note = 'secret' WHERE id = 1");
    stranger.query("PREPARE TRANSACTION 'booking 7'");
    start();
    expect_told("replication slot", "source", "prepared transaction");
    EXPECT_EQ((*told("replication slot"))["holders"][0]["id"], "'booking 7'");
    expect_stopped(SIGINT);
    stranger.query("ROLLBACK PREPARED 'booking 7'");
    expect_goes_on();
}

/// Others' sessions ask for no standby here, so that the task's own commits wait for nobody.
TEST_F(Held, ByACommitOfOthersThatWaitsForAStandby) {
    begin_apart("standby", {{"synchronous_commit", "local"}});
    want_standby(true);
    auto committing = std::async(std::launch::async, [this] {
        PostgresClient stranger(source_.application);
        stranger.query("SET application_name = 'nightly report'; SET synchronous_commit = on");
        stranger.query("UPDATE public.rows SET note = 'secret' WHERE id = 1");
    });
    while (PostgresClient(source_.application)
               .value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") !=
           "1") {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    start();
    expect_standby_told("replication slot 'cutover_bad_input' to begin", "source", 2);
    EXPECT_EQ((*told("replication slot"))["holders"][0]["application"], "nightly report");
    expect_stopped();
    want_standby(false);
    committing.get();
    expect_goes_on();
}

TEST_F(Held, ByItsOwnCommitThatWaitsForAStandby) {
    begin_apart("own_commit");
    want_standby(true);
    start();
    expect_standby_told("", "destination", 1);
    expect_stopped(SIGINT);
    want_standby(false);
    expect_goes_on();
}

/// The claim is not the process's own yet, so no command can be for it.
TEST_F(Held, ByALockOnTheTasksOwnRow) {
    begin();
    run_to("schema.step");
    stranger(destination_).query("SELECT FROM cutover.task FOR UPDATE");
    start();
    expect_told("the answer to: SELECT FROM cutover.task", "destination", "process");
    expect_stopped(SIGINT);
    expect_goes_on();
}

/// Before the claim no command can be for this process, either.
TEST_F(Held, ByALockOnATableThatIsPlannedFor) {
    begin();
    run_to("schema.step");
    stranger(source_.application).query("LOCK TABLE public.rows IN ACCESS EXCLUSIVE MODE");
    start();
    expect_told("", "source", "process");
    expect_stopped(SIGINT);
    expect_goes_on();
}

/// The stranger gets his lock between two chunks.
TEST_F(Held, ByALockOnATableThatIsRead) {
    begin();
    PostgresClient(source_.application)
        .query(
            "INSERT INTO public.rows SELECT g, g % 100, repeat('n', 100) FROM "
            "generate_series(5001, "
            "30000) g");
    file_ = program_.task(source_.mover, destination_,
                          "limits: {workers: 1, chunk_mb: 0.25, full: {rows_per_second: 4000}}");
    start();
    ASSERT_TRUE(running_->wait_for("\"event\":\"chunk\"")) << running_->text();
    stranger(source_.application).query("LOCK TABLE public.rows IN ACCESS EXCLUSIVE MODE");
    expect_told("", "source", "process");
    expect_heard("waiting ");
    expect_stopped();
    expect_goes_on();
}

/// Not at the first step: the slot would wait for the stranger's transaction, on the same server.
TEST_F(Held, ByANameThatSomebodyElseIsTaking) {
    begin();
    run_to("schema.step");
    stranger(destination_).query("CREATE TABLE public.rows (secret int)");
    start();
    expect_told("table public.rows to be made", "destination", "process");
    expect_heard("table public.rows to be made");
    expect_stopped(SIGINT);
    expect_goes_on();
}

TEST_F(Held, ByALockOnATableThatIsWritten) {
    begin();
    run_to("chunk.read");
    stranger(destination_).query("LOCK TABLE public.rows IN SHARE MODE");
    start();
    expect_told("", "destination", "process");
    expect_heard("waiting ");
    expect_stopped();
    expect_goes_on();
}

TEST_F(Held, ByALockThatAnIndexBuildNeeds) {
    begin();
    run_to("task.full_done");
    stranger(destination_).query("LOCK TABLE public.rows IN ROW EXCLUSIVE MODE");
    start();
    expect_told("", "destination", "process");
    expect_heard(" to be made");
    expect_stopped(SIGINT);
    expect_goes_on();
}

TEST_F(Held, ByALockThatAValidationNeeds) {
    begin();
    start_a_held_validation();
    expect_heard("waiting ");
    expect_stopped();
    expect_goes_on();
}

/// A cutover that waits for a validation lets no lag grow meanwhile, and begins by itself
/// afterwards.
TEST_F(Held, ByAValidationThatAFinishWaitsFor) {
    begin();
    start_a_held_validation();
    RunningProgram finish = program_.start({"finish", file_, "--quiet-seconds", "1"});
    std::this_thread::sleep_for(std::chrono::seconds(2));
    PostgresClient(source_.application)
        .query("UPDATE public.rows SET note = 'meanwhile' WHERE id = 1");
    const auto applied = [&] {
        return PostgresClient(destination_).value("SELECT note FROM public.rows WHERE id = 1");
    };
    for (int look = 0; look < 100 && applied() != "meanwhile"; ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(applied(), "meanwhile");
    EXPECT_FALSE(finish.ended()) << finish.text();
    let_go();
    EXPECT_EQ(finish.wait().exit_code, 0) << finish.text() << running_->text();
    EXPECT_EQ(running_->wait().exit_code, 0) << running_->text();
}

TEST_F(Held, ByALockOnARowThatIsApplied) {
    begin();
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    stranger(destination_).query("SELECT FROM public.rows WHERE id = 1 FOR UPDATE");
    PostgresClient(source_.application).query("UPDATE public.rows SET note = 'other' WHERE id = 1");
    expect_told("", "destination", "process");
    expect_heard("waiting ");
    EXPECT_EQ(answered({"pause", file_}).exit_code, 0);
    EXPECT_TRUE(running_->wait_for("\"paused\":true")) << running_->text();
    expect_stopped(SIGINT);
    expect_goes_on();
}

TEST_F(Held, ByASourceThatIsAway) {
    begin();
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    server_->connect().query("ALTER DATABASE " + source_.mover.database +
                             " ALLOW_CONNECTIONS false");
    server_->connect().query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
        source_.mover.database + "'");
    ASSERT_TRUE(running_->wait_for("\"event\":\"retry\"")) << running_->text();
    expect_heard("retrying ");
    expect_stopped();
    server_->connect().query("ALTER DATABASE " + source_.mover.database +
                             " ALLOW_CONNECTIONS true");
    expect_goes_on();
}

/// A server that hangs takes connections and says nothing.
TEST_F(Held, ByASourceThatHangs) {
    begin();
    const auto other = another_server("hanging_source");
    source_ = make_source_database(*other, "hanging");
    at_source(
        "CREATE TABLE public.rows AS SELECT g AS id FROM generate_series(1, 100) g;"
        "ALTER TABLE public.rows ADD PRIMARY KEY (id)");
    file_ = program_.task(source_.mover, destination_);
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    other->pause();
    expect_told("", "source", "");
    expect_heard("waiting ");
    expect_stopped();
    other->resume();
    expect_goes_on();
}

TEST_F(Held, ByAnotherTaskThatSetsIdentities) {
    begin();
    stranger(source_.mover)
        .query(
            "SELECT pg_create_physical_replication_slot('identities_of_cutover_' || oid, false, "
            "true)"
            " FROM pg_database WHERE datname = current_database()");
    start();
    expect_told("another task to have set or put back replica identities", "source", "process");
    expect_stopped(SIGINT);
    expect_goes_on();
}

/// Each try is short, so that nobody queues behind it: together they are a wait all the same.
TEST_F(Held, ByAReaderOfATableWhoseIdentityIsSet) {
    begin();
    PostgresClient(source_.application).query("CREATE TABLE public.log (note text)");
    stranger(source_.application).query("SELECT * FROM public.log");
    start();
    expect_told("the replica identity of table public.log to be set", "source", "process");
    expect_stopped(SIGINT);
    expect_goes_on();
}

TEST_F(Held, ByAWriterAtTheCutover) {
    begin();
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    stranger(source_.application).query("UPDATE public.rows SET note = 'secret' WHERE id = 1");
    {
        const RunningProgram finish =
            program_.start({"finish", file_, "--wait-for-transactions", "60"});
        expect_told("transactions that have written to the task's tables to end", "source",
                    "process");
        expect_heard("transactions that have written to the task's tables to end");
        expect_stopped();
    }  // whoever asked has given up: the next process does not obey him
    expect_goes_on();
}

TEST_F(Held, ByALockOnATableThatIsFenced) {
    begin();
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    stranger(source_.application).query("LOCK TABLE public.rows IN SHARE UPDATE EXCLUSIVE MODE");
    {
        const RunningProgram finish =
            program_.start({"finish", file_, "--fence-source", "--wait-for-transactions", "60"});
        expect_told("the task's tables to be fenced", "source", "process");
        expect_heard("the task's tables to be fenced");
        expect_stopped();
    }  // whoever asked has given up: the next process does not obey him
    expect_goes_on();
}

/// Then no command can reach the task; the signal does.
TEST_F(Held, ByADestinationThatHangs) {
    begin();
    const auto other = another_server("hanging_destination");
    destination_ = make_destination_database(*other, "hanging");
    file_ = program_.task(source_.mover, destination_);
    start();
    ASSERT_TRUE(running_->wait_for("\"consistent\":true")) << running_->text();
    other->pause();
    PostgresClient(source_.application).query("UPDATE public.rows SET note = 'other' WHERE id = 1");
    expect_told("", "destination", "");
    expect_stopped(SIGINT);
    other->resume();
    expect_goes_on();
}

}  // namespace
}  // namespace cutover::tests
