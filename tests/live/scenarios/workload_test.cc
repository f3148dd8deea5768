// Workloads against a real server: what they write is found whole, what is damaged is seen, and a
// server that dies under them costs no certainty.
#include "scenarios/workload/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "fixtures/data/dataset.h"
#include "migrator/model/error.h"
#include "tests/support/live_postgres.h"

namespace cutover::scenarios {
namespace {

using fixtures::PostgresClient;
using fixtures::PostgresEndpoint;
using Names = std::vector<std::string>;
constexpr auto kKept = SourceDurability::kept;

WorkloadOptions options(const std::string& name, std::uint32_t connections = 2) {
    WorkloadOptions chosen;
    chosen.name = name;
    chosen.connections = connections;
    chosen.seed = 42;
    return chosen;
}

void write_until(Workload& workload, std::uint64_t transactions) {
    for (int waited = 0; workload.metrics().transactions.ok < transactions && waited < 600;
         ++waited) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_GE(workload.metrics().transactions.ok, transactions);
}

Names broken(const WorkloadVerdict& verdict) {
    Names names;
    for (const auto* checks : {&verdict.checks, &verdict.ledger.checks}) {
        for (const Check& check : *checks) {
            if (!check.passed) {
                names.push_back(check.name + "@" + check.side);
            }
        }
    }
    return names;
}

class WorkloadTest : public tests::LivePostgres {
protected:
    WorkloadEnd source() { return {endpoint().as_plan(), "work"}; }

    /// Writes `transactions` with the workload, stops it and copies the database.
    WorkloadEnd written_and_copied(Workload& workload, std::uint64_t transactions) {
        workload.setup(source());
        workload.start();
        write_until(workload, transactions);
        workload.stop();
        return copy();
    }

    WorkloadEnd copy() {
        copy_ = make_database("copy");
        PostgresClient admin(endpoint().in_database("postgres"));
        admin.query("DROP DATABASE " + copy_.database + " WITH (FORCE)");
        admin.query("CREATE DATABASE " + copy_.database + " TEMPLATE " + endpoint().database);
        return {copy_.as_plan(), "work"};
    }

    void at_copy(const std::string& sql) { PostgresClient(copy_).query(sql); }

    /// What check() says is broken after `damage` was done to a faithful copy.
    Names after(const std::string& name, const std::string& damage) {
        const auto workload = make_workload(options(name));
        const WorkloadEnd destination = written_and_copied(*workload, 60);
        EXPECT_EQ(broken(workload->check(source(), destination, kKept)), Names{});
        at_copy(damage);
        return broken(workload->check(source(), destination, kKept));
    }

private:
    PostgresEndpoint copy_;
};

TEST_F(WorkloadTest, BankSeesMoneyThatWasMade) {
    EXPECT_EQ(after("bank", "UPDATE work.bank_account SET balance = balance + 1 WHERE id = 3"),
              (Names{"bank.total@destination", "bank.explained@destination"}));
}

TEST_F(WorkloadTest, BankSeesHalfATransfer) {
    EXPECT_EQ(
        after("bank",
              "WITH t AS (SELECT * FROM work.bank_transfer LIMIT 1) UPDATE work.bank_account a SET"
              " balance = balance + t.amount, moves = moves - 1 FROM t WHERE a.id = t.payer"),
        (Names{"bank.total@destination", "bank.explained@destination"}));
}

TEST_F(WorkloadTest, RingSeesALinkOfAnotherTime) {
    EXPECT_EQ(
        after("ring",
              "UPDATE work.ring_node SET next = (SELECT next FROM work.ring_node WHERE id = 1)"
              " WHERE id = 0"),
        Names{"ring.intact@destination"});
}

TEST_F(WorkloadTest, RandomDdlSeesRowsThatAreLost) {
    EXPECT_EQ(
        after("random_ddl",
              "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relname ~"
              " '^ddl_0_' AND relkind = 'r' LOOP EXECUTE 'DELETE FROM work.' || t; END LOOP; END "
              "$$"),
        Names{"random_ddl.count@destination"});
}

TEST_F(WorkloadTest, AppendSeesAnEntryAppliedTwice) {
    EXPECT_EQ(after("append", "UPDATE work.append_head SET entries = entries + 1 WHERE writer = 0"),
              Names{"append.head@destination"});
}

TEST_F(WorkloadTest, AppendSeesUpdatesOutOfOrder) {
    EXPECT_EQ(after("append",
                    "UPDATE work.append_head SET recent[1] = recent[2], recent[2] = recent[1]"
                    " WHERE writer = 0"),
              Names{"append.order@destination"});
}

TEST_F(WorkloadTest, LedgerSeesATransactionLostWhole) {
    EXPECT_EQ(after("ring",
                    "DELETE FROM work.ring_receipt WHERE (writer, number) = (0, 7);"
                    "DELETE FROM work.ring_echo WHERE (writer, number) = (0, 7)"),
              (Names{"ledger.ring.lost@destination", "ledger.ring.missing@destination"}));
}

TEST_F(WorkloadTest, LedgerSeesARowAppliedTwice) {
    EXPECT_EQ(
        after("append", "INSERT INTO work.append_echo SELECT * FROM work.append_echo LIMIT 1"),
        Names{"ledger.append.doubled@destination"});
}

TEST_F(WorkloadTest, LedgerSeesATransactionThatWasRolledBack) {
    const auto workload = make_workload(options("bank", 1));
    const WorkloadEnd destination = written_and_copied(*workload, 200);
    ASSERT_GT(workload->metrics().transactions.failed, 0U);
    at_copy(
        "INSERT INTO work.bank_receipt SELECT 0, n, 0 FROM generate_series(1, 200) AS n"
        " ON CONFLICT DO NOTHING");
    const Names found = broken(workload->check(source(), destination, kKept));
    EXPECT_NE(std::find(found.begin(), found.end(), "ledger.bank.phantom@destination"),
              found.end());
}

TEST_F(WorkloadTest, RandomDmlTouchesTheWholeDataset) {
    fixtures::load_dataset(endpoint().as_plan(), {.name = "small"});
    auto chosen = options("random_dml", 4);
    const auto workload = make_workload(chosen);
    const WorkloadEnd destination = written_and_copied(*workload, 600);
    EXPECT_EQ(broken(workload->check(source(), destination, kKept)), Names{});
    const WorkloadMetrics metrics = workload->metrics();
    for (const auto& [what, times] : metrics.more) {
        std::cout << "  " << what << ": " << times << "\n";
    }
    EXPECT_LT(metrics.transactions.failed, metrics.transactions.ok / 3)
        << "most transactions should succeed";
    auto client = connect();
    EXPECT_EQ(client.value("SELECT string_agg(s.relname, ' ') FROM pg_stat_user_tables s JOIN "
                           "pg_class c ON c.oid ="
                           " relid AND relkind = 'r' WHERE schemaname IN"
                           " ('shop', 'Odd Schema') AND n_tup_ins + n_tup_upd + n_tup_del = 0"
                           " AND s.relname <> 'empty_one'"),
              "");
}

TEST_F(WorkloadTest, RandomDmlWantsADataset) {
    const auto workload = make_workload(options("random_dml"));
    EXPECT_THROW(workload->setup(source()), model::Error);
}

TEST_F(WorkloadTest, WritesTheSameForTheSameSeed) {
    std::string digests[2];
    for (std::string& digest : digests) {
        auto chosen = options("bank", 1);
        const auto workload = make_workload(chosen);
        workload->setup(source());
        workload->start();
        write_until(*workload, 50);
        workload->stop();
        digest = connect().value(
            "SELECT md5(string_agg(t::text, '|' ORDER BY number)) FROM work.bank_transfer t"
            " WHERE number <= 50");
        connect().query("DROP SCHEMA work CASCADE");
    }
    EXPECT_EQ(digests[0], digests[1]);
}

TEST_F(WorkloadTest, GoesOnWhereItStopped) {
    const auto workload = make_workload(options("append"));
    workload->setup(source());
    for (const std::uint64_t goal : {40U, 80U}) {
        workload->start();
        write_until(*workload, goal);
        workload->stop();
    }
    EXPECT_EQ(broken(workload->check(source(), source(), kKept)), Names{});
    EXPECT_GT(workload->record().metrics.at("latency_p99_ms"), 0);
}

TEST_F(WorkloadTest, CallsATableThatIsNotThereBroken) {
    EXPECT_EQ(after("bank", "DROP TABLE work.bank_account CASCADE"),
              Names{"bank.readable@destination"});
    const Names names = after("append", "DROP TABLE work.append_receipt");
    EXPECT_THAT(names, testing::Contains("ledger.append.readable@destination"));
    EXPECT_THAT(names, testing::Contains("ledger.append.lost@destination"));
}

TEST_F(WorkloadTest, KeepsItsPace) {
    auto chosen = options("append");
    chosen.transactions_per_second = 50;
    const auto workload = make_workload(chosen);
    workload->setup(source());
    workload->start();
    const auto began = std::chrono::steady_clock::now();
    write_until(*workload, 60);
    const auto took = std::chrono::steady_clock::now() - began;
    workload->stop();
    EXPECT_GE(took, std::chrono::seconds(1));  // 60 at 50 a second, however quick the server
}

TEST_F(WorkloadTest, SampleSeesATornState) {
    const auto workload = make_workload(options("bank"));
    workload->setup(source());
    ASSERT_EQ(workload->sample(source(), "destination while running").size(), 1U);
    EXPECT_TRUE(workload->sample(source(), "destination while running")[0].passed);
    connect().query("UPDATE work.bank_account SET balance = balance - 5 WHERE id = 0");
    const auto checks = workload->sample(source(), "destination while running");
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].name, "bank.total");
    EXPECT_EQ(checks[0].side, "destination while running");
    EXPECT_FALSE(checks[0].passed);
}

class WorkloadFaults : public tests::LiveServers {};

TEST_F(WorkloadFaults, KnowsWhatACrashedServerHadAcknowledged) {
    fixtures::PostgresSpec spec;
    spec.name = "crashing";
    const auto server = servers().postgres(spec);
    const WorkloadEnd end{server->endpoint().as_plan(), "work"};
    const auto workload = make_workload(options("append", 4));
    workload->setup(end);
    workload->start();
    for (int crash = 1; crash <= 3; ++crash) {
        write_until(*workload, workload->metrics().transactions.ok + 150);
        server->kill_and_restart();
    }
    write_until(*workload, workload->metrics().transactions.ok + 150);
    workload->stop();
    EXPECT_EQ(broken(workload->check(end, end, kKept)), Names{});
    EXPECT_GE(workload->metrics().reconnects, 3U);
    EXPECT_EQ(workload->metrics().transactions.pending, 0U);
}

TEST_F(WorkloadFaults, FollowsThePromotedServer) {
    fixtures::PostgresSpec spec;
    spec.name = "leader";
    const auto primary = servers().postgres(spec);
    const auto standby =
        servers().standby_of(*primary, {.name = "follower", .failover_slots = true});
    WorkloadEnd end{primary->endpoint().as_plan(), "work"};
    end.endpoint.hosts.push_back(standby->endpoint().as_plan().hosts.at(0));
    const auto workload = make_workload(options("bank", 4));
    workload->setup(end);
    workload->start();
    write_until(*workload, 200);
    primary->kill();
    standby->promote();
    write_until(*workload, workload->metrics().transactions.ok + 200);
    workload->stop();
    // The standby was asynchronous: the source may lack what it acknowledged last, nothing else.
    EXPECT_EQ(broken(workload->check(end, end, SourceDurability::may_lose)), Names{});
}

}  // namespace
}  // namespace cutover::scenarios
