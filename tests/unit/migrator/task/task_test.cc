// What the state machine decides, on engine/memory: which phase comes when, what is tried again,
// what ends the task, and when keys are added.
#include "migrator/task/task.h"

#include <gtest/gtest.h>

#include "migrator/engine/memory/engine.h"
#include "migrator/model/error.h"
#include "migrator/task/finish_options.h"
#include "tests/unit/migrator/stage/memory_ground.h"

namespace cutover::task {
namespace {

using engine::TaskPhase;

class TaskTest : public ::testing::Test, protected stage::MemoryGround {
protected:
    explicit TaskTest(const engine::SinkTraits& traits = {}) : MemoryGround(traits) {
        make("table app t id:int:notnull u:int");
        make("key app t primary primary id");
        make("key app t unique0 unique u");
        insert("t", {{"1", "10"}, {"2", "20"}});
        memory::add_engine(registry_, net_, runtime_);
        registry_.add_route("memory", "memory", std::make_unique<route::MemoryToMemory>(traits_));
        spec_.heartbeat = std::chrono::seconds(0);
    }
    Outcome run() {
        Task task(runtime_, registry_, spec_, heard_);
        stop_task_ = [&task] { task.stop_signal().request(); };
        return task.run();
    }
    std::vector<TaskPhase> phases() {
        std::vector<TaskPhase> phases;
        for (const stage::PhaseStarted& one : heard_.all<stage::PhaseStarted>()) {
            phases.push_back(one.phase);
        }
        return phases;
    }
    /// Posts `finish` as soon as the log is followed. After at_point_ has been set.
    void finish_when_it_follows() {
        at_point_ = [this, before = at_point_, posted = false](std::string_view point,
                                                               int times) mutable {
            before(point, times);
            if (point == "stream.next" && !std::exchange(posted, true)) {
                FinishOptions options;
                options.quiet = std::chrono::milliseconds(10);
                operator_sink_ =
                    std::make_unique<memory::MemorySink>(runtime_, net_, spec_, nullptr);
                operator_control_ = operator_sink_->open_control();
                operator_control_->post_command(spec_.name, {0, "finish", to_argument(options)});
            }
        };
    }
    bool has_reference() {
        const std::lock_guard lock(destination_server_->database.mutex());
        const memory::Table* child = destination_server_->database.find_table({"app", "child"});
        return child != nullptr && !child->schema().foreign_keys.empty();
    }

    engine::Registry registry_;
    std::function<void()> stop_task_;
    std::unique_ptr<engine::Sink> operator_sink_;
    std::unique_ptr<engine::Control> operator_control_;
};

TEST_F(TaskTest, GoesThroughItsPhasesAndFencesItselfOff) {
    finish_when_it_follows();
    EXPECT_EQ(run(), Outcome::finished);
    EXPECT_EQ(phases(), (std::vector<TaskPhase>{TaskPhase::created, TaskPhase::schema,
                                                TaskPhase::full, TaskPhase::keys,
                                                TaskPhase::incremental, TaskPhase::finished}));
    EXPECT_EQ(rows_at_destination("t"), 2u);
    EXPECT_EQ(task_rows().record.phase, TaskPhase::finished);
    EXPECT_FALSE(task_rows().record.cutover.empty());
}

TEST_F(TaskTest, CompletesWithoutTheIncrementalPhase) {
    spec_.phases.incremental = false;
    EXPECT_EQ(run(), Outcome::completed);
    EXPECT_EQ(task_rows().record.phase, TaskPhase::finished);
    EXPECT_FALSE(task_rows().record.origin);
    EXPECT_EQ(passed("source.create_capture"), 0);
}

/// All connections are given up, the claim is taken anew, and the copy goes on where it was.
TEST_F(TaskTest, TriesAgainWhatMayPassAndClaimsAnew) {
    spec_.phases.incremental = false;
    at_point_ = [](std::string_view point, int times) {
        if (point == "chunk.read" && times == 1) {
            throw model::Error(model::ErrorClass::connection, "test.gone", "gone")
                .at(model::Side::source);
        }
    };
    EXPECT_EQ(run(), Outcome::completed);
    EXPECT_EQ(heard_.all<stage::Retrying>().size(), 1u);
    EXPECT_EQ(heard_.all<stage::Started>().size(), 1u);
    const engine::TaskRecord record = task_rows().record;
    EXPECT_EQ(record.epoch, record.born + 2);
    EXPECT_EQ(record.starts, 1u);
    EXPECT_EQ(rows_at_destination("t"), 2u);
}

TEST_F(TaskTest, DoesNotTryAgainWhatWillFailAgainAndLeavesTheReason) {
    at_point_ = [](std::string_view point, int) {
        if (point == "chunk.read") {
            throw model::Error(model::ErrorClass::corrupt, "test.corrupt",
                               "what is there is wrong");
        }
    };
    EXPECT_THROW(run(), model::Error);
    EXPECT_TRUE(heard_.all<stage::Retrying>().empty());
    EXPECT_EQ(heard_.all<stage::Failed>().size(), 1u);
    EXPECT_NE(task_rows().record.last_error.find("what is there is wrong"), std::string::npos);
    EXPECT_EQ(task_rows().record.phase, TaskPhase::full);
}

TEST_F(TaskTest, GoesOnWhereItWasStopped) {
    at_point_ = [this](std::string_view point, int times) {
        if (point == "task.full_done" && times == 1) {
            stop_task_();
        }
    };
    EXPECT_EQ(run(), Outcome::stopped);
    const int copied = passed("chunk.committed");
    EXPECT_EQ(copied, 1);
    finish_when_it_follows();
    EXPECT_EQ(run(), Outcome::finished);
    EXPECT_EQ(passed("chunk.committed"), copied);
    EXPECT_EQ(passed("task.capture_created"), 1);
    EXPECT_EQ(task_rows().record.starts, 2u);
}

/// It would be lost if the program died in between: the slot would hold the log for ever.
TEST_F(TaskTest, RecordsTheCaptureBeforeItGoesOn) {
    bool looked = false;
    at_point_ = [&](std::string_view point, int times) {
        if (point == "schema.step" && times == 1) {
            looked = true;
            ASSERT_TRUE(task_rows().record.origin);
            EXPECT_EQ(task_rows().record.marker.position, task_rows().record.origin->start);
        }
    };
    finish_when_it_follows();
    EXPECT_EQ(run(), Outcome::finished);
    EXPECT_TRUE(looked);
}

class RowByRowTask : public TaskTest {
protected:
    static engine::SinkTraits row_by_row() {
        engine::SinkTraits traits;
        traits.atomic = false;
        traits.foreign_keys = engine::ForeignKeys::none;
        return traits;
    }
    RowByRowTask() : TaskTest(row_by_row()) {}
};

TEST_F(RowByRowTask, RefusesTablesWithoutAKeyBeforeItClaimsAnything) {
    make("table app heap v:int");
    try {
        run();
        ADD_FAILURE();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "plan.blocked");
        EXPECT_NE(error.message().find("app.heap"), std::string::npos);
    }
    EXPECT_EQ(passed("control.claim"), 0);
}

/// What was applied beyond the marker must be on the server that has taken over, too.
TEST_F(RowByRowTask, StopsIfTheSourceThatAnswersNowLacksWhatWasWritten) {
    spec_.limits.batch_transactions = 1;
    source_server_->database.add_standby();
    at_point_ = [this](std::string_view point, int times) {
        if (point == "stream.next" && times == 1) {
            source_server_->database.standby_receives(source_server_->database.end_of_log().offset);
            insert("t", {{"3", "30"}});
        } else if (point == "applier.marker" && times == 1) {
            source_server_->break_sessions();
            source_server_->database.fail_over();
            throw model::Error(model::ErrorClass::connection, "test.gone", "gone");
        }
    };
    try {
        run();
        ADD_FAILURE();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::corrupt);
    }
    EXPECT_TRUE(heard_.all<stage::FailoverProved>().empty());
}

class HeldTask : public TaskTest {
protected:
    static engine::SinkTraits held(bool held) {
        engine::SinkTraits traits;
        traits.foreign_keys = held ? engine::ForeignKeys::held : engine::ForeignKeys::ignored;
        return traits;
    }
    explicit HeldTask(bool held = true) : TaskTest(HeldTask::held(held)) {
        make("table app child id:int:notnull t:int");
        make("key app child primary primary id");
        make("reference app child parent t app t id");
        insert("child", {{"7", "1"}});
    }
    /// Whether the key was there when the first batch of the log was committed.
    bool there_beside_the_log() {
        bool there = false;
        at_point_ = [&](std::string_view point, int times) {
            if (point == "stream.next" && times == 1) {
                insert("child", {{"8", "2"}});
            } else if (point == "batch.committed") {
                there = has_reference();
            }
        };
        finish_when_it_follows();
        EXPECT_EQ(run(), Outcome::finished);
        EXPECT_EQ(rows_at_destination("child"), 2u);
        EXPECT_TRUE(has_reference());
        return there;
    }
};
class FreeTask : public HeldTask {
protected:
    FreeTask() : HeldTask(false) {}
};

TEST_F(HeldTask, AddsForeignKeysAtTheCutover) {
    EXPECT_FALSE(there_beside_the_log());
}

TEST_F(FreeTask, AddsForeignKeysBesideTheLogWhereWritersAreNotHeldToThem) {
    EXPECT_TRUE(there_beside_the_log());
}

}  // namespace
}  // namespace cutover::task
