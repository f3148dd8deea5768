// How the incremental stage makes batches of transactions, on engine/memory: where one ends, what
// is stored before it, where the stage stops; and what it takes for granted after a crash.
#include <gtest/gtest.h>

#include <atomic>

#include "migrator/model/error.h"
#include "migrator/stage/incremental_stage.h"
#include "tests/unit/migrator/stage/memory_ground.h"

namespace cutover::stage {
namespace {

engine::SinkTraits row_by_row() {
    engine::SinkTraits traits;
    traits.atomic = false;
    return traits;
}
engine::SinkTraits small() {
    engine::SinkTraits traits;
    traits.largest_batch = {6};
    return traits;
}

class Batches : public ::testing::Test, protected MemoryGround {
protected:
    explicit Batches(const engine::SinkTraits& traits = {}) : MemoryGround(traits) {
        spec_.limits.batch_delay = std::chrono::minutes(1);
        spec_.limits.batch_transactions = 1000;
        make("table app t id:int:notnull v:text");
        make("key app t primary primary id");
        begin();
    }
    IncrementalEnd follow() {
        Context context = this->context();
        IncrementalStage stage(context);
        stage.finish_at(source_->current_position());
        source_->heartbeat();
        return stage.run();
    }
};

TEST_F(Batches, AreWholeTransactionsWithOneMarker) {
    for (int transaction = 0; transaction < 5; ++transaction) {
        insert("t", numbered(transaction * 10, transaction * 10 + 10));
    }
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(rows_at_destination("t"), 50u);
    EXPECT_EQ(task_rows().record.marker.transactions, 5u);
    EXPECT_EQ(passed("batch.committed"), 1);
}

TEST_F(Batches, EndAfterAsManyTransactionsAsTheLimitSays) {
    plan_.spec.limits.batch_transactions = 2;
    for (int transaction = 0; transaction < 6; ++transaction) {
        insert("t", numbered(transaction, transaction + 1));
    }
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(passed("batch.committed"), 3);
}

TEST_F(Batches, NothingIsAppliedIfTheStageIsToStopAtMore) {
    insert("t", numbered(0, 1));
    Context context = this->context();
    IncrementalStage stage(context);
    stage.stop_at_more();
    EXPECT_EQ(stage.run(), IncrementalEnd::more);
    EXPECT_EQ(stage.more().tables, std::vector<model::TableIndex>{0});
    EXPECT_EQ(rows_at_destination("t"), 0u);
}

/// What was begun is brought to its end first.
TEST_F(Batches, AreDrainedWhenTheTaskIsToStop) {
    insert("t", numbered(0, 3));
    Context context = this->context();
    IncrementalStage stage(context);
    context.tick = [&] {
        if (stage.transactions_seen() > 0) {
            stop_.request();
        }
    };
    try {
        stage.run();
        ADD_FAILURE();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::stopped);
    }
    EXPECT_EQ(rows_at_destination("t"), 3u);
    EXPECT_EQ(task_rows().record.marker.transactions, 1u);
}

/// The source must not forget what is not durable yet.
TEST_F(Batches, AreAcknowledgedOnceTheyAreDurable) {
    insert("t", numbered(0, 3));
    int looked = 0;
    source_server_->on_acknowledge = [&](const std::string&, memory::LogPlace place) {
        ++looked;
        const model::Position durable = task_rows().record.marker.position;
        EXPECT_LE(place.offset, memory::LogPlace::parse(durable).offset);
    };
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_GT(looked, 0);
}

TEST_F(Batches, StoreNoReachWhereTheMarkerComesWithTheRows) {
    insert("t", numbered(0, 3));
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_TRUE(record_.reach.empty());
}

class SmallBatches : public Batches {
protected:
    SmallBatches() : Batches(small()) {}
};

TEST_F(SmallBatches, ComeInPartsOfATransactionThatIsLargerThanTheDestinationTakes) {
    insert("t", numbered(0, 20));
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(rows_at_destination("t"), 20u);
    EXPECT_GE(passed("batch.staged"), 4);
    EXPECT_EQ(passed("batch.committed"), 1);
}

class BatchesRowByRow : public Batches {
protected:
    BatchesRowByRow() : Batches(row_by_row()) {}
    void crash_before_the_marker() {
        at_point_ = [](std::string_view point, int) {
            if (point == "applier.marker") {
                throw model::Error(model::ErrorClass::connection, "test.gone", "gone");
            }
        };
        EXPECT_THROW(follow(), model::Error);
        at_point_ = [](std::string_view, int) {};
    }
};

TEST_F(BatchesRowByRow, StoreHowFarTheyReachBeforeTheirFirstRow) {
    insert("t", numbered(0, 3));
    const std::uint64_t end = source_server_->database.end_of_log().offset;
    bool looked = false;
    at_point_ = [&](std::string_view point, int times) {
        if (point == "rows.put" && times == 1) {
            looked = true;
            EXPECT_EQ(memory::LogPlace::parse(task_rows().record.reach).offset, end);
            EXPECT_EQ(task_rows().record.marker.transactions, 0u);
        }
    };
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_TRUE(looked);
}

/// After a crash between rows and marker the same rows come again: as far as that was known, they
/// are no contradiction.
TEST_F(BatchesRowByRow, ComeAgainAsFarAsTheyHaveReached) {
    insert("t", numbered(0, 3));
    crash_before_the_marker();
    EXPECT_EQ(rows_at_destination("t"), 3u);
    EXPECT_EQ(task_rows().record.marker.transactions, 0u);
    reopen();
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(rows_at_destination("t"), 3u);
    EXPECT_EQ(task_rows().record.marker.transactions, 1u);
}

TEST_F(BatchesRowByRow, AreAContradictionWhereNobodyHasReached) {
    insert("t", numbered(0, 3));
    crash_before_the_marker();
    record_.reach = {};
    control_->save(record_);
    reopen();
    try {
        follow();
        ADD_FAILURE();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::corrupt);
    }
}

/// Of two crashes the first may have reached farther.
TEST_F(BatchesRowByRow, NeverForgetThatAPredecessorHasReachedFarther) {
    insert("t", numbered(0, 1));
    insert("t", numbered(1, 2));
    record_.reach = source_->current_position();
    control_->save(record_);
    plan_.spec.limits.batch_transactions = 1;
    const model::Position reach = record_.reach;
    std::atomic<bool> looked = false;
    at_point_ = [&](std::string_view point, int) {
        if (point == "rows.put" || point == "control.save") {
            looked = true;
            EXPECT_TRUE(source_->covers(task_rows().record.reach, reach));
        }
    };
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_TRUE(looked);
    EXPECT_TRUE(source_->covers(task_rows().record.reach, reach));
}

}  // namespace
}  // namespace cutover::stage
