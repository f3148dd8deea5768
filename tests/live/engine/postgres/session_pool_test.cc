// Sessions that are handed on, on a real server.
#include "migrator/engine/postgres/session/session_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "fixtures/link_proxy.h"
#include "tests/support/live_postgres.h"

namespace cutover::postgres {
namespace {

class SessionPoolTest : public tests::LivePostgresOf<17> {
protected:
    void SetUp() override {
        LivePostgresOf<17>::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) {
            // Whether a session keeps this setting is asked here.
            tests::grant_replication_role(server(), accounts().mover);
            sessions_.emplace(accounts().mover.as_plan());
        }
    }
    std::string value(Connection& session, const std::string& query) {
        return session.exec(query).text(0, 0);
    }
    std::string sessions_named(const std::string& name) {
        return connect().value("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" +
                               name + "'");
    }
    void wait_for_sessions(const std::string& name, const std::string& count) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (sessions_named(name) != count && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        EXPECT_EQ(sessions_named(name), count) << name;
    }

    std::optional<SessionPool> sessions_;
};

TEST_F(SessionPoolTest, HandsASessionOnToAnotherPurposeWithoutWhatItWasUsedFor) {
    Connection first = sessions_->take("first", [](Connection& session) {
        session.exec_script("SET work_mem='77MB'; SET session_replication_role=replica");
    });
    first.exec_script("CREATE TEMPORARY TABLE mine (a int); SELECT pg_advisory_lock(5)");
    const int process = first.server_process();
    sessions_->give_back(std::move(first));

    Connection second = sessions_->take(
        "second", [](Connection& session) { session.exec("SET temp_buffers='9MB'"); });
    EXPECT_EQ(second.server_process(), process);
    EXPECT_EQ(second.application_name(), "second");
    EXPECT_NE(value(second, "SHOW work_mem"), "77MB");
    EXPECT_EQ(value(second, "SHOW session_replication_role"), "origin");
    EXPECT_EQ(value(second, "SHOW temp_buffers"), "9MB");
    EXPECT_EQ(value(second, "SHOW search_path"), "pg_catalog, pg_temp");
    EXPECT_EQ(value(second, "SELECT to_regclass('pg_temp.mine') IS NULL"), "t");
    EXPECT_EQ(value(second, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

TEST_F(SessionPoolTest, HandsASessionOnAsItIsToItsOwnPurpose) {
    int settled = 0;
    const auto settle = [&](Connection& session) {
        ++settled;
        session.exec("SET work_mem='77MB'");
    };
    sessions_->give_back(sessions_->take("other"));
    Connection first = sessions_->take("first", settle);
    const int process = first.server_process();
    sessions_->give_back(sessions_->take("other"));
    sessions_->give_back(std::move(first));
    Connection again = sessions_->take("first", settle);
    EXPECT_EQ(again.server_process(), process);
    EXPECT_EQ(value(again, "SHOW work_mem"), "77MB");
    EXPECT_EQ(settled, 1);
}

TEST_F(SessionPoolTest, KeepsNoSessionWithAnOpenTransaction) {
    Connection busy = sessions_->take("busy");
    busy.exec("BEGIN");
    sessions_->give_back(std::move(busy));
    wait_for_sessions("busy", "0");
}

TEST_F(SessionPoolTest, OpensANewSessionForOneThatWasLostMeanwhile) {
    Connection first = sessions_->take("first");
    const int process = first.server_process();
    sessions_->give_back(std::move(first));
    connect().query("SELECT pg_terminate_backend(" + std::to_string(process) + ")");
    wait_for_sessions("first", "0");
    for (const char* purpose : {"first", "second"}) {
        Connection next = sessions_->take(purpose);
        EXPECT_NE(next.server_process(), process) << purpose;
        EXPECT_EQ(value(next, "SELECT 1"), "1") << purpose;
    }
}

TEST_F(SessionPoolTest, OpensANewSessionForOneThatCannotBeMadeNew) {
    Connection first = sessions_->take("first");
    first.exec_script("SET temp_buffers='1MB'; CREATE TEMPORARY TABLE t AS SELECT 1");
    const int process = first.server_process();
    sessions_->give_back(std::move(first));
    // Refused where temporary tables have been used, whatever became of them.
    const Connection second = sessions_->take(
        "second", [](Connection& session) { session.exec("SET temp_buffers='9MB'"); });
    EXPECT_NE(second.server_process(), process);
}

TEST_F(SessionPoolTest, OpensWhatIsPreparedAndClosesWhatNobodyTook) {
    sessions_->prepare(3, "reader");
    wait_for_sessions("reader", "3");
    {
        const Connection taken = sessions_->take("reader");
        EXPECT_EQ(sessions_named("reader"), "3");
        sessions_->close_idle();
        wait_for_sessions("reader", "1");
    }
    wait_for_sessions("reader", "0");
}

class Broken : public tests::LiveServers {};

/// Whenever its connection breaks, under TLS, the whole answer is had or an error: libpq gives out
/// what has come so far (no row yet, say) as if it were whole.
TEST_F(Broken, NoPartOfAnAnswerIsTakenForAnAnswer) {
    const auto server = servers().postgres({"broken", 17, {}, fixtures::TlsUse::offered});
    plan::Endpoint through = tests::make_source_database(*server, "shop").mover.as_plan();
    fixtures::LinkProxy link({through.hosts.front().host, through.hosts.front().port});
    through.hosts.front() = {link.address().host, link.address().port};
    through.tls = plan::TlsMode::require;
    for (int round = 0; round < 300 && !HasFailure(); ++round) {
        Connection session = Connection::open(through, {});
        const std::jthread cut([&] {
            std::this_thread::sleep_for(std::chrono::microseconds(2000 + round * 14));
            link.reset_all();
        });
        try {
            for (;;) {
                session.exec("BEGIN");
                session.exec("LOCK TABLE ONLY pg_class IN ACCESS SHARE MODE");
                const Result row = session.exec_params("SELECT 7, $1::text, 'end'", {"middle"});
                EXPECT_EQ(row.rows(), 1) << "in round " << round;
                session.exec("COMMIT");
            }
        } catch (const model::Error& error) {
            EXPECT_EQ(error.error_class(), model::ErrorClass::connection) << error.what();
        }
    }
}

}  // namespace
}  // namespace cutover::postgres
