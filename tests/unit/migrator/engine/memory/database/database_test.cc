#include "migrator/engine/memory/database/database.h"

#include <gtest/gtest.h>

namespace cutover::memory {
namespace {

using model::CellKind;
using model::Tuple;

Tuple row(const std::string& id, const std::string& value) {
    Tuple tuple;
    tuple.append(CellKind::text, id);
    tuple.append(CellKind::text, value);
    return tuple;
}

class DatabaseTest : public ::testing::Test {
protected:
    DatabaseTest() : database_("one") {
        model::TableSchema schema;
        schema.name = {"app", "t"};
        schema.columns.resize(2);
        schema.columns[0].name = "id";
        schema.columns[0].type = "int";
        schema.columns[1].name = "v";
        schema.columns[1].type = "word";
        model::KeySchema key;
        key.name = "primary";
        key.columns = {0};
        key.primary = true;
        schema.keys.push_back(key);
        table_ = &database_.create_table(schema);
    }
    TransactionNumber insert(const std::string& id) {
        const TransactionNumber transaction = database_.begin();
        EXPECT_EQ(database_.insert(transaction, *table_, row(id, "x")).kind, Outcome::Kind::done);
        return transaction;
    }
    void commit(TransactionNumber transaction) { database_.commit(transaction, {}); }
    std::size_t seen(const Snapshot& snapshot) {
        std::size_t rows = 0;
        for (std::size_t place = 0; place < table_->place_count(); ++place) {
            rows += database_.sees(snapshot, *table_, table_->at(place)) ? 1 : 0;
        }
        return rows;
    }

    Database database_;
    Table* table_ = nullptr;
};

TEST_F(DatabaseTest, CommitIsInTheLogBeforeItIsVisible) {
    const TransactionNumber transaction = insert("1");
    database_.log_commit(transaction, {});
    EXPECT_EQ(database_.log().size(), 1u);
    EXPECT_EQ(seen(database_.snapshot()), 0u);
    EXPECT_EQ(seen(database_.log_snapshot()), 1u);
    EXPECT_FALSE(database_.visible_up_to(database_.end_of_log().offset));
    database_.publish(transaction);
    EXPECT_EQ(seen(database_.snapshot()), 1u);
    EXPECT_TRUE(database_.visible_up_to(database_.end_of_log().offset));
}

TEST_F(DatabaseTest, ASnapshotDoesNotSeeWhatWasRunning) {
    const TransactionNumber early = insert("1");
    const TransactionNumber late = insert("2");
    commit(late);
    const Snapshot snapshot = database_.snapshot();
    commit(early);
    EXPECT_EQ(seen(snapshot), 1u);
    EXPECT_FALSE(snapshot.sees(early));
    EXPECT_TRUE(snapshot.sees(late));
    EXPECT_EQ(Snapshot::parse(snapshot.stamp()).running, snapshot.running);
}

TEST_F(DatabaseTest, AKeyThatAnotherRunningTransactionHasTouchedIsWaitedFor) {
    const TransactionNumber first = insert("1");
    const TransactionNumber second = database_.begin();
    EXPECT_EQ(database_.insert(second, *table_, row("1", "y")).kind, Outcome::Kind::blocked);
    commit(first);
    EXPECT_EQ(database_.insert(second, *table_, row("1", "y")).kind, Outcome::Kind::duplicate);
    // Removed by one that runs: it may come back.
    const TransactionNumber remover = database_.begin();
    database_.remove(remover, *table_, 0);
    EXPECT_EQ(database_.insert(second, *table_, row("1", "y")).kind, Outcome::Kind::blocked);
    commit(remover);
    EXPECT_EQ(database_.insert(second, *table_, row("1", "y")).kind, Outcome::Kind::done);
}

TEST_F(DatabaseTest, ASavepointTakesBackRowsAndTheTruncate) {
    commit(insert("1"));
    const TransactionNumber transaction = database_.begin();
    const std::size_t savepoint = database_.savepoint(transaction);
    database_.truncate(transaction, {table_});
    database_.insert(transaction, *table_, row("1", "y"));
    database_.rollback_to(transaction, savepoint);
    commit(transaction);
    EXPECT_EQ(seen(database_.snapshot()), 1u);
    EXPECT_TRUE(table_->truncations.empty());
    EXPECT_TRUE(database_.log().back().changes.empty());
}

TEST_F(DatabaseTest, AnOlderViewOfAnEmptiedTableIsEmpty) {
    commit(insert("1"));
    const Snapshot before = database_.snapshot();
    const TransactionNumber transaction = database_.begin();
    database_.truncate(transaction, {table_});
    commit(transaction);
    EXPECT_EQ(seen(before), 0u);
}

TEST_F(DatabaseTest, AFailoverUndoesWhatTheStandbyHasNotReceived) {
    commit(insert("1"));
    database_.add_standby();
    const TransactionNumber kept = insert("2");
    commit(kept);
    database_.create_slot("slot", true);
    database_.standby_receives(database_.end_of_log().offset);
    const std::uint64_t fork = database_.end_of_log().offset;
    const TransactionNumber remover = database_.begin();
    database_.remove(remover, *table_, 0);
    commit(remover);
    database_.vacuum();
    database_.fail_over();
    EXPECT_EQ(seen(database_.snapshot()), 2u);
    EXPECT_EQ(database_.timeline(), 2u);
    EXPECT_EQ(database_.timeline_ends(), (std::vector<std::uint64_t>{fork}));
    EXPECT_TRUE(database_.slots().contains("slot"));
    EXPECT_EQ(database_.begin(), kept + 1) << "numbers that never happened are given again";
}

TEST_F(DatabaseTest, ASlotThatTheStandbyDoesNotKnowIsGoneAfterAFailover) {
    database_.add_standby();
    commit(insert("1"));
    database_.create_slot("slot", true);
    database_.fail_over();
    EXPECT_TRUE(database_.slots().empty());
}

TEST_F(DatabaseTest, ASlotKeepsTheLogUntilItIsTakenByForce) {
    database_.create_slot("slot", true);
    commit(insert("1"));
    database_.trim_log();
    EXPECT_EQ(database_.log().size(), 1u);
    database_.trim_log(true);
    EXPECT_TRUE(database_.log().empty());
    EXPECT_TRUE(database_.slots().at("slot").lost);
}

TEST_F(DatabaseTest, VacuumKeepsWhatAnOpenViewSees) {
    commit(insert("1"));
    const std::uint64_t view = database_.open_view(database_.snapshot());
    const TransactionNumber remover = database_.begin();
    database_.remove(remover, *table_, 0);
    commit(remover);
    database_.vacuum();
    EXPECT_NE(table_->at(0).created, 0u);
    database_.close_view(view);
    database_.vacuum();
    EXPECT_EQ(table_->at(0).created, 0u);
}

}  // namespace
}  // namespace cutover::memory
