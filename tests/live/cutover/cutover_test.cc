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

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kRefused = 13;

class Cutover : public LiveServers {
protected:
    void begin(const std::string& name, const std::map<std::string, std::string>& settings = {}) {
        server_ = servers().postgres({name, 17, settings, {}});
        server_->connect().query("CREATE DATABASE source");
        server_->connect().query("CREATE DATABASE destination");
        source_ = server_->endpoint("source");
        destination_ = server_->endpoint("destination");
        at_source(
            "CREATE TABLE public.account (id int PRIMARY KEY, v int NOT NULL DEFAULT 0);"
            "CREATE TABLE public.entry (id bigserial PRIMARY KEY, note text);"
            "INSERT INTO public.account SELECT g FROM generate_series(1, 100) g");
        file_ = program_.task(source_, destination_);
    }
    void at_source(const std::string& sql) { fixtures::PostgresClient(source_).query(sql); }
    std::string of_source(const std::string& sql) {
        return fixtures::PostgresClient(source_).value(sql);
    }
    std::string of_destination(const std::string& sql) {
        return fixtures::PostgresClient(destination_).value(sql);
    }
    RunningProgram follow() {
        RunningProgram running = program_.start({"migrate", file_, "--json"});
        EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
        return running;
    }
    Said finish(const std::vector<std::string>& more = {}) {
        std::vector<std::string> words = {"finish", file_};
        words.insert(words.end(), more.begin(), more.end());
        return program_.run(words);
    }
    /// An application that commits, pauses, commits ...
    std::jthread writer(std::chrono::milliseconds pause) {
        std::atomic<bool> wrote = false;
        std::jthread thread([this, pause, &wrote](const std::stop_token& stop) {
            fixtures::PostgresClient client(source_);
            client.query("SET application_name = 'the shop'");
            while (!stop.stop_requested()) {
                client.query("UPDATE public.account SET v = v + 1 WHERE id = 1");
                wrote = true;
                for (auto slept = std::chrono::milliseconds(0);
                     slept < pause && !stop.stop_requested();
                     slept += std::chrono::milliseconds(10)) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(10));
                }
            }
        });
        while (!wrote) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return thread;
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
    fixtures::PostgresEndpoint source_;
    fixtures::PostgresEndpoint destination_;
    std::string file_;
};

/// However long the application pauses between two commits, up to half of what the log is read for.
TEST_F(Cutover, RefusesWhileSomebodyWritesWithPauses) {
    begin("pauses");
    RunningProgram running = follow();
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
    RunningProgram running = follow();
    fixtures::PostgresClient shop(source_);
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
    RunningProgram running = follow();
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

}  // namespace
}  // namespace cutover::tests
