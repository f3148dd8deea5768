// What a source says when its primary dies and a standby is promoted: it goes on with a proof, or
// stops naming what is missing.
#include <gmock/gmock.h>

#include <thread>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"
#include "tests/live/engine/postgres/reading_support.h"

namespace cutover::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FailoverTest : public tests::LiveServers {
protected:
    void start(int version, bool failover_slots) {
        start_servers(version, failover_slots);
        start_capture();
    }
    void start_servers(int version, bool failover_slots) {
        primary_ = servers().postgres({"primary", version, {}, {}});
        standby_ = servers().standby_of(*primary_, {"standby", failover_slots});
    }
    void start_capture() {
        accounts_ = tests::make_source_database(*primary_, "shop");
        fixtures::PostgresClient(accounts_.application)
            .query("CREATE TABLE item (id int PRIMARY KEY, name text)");
        spec_.name = "failover";
        spec_.source = accounts_.mover.as_plan();
        spec_.source.hosts.push_back(standby_->endpoint().as_plan().hosts.front());
        plan_ = plan_from_catalog(spec_);
        source_ = make_source(runtime_, spec_);
        origin_ = source_->create_capture(plan_);
        source_->close_view();
    }
    void insert(fixtures::PostgresServer& server, int id) {
        fixtures::PostgresClient(accounts_.on(server).application)
            .query("INSERT INTO item VALUES (" + std::to_string(id) + ", 'x')");
    }
    std::vector<std::string> follow(std::size_t transactions) {
        const auto stream =
            source_->open_changes(plan_, origin_, applied_, engine::LogReader::task);
        std::vector<std::string> out;
        for (model::SourceTransaction& transaction : take(*stream, transactions)) {
            for (std::string& change : print_all(plan_, transaction)) {
                out.push_back(std::move(change));
            }
            applied_ = transaction.commit;
            stream->acknowledge(applied_);
        }
        return out;
    }
    void promote() {
        primary_->kill();
        standby_->promote();
        source_ = make_source(runtime_, spec_);
    }
    model::Error refusal() {
        const auto begun = std::chrono::steady_clock::now();
        try {
            source_->verify_capture(origin_, applied_);
        } catch (const model::Error& error) {
            EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
            return error;
        }
        ADD_FAILURE() << "no error";
        return model::Error(model::ErrorClass::operation, "none", "");
    }

    flow::ThreadRuntime runtime_;
    std::unique_ptr<fixtures::PostgresServer> primary_;
    std::unique_ptr<fixtures::PostgresServer> standby_;
    tests::SourceAccounts accounts_;
    plan::TaskSpec spec_;
    plan::Plan plan_;
    std::unique_ptr<engine::Source> source_;
    engine::CaptureOrigin origin_;
    model::Position applied_;
};

TEST_F(FailoverTest, GoesOnAtThePromotedServerWithAProof) {
    start(17, true);
    applied_ = origin_.start;
    insert(*primary_, 1);
    EXPECT_THAT(follow(1), ElementsAre("insert item(1,x)"));
    insert(*primary_, 2);
    EXPECT_THAT(follow(1), ElementsAre("insert item(2,x)"));
    insert(*primary_, 3);
    standby_->wait_caught_up_with(*primary_);
    const model::Position before = applied_;
    promote();
    insert(*standby_, 4);

    const engine::CaptureProof proof = source_->verify_capture(origin_, applied_);
    EXPECT_TRUE(proof.failed_over);
    EXPECT_THAT(proof.text, HasSubstr("timeline 1 was left for 2"));
    EXPECT_THAT(proof.text, HasSubstr(before.text));
    EXPECT_THAT(proof.text, HasSubstr("cutover_failover"));
    EXPECT_THAT(follow(2), ElementsAre("insert item(3,x)", "insert item(4,x)"));
    EXPECT_TRUE(source_->covers(applied_, before));
    // From here on the new timeline is the known one.
    EXPECT_FALSE(source_->verify_capture(origin_, applied_).failed_over);

    // What a copy has seen of the old timeline after the switch never happened here.
    const LogPoint lost{1, to_log_point(before).lsn + (1u << 30)};
    try {
        source_->covers(applied_, to_position(lost));
        FAIL() << "a lost tail was not seen";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::corrupt);
        EXPECT_EQ(error.code(), "source.behind_copy");
    }
}

/// The account is known at the standby only once the standby has replayed its creation.
TEST_F(FailoverTest, WaitsForAStandbyThatDoesNotKnowTheAccountYet) {
    start_servers(17, true);
    standby_->connect().query("SELECT pg_wal_replay_pause()");
    const fixtures::PostgresServer& standby = *standby_;
    std::thread late([&standby] {
        std::this_thread::sleep_for(std::chrono::seconds(4));
        standby.connect().query("SELECT pg_wal_replay_resume()");
    });
    start_capture();
    late.join();
    applied_ = origin_.start;
    promote();
    EXPECT_TRUE(source_->verify_capture(origin_, applied_).failed_over);
}

/// Nobody has read from the slot yet: a copy of tables takes long.
TEST_F(FailoverTest, GoesOnWithACopyThatHadJustBegun) {
    start(17, true);
    applied_ = origin_.start;
    for (int id = 1; id <= 500; ++id) {
        insert(*primary_, id);
    }
    const model::ChunkView view = source_->open_view(plan_);
    insert(*primary_, 501);
    const std::vector<model::Chunk> chunks = source_->split(plan_.tables[0], {1 << 20});
    standby_->wait_caught_up_with(*primary_);
    promote();
    insert(*standby_, 502);

    EXPECT_TRUE(source_->verify_capture(origin_, applied_).failed_over);
    EXPECT_TRUE(source_->covers(source_->current_position(), view.settled));
    EXPECT_EQ(source_->resume_mode(plan_.tables[0], chunks, view, true),
              engine::ResumeMode::remaining_chunks);
    const auto reader = source_->open_reader();
    reader->open(plan_.tables[0], chunks[0], view);
    model::RowBatch rows;
    while (reader->next(rows, {model::Bytes{1 << 20}})) {
    }
    EXPECT_EQ(rows.rows.count, 500u);
    EXPECT_EQ(follow(502).size(), 502u);  // what the view has seen is told again, and dropped later
}

TEST_F(FailoverTest, StopsWhereTheStandbyHasNoSlot) {
    start(15, false);
    applied_ = origin_.start;
    insert(*primary_, 1);
    follow(1);
    standby_->wait_caught_up_with(*primary_);
    // A standby is none that a source is read from, however long it takes.
    plan::Endpoint only = spec_.source;
    only.hosts.erase(only.hosts.begin());
    try {
        Connection::open(only, {});
        ADD_FAILURE() << "a standby was taken for a primary";
    } catch (const model::Error& away) {
        EXPECT_EQ(away.error_class(), model::ErrorClass::connection);
    }
    promote();
    const model::Error error = refusal();
    EXPECT_EQ(error.code(), "slot.missing");
    EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("cutover_failover"));
    EXPECT_THAT(error.message(), HasSubstr(applied_.text));
    EXPECT_THAT(error.hint(), HasSubstr("before PostgreSQL 17"));
}

TEST_F(FailoverTest, StopsWhereThePromotedServerIsBehindWhatWasApplied) {
    start(17, false);
    applied_ = origin_.start;
    insert(*primary_, 1);
    follow(1);
    standby_->wait_caught_up_with(*primary_);
    standby_->stop();
    insert(*primary_, 2);
    EXPECT_THAT(follow(1), ElementsAre("insert item(2,x)"));
    primary_->kill();
    standby_->start();
    standby_->promote();
    source_ = make_source(runtime_, spec_);
    const model::Error error = refusal();
    EXPECT_EQ(error.code(), "source.behind");
    EXPECT_EQ(error.error_class(), model::ErrorClass::corrupt);
    EXPECT_THAT(error.message(), HasSubstr(applied_.text));
}

TEST_F(FailoverTest, GoesOnAfterACrashOfTheServer) {
    start(17, false);
    applied_ = origin_.start;
    const auto stream = source_->open_changes(plan_, origin_, applied_, engine::LogReader::task);
    insert(*primary_, 1);
    EXPECT_EQ(take(*stream, 1).size(), 1u);
    primary_->kill_and_restart();
    try {
        for (int attempt = 0; attempt < 100; ++attempt) {
            stream->next(std::chrono::milliseconds(100));
        }
        FAIL() << "the end of the stream was not seen";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::connection) << error.what();
    }
    insert(*primary_, 2);
    source_ = make_source(runtime_, spec_);  // as the task does after a lost connection
    EXPECT_FALSE(source_->verify_capture(origin_, applied_).failed_over);
    EXPECT_THAT(follow(2), ElementsAre("insert item(1,x)", "insert item(2,x)"));
}

}  // namespace
}  // namespace cutover::postgres
