// What a task's own memory at its destination must hold, whatever engine keeps it: one process has
// a task, what it hears, and what a process that had it may still do.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/contract/sink_contract.h"

namespace cutover::contract {

using engine::TaskPhase;
using model::ErrorClass;

TEST_P(SinkContract, ATaskIsClaimedByOneProcessAtATime) {
    const auto other_sink = end_->open_sink();
    const auto other = other_sink->open_control();
    const std::string& task = end_->plan().spec.name;
    EXPECT_EQ(error_of([&] { other->claim(task, kFingerprint); }), ErrorClass::refused);
    control_.reset();
    const std::uint64_t epoch = other->load(task)->epoch;
    EXPECT_EQ(other->claim(task, kFingerprint).epoch, epoch + 1);
}

TEST_P(SinkContract, AListenerHoldsTheTaskForItsProcess) {
    const std::string& task = end_->plan().spec.name;
    const engine::TaskRecord record = *control_->load(task);
    const auto listening = end_->open_sink();
    auto ear = listening->open_control();
    ear->listen(task, record.epoch, "process");
    control_.reset();  // between two tries
    const auto other_sink = end_->open_sink();
    const auto other = other_sink->open_control();
    EXPECT_TRUE(other->is_held(task));
    EXPECT_EQ(error_of([&] {
                  other->claim(task, kFingerprint, {"another", 0});
              }),
              ErrorClass::refused);
    const auto again = sink_->open_control();
    EXPECT_EQ(again->claim(task, kFingerprint, {"process", record.born}).epoch, record.epoch + 1);
    ear.reset();
    EXPECT_TRUE(other->is_held(task));
    EXPECT_FALSE(again->is_held(task));  // by another
}

TEST_P(SinkContract, WhatWasReleasedIsNotBegunAnewByAProcessThatHadIt) {
    const std::string& task = end_->plan().spec.name;
    const engine::TaskRecord record = *control_->load(task);
    control_->release(task);
    control_.reset();
    const auto again = sink_->open_control();
    EXPECT_EQ(error_of([&] {
                  again->claim(task, kFingerprint, {"process", record.born});
              }),
              ErrorClass::refused);
    EXPECT_FALSE(again->load(task));
    const auto namesake = end_->open_sink();
    namesake->open_control()->claim(task, kFingerprint);
    EXPECT_EQ(error_of([&] {
                  again->claim(task, kFingerprint, {"process", record.born});
              }),
              ErrorClass::refused);
}

TEST_P(SinkContract, AClaimOfAReleasedTaskDoesNotFitItsNamesake) {
    const std::string& task = end_->plan().spec.name;
    const std::uint64_t epoch = control_->load(task)->epoch;
    const auto other_sink = end_->open_sink();
    control_->release(task);
    control_.reset();
    const auto namesake = other_sink->open_control();
    EXPECT_GT(namesake->claim(task, kFingerprint).epoch, epoch);
    // A lane that comes to it only now: those with a session lose that with the release.
    EXPECT_EQ(error_of([&] {
                  const auto late = sink_->open_applier(end_->plan());
                  late->begin();
                  late->commit(marker_);
              }),
              ErrorClass::stopped);
}

TEST_P(SinkContract, ATaskThatHasMovedNothingIsCorrected) {
    engine::TaskRecord record = *control_->load(end_->plan().spec.name);
    record.phase = TaskPhase::schema;
    record.origin = engine::CaptureOrigin{"identity", {"start", "start"}};
    record.marker.position = record.origin->start;
    control_->save(record);
    control_->save_marker(record.marker);
    plan::Plan plan = end_->plan();
    ASSERT_GE(plan.schema_steps.size(), 2u);
    plan.fingerprint = "corrected";
    const std::string worded_anew = plan.schema_steps[0].id;
    const std::string kept = plan.schema_steps[1].id;
    plan.schema_steps[0].statement += " ";
    EXPECT_EQ(control_->correct(plan), std::vector<std::string>{worded_anew});
    const engine::TaskRecord now = *control_->load(plan.spec.name);
    EXPECT_EQ(now.fingerprint, "corrected");
    EXPECT_EQ(now.phase, TaskPhase::created);
    EXPECT_FALSE(now.origin);
    EXPECT_TRUE(now.marker.position.empty());
    const std::vector<std::string> done = control_->done_schema_steps();
    EXPECT_EQ(std::count(done.begin(), done.end(), worded_anew), 0);
    EXPECT_EQ(std::count(done.begin(), done.end(), kept), 1);
}

TEST_P(SinkContract, ATaskThatMovesRowsIsRefusedWithAnotherPlan) {
    engine::TaskRecord record = *control_->load(end_->plan().spec.name);
    record.phase = TaskPhase::full;
    control_->save(record);
    plan::Plan plan = end_->plan();
    plan.fingerprint = "corrected";
    EXPECT_EQ(error_of([&] { control_->correct(plan); }), ErrorClass::refused);
    EXPECT_EQ(control_->load(plan.spec.name)->fingerprint, kFingerprint);
    control_.reset();
    const auto next = sink_->open_control();
    EXPECT_EQ(error_of([&] { next->claim(plan.spec.name, "corrected"); }), ErrorClass::refused);
}

TEST_P(SinkContract, PhaseOriginAndViewAreKept) {
    engine::TaskRecord record = *control_->load(end_->plan().spec.name);
    record.phase = TaskPhase::full;
    record.origin = engine::CaptureOrigin{"identity", {"3", "three"}};
    record.copy_view = model::ChunkView{{"stamp", "s"}, {"4", "four"}};
    record.reach = {"5", "five"};
    control_->save(record);
    const auto stored = control_->load(end_->plan().spec.name);
    EXPECT_EQ(stored->phase, TaskPhase::full);
    ASSERT_TRUE(stored->origin && stored->copy_view);
    EXPECT_EQ(stored->origin->identity, "identity");
    EXPECT_EQ(stored->origin->start.bytes, "3");
    EXPECT_EQ(stored->copy_view->stamp.bytes, "stamp");
    EXPECT_EQ(stored->copy_view->settled.bytes, "4");
    EXPECT_TRUE(traits_.atomic || stored->reach.bytes == "5");
}

/// Beside the control that holds the claim, so that it is heard whatever that one waits for.
TEST_P(SinkContract, ASecondControlHearsCommandsUnderTheClaimOfTheFirst) {
    const auto sink = end_->open_sink();
    const auto ear = sink->open_control();
    const std::optional<engine::TaskRecord> record = control_->load("contract");
    ASSERT_TRUE(record);
    ear->listen("contract", record->epoch, "process");
    engine::Command command;
    command.verb = "pause";
    const std::uint64_t id = ear->post_command("contract", command);
    ASSERT_EQ(ear->pending_commands().size(), 1u);
    ear->answer_command(id, "{}");
    ear->publish_status("{}");
    EXPECT_EQ(control_->command_answer(id), "{}");
    const auto other_sink = end_->open_sink();
    EXPECT_EQ(error_of([&] { other_sink->open_control()->claim("contract", "x"); }),
              ErrorClass::refused);
    EXPECT_EQ(control_->load("contract")->epoch, record->epoch);
    const std::uint64_t second = ear->post_command("contract", command);
    ear->listen("contract", record->epoch - 1, "process");  // a process that was taken over
    EXPECT_TRUE(ear->pending_commands().empty());
    EXPECT_EQ(error_of([&] { ear->answer_command(second, "{}"); }), ErrorClass::stopped);
    EXPECT_FALSE(control_->command_answer(second));
    control_->fence("{}");
    EXPECT_EQ(control_->load("contract")->phase, engine::TaskPhase::finished);
}

TEST_P(SinkContract, ACommandIsWithdrawnWithItsPoster) {
    auto operator_sink = end_->open_sink();
    auto their_control = operator_sink->open_control();
    const std::uint64_t id = their_control->post_command(end_->plan().spec.name, {0, "finish", ""});
    EXPECT_EQ(control_->pending_commands().size(), 1u);
    their_control.reset();
    operator_sink.reset();
    for (int look = 0; look < 100 && !control_->pending_commands().empty(); ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until the server has noticed
    }
    EXPECT_TRUE(control_->pending_commands().empty());
    EXPECT_EQ(control_->command_answer(id), engine::kWithdrawn);
}

TEST_P(SinkContract, ACommandOfAnotherProcessIsHeardAndAnswered) {
    const auto operator_sink = end_->open_sink();
    const auto their_control = operator_sink->open_control();
    const std::uint64_t id =
        their_control->post_command(end_->plan().spec.name, {0, "pause", "argument"});
    EXPECT_FALSE(their_control->command_answer(id));
    const auto pending = control_->pending_commands();
    ASSERT_EQ(pending.size(), 1u);
    EXPECT_EQ(pending[0].verb, "pause");
    EXPECT_EQ(pending[0].argument, "argument");
    control_->answer_command(pending[0].id, "{\"ok\": true}");
    EXPECT_TRUE(control_->pending_commands().empty());
    EXPECT_TRUE(their_control->command_answer(id));
}

}  // namespace cutover::contract
