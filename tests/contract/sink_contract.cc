#include "tests/contract/sink_contract.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "migrator/model/error.h"

namespace cutover::contract {

using engine::ApplyMode;
using engine::TaskPhase;
using model::ErrorClass;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SinkContract);

void SinkContract::SetUp() {
    end_ = GetParam().make();
    if (!end_) {
        return;
    }
    sink_ = end_->open_sink();
    traits_ = sink_->traits();
    control_ = sink_->open_control();
    control_->claim(end_->plan().spec.name, kFingerprint);
    for (const auto section : {plan::SchemaSection::before_rows, plan::SchemaSection::keys}) {
        for (const plan::SchemaStep& step : end_->plan().schema_steps) {
            if (step.section == section) {
                sink_->run_schema_step(step);
            }
        }
    }
    marker_.position = {"1", "1"};
}

model::ChunkReceipt SinkContract::receipt(TableName table, std::uint32_t number,
                                          std::uint64_t rows) const {
    model::ChunkReceipt receipt;
    receipt.chunk.table = end_->table(table).index;
    receipt.chunk.number = number;
    receipt.chunk.range = {"range", "range"};
    receipt.view = {{"stamp", "stamp"}, {"1", "1"}};
    receipt.rows = {rows};
    receipt.hash = "0";
    return receipt;
}

void SinkContract::copy(TableName name, std::uint32_t number, const std::vector<Row>& rows) {
    const plan::TablePlan& table = end_->table(name);
    const auto writer = sink_->open_writer(end_->plan());
    writer->begin(table, receipt(name, number).chunk);
    writer->write(end_->destination_batch(table, rows));
    writer->commit(receipt(name, number, rows.size()));
}

model::TableBatch SinkContract::batch(TableName table) const {
    model::TableBatch batch;
    batch.table = end_->table(table).index;
    return batch;
}

model::Tuple SinkContract::tuple(TableName table, const Row& row) const {
    return end_->destination_tuple(end_->table(table), row);
}

model::Tuple SinkContract::key(TableName table, const Row& row) const {
    return end_->destination_key(end_->table(table), row);
}

std::vector<ApplyMode> SinkContract::modes(ApplyMode mode) const {
    return std::vector<ApplyMode>(end_->plan().tables.size(), mode);
}

std::vector<engine::MissingBase> SinkContract::apply(const model::TableBatch& table,
                                                     ApplyMode mode) {
    const auto applier = sink_->open_applier(end_->plan());
    applier->begin();
    model::NetBatch net;
    net.tables.push_back(table);
    applier->stage(net);
    const std::vector<engine::MissingBase> missing = applier->apply(modes(mode));
    applier->commit(marker_);
    return missing;
}

TEST_P(SinkContract, WhatAnotherRoleHasMadeUnderOurNamesIsRefused) {
    const std::string task = end_->plan().spec.name;
    control_->release(task);
    control_.reset();
    end_->occupy_control();
    const auto ends_refused = [&](auto work) {
        const std::optional<ErrorClass> error = error_of([&] { work(*sink_->open_control()); });
        return error && *error == ErrorClass::refused;
    };
    EXPECT_TRUE(ends_refused([&](engine::Control& one) { one.load(task); }));
    EXPECT_TRUE(ends_refused([&](engine::Control& one) { one.claim(task, kFingerprint); }));
    EXPECT_TRUE(ends_refused([&](engine::Control& one) { one.status(task); }));
    EXPECT_TRUE(ends_refused([&](engine::Control& one) { one.post_command(task, {}); }));
    EXPECT_TRUE(ends_refused([&](engine::Control& one) { one.release(task); }));
}

TEST_P(SinkContract, ThePlanAsksForNothingThatTheSinkCannotDo) {
    EXPECT_GE(traits_.largest_batch.count, 3u);
    EXPECT_TRUE(traits_.sequences || end_->plan().sequences.empty());
    for (const plan::SchemaStep& step : end_->plan().schema_steps) {
        EXPECT_TRUE(traits_.foreign_keys != engine::ForeignKeys::none ||
                    (step.section != plan::SchemaSection::foreign_keys &&
                     step.section != plan::SchemaSection::foreign_keys_at_once))
            << step.id;
    }
}

TEST_P(SinkContract, WritersAreHeldToForeignKeysIfTheSinkSaysSo) {
    if (traits_.foreign_keys == engine::ForeignKeys::none) {
        EXPECT_FALSE(end_->refer());
        return;
    }
    ASSERT_TRUE(end_->refer());
    const bool held = traits_.foreign_keys == engine::ForeignKeys::held;
    EXPECT_EQ(error_of([&] { copy(TableName::filtered, 0, {{"1", "99"}}); }).has_value(), held);
    EXPECT_EQ(end_->destination_rows(TableName::filtered).size(), held ? 0u : 1u);
}

TEST_P(SinkContract, ABatchIsNotLargerThanTheSinkTakes) {
    constexpr std::uint64_t kTooManyToTry = 1000;
    const std::uint64_t most = std::min(traits_.largest_batch.count, kTooManyToTry);
    std::vector<Row> rows;
    model::TableBatch changes = batch(TableName::heap);
    for (std::uint64_t row = 0; row < most; ++row) {
        rows.push_back({std::to_string(row), "a"});
        changes.inserts.push_back(tuple(TableName::heap, rows.back()));
    }
    copy(TableName::heap, 0, rows);
    apply(changes, ApplyMode::strict);
    EXPECT_EQ(end_->destination_rows(TableName::heap).size(), 2 * most);
    if (most == kTooManyToTry) {
        return;
    }
    rows.push_back({"0", "one too many"});
    changes.inserts.push_back(tuple(TableName::heap, rows.back()));
    EXPECT_EQ(error_of([&] { copy(TableName::heap, 1, rows); }), ErrorClass::refused);
    EXPECT_EQ(error_of([&] { apply(changes, ApplyMode::strict); }), ErrorClass::refused);
    EXPECT_EQ(end_->destination_rows(TableName::heap).size(), 2 * most);
}

/// Where rows are there at once, the receipt still comes last.
TEST_P(SinkContract, RowsAndReceiptOfAChunkAppearTogether) {
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const auto writer = sink_->open_writer(end_->plan());
    writer->begin(table, receipt(TableName::keyed, 0).chunk);
    const std::vector<Row> rows = {{"1", "a"}, {"2", std::nullopt}};
    writer->write(end_->destination_batch(table, rows));
    EXPECT_EQ(end_->destination_rows(TableName::keyed), unless_atomic(rows));
    EXPECT_TRUE(control_->receipts().empty());
    writer->commit(receipt(TableName::keyed, 0, 2));
    EXPECT_EQ(end_->destination_rows(TableName::keyed), rows);
    ASSERT_EQ(control_->receipts().size(), 1u);
    EXPECT_EQ(control_->receipts()[0].view.stamp.bytes, "stamp");
}

/// Or rows without a receipt, over which the chunk is copied again.
TEST_P(SinkContract, AnAbandonedChunkLeavesNothing) {
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const auto writer = sink_->open_writer(end_->plan());
    writer->begin(table, receipt(TableName::keyed, 0).chunk);
    writer->write(end_->destination_batch(table, {{"1", "a"}}));
    writer->abort();
    EXPECT_EQ(end_->destination_rows(TableName::keyed), unless_atomic({{"1", "a"}}));
    EXPECT_TRUE(control_->receipts().empty());
    copy(TableName::keyed, 0, {{"1", "b"}, {"2", "c"}});
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"1", "b"}, {"2", "c"}}));
    EXPECT_EQ(control_->receipts().size(), 1u);
}

TEST_P(SinkContract, AChunkThatHasAReceiptIsNotWrittenAgain) {
    copy(TableName::heap, 0, {{"1", "a"}});
    copy(TableName::heap, 0, {{"1", "a"}});
    EXPECT_EQ(end_->destination_rows(TableName::heap).size(), 1u);
    EXPECT_EQ(control_->receipts().size(), 1u);
}

TEST_P(SinkContract, AReceiptThatCountsOtherRowsThanWereWrittenIsNotStored) {
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const auto writer = sink_->open_writer(end_->plan());
    writer->begin(table, receipt(TableName::keyed, 0).chunk);
    writer->write(end_->destination_batch(table, {{"1", "a"}, {"2", "b"}}));
    EXPECT_EQ(error_of([&] { writer->commit(receipt(TableName::keyed, 0, 1)); }),
              ErrorClass::corrupt);
    writer->abort();
    EXPECT_EQ(end_->destination_rows(TableName::keyed), unless_atomic({{"1", "a"}, {"2", "b"}}));
    EXPECT_TRUE(control_->receipts().empty());
}

TEST_P(SinkContract, ATableThatIsRestartedIsEmptyAndForgotten) {
    model::Chunk chunk = receipt(TableName::keyed, 0).chunk;
    control_->add_chunks({chunk});
    copy(TableName::keyed, 0, {{"1", "a"}});
    chunk.number = 1;
    chunk.generation = 1;
    control_->restart_table(end_->table(TableName::keyed), {chunk});
    EXPECT_TRUE(end_->destination_rows(TableName::keyed).empty());
    EXPECT_TRUE(control_->receipts().empty());
    ASSERT_EQ(control_->chunks().size(), 1u);
    EXPECT_EQ(control_->chunks()[0].number, 1u);
    EXPECT_EQ(control_->chunks()[0].generation, 1u);
}

/// Somebody else holds what a call needs: that is told, with who it is, and a stop ends the wait.
TEST_P(SinkContract, AWaitIsToldAndEndsWithTheTask) {
    end_->occupy(TableName::keyed);
    model::Chunk chunk = receipt(TableName::keyed, 0).chunk;
    std::optional<ErrorClass> end;
    std::jthread waiting([&] {
        end = error_of([&] { control_->restart_table(end_->table(TableName::keyed), {chunk}); });
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (end_->waits().present().empty() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::vector<flow::ToldWait> told = end_->waits().present();
    end_->stop().request();
    waiting.join();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].wait.side, model::Side::destination);
    EXPECT_EQ(told[0].wait.holders.size(), 1u);
    EXPECT_EQ(end, ErrorClass::stopped);
    EXPECT_TRUE(end_->waits().present().empty());
}

/// By that an applier knows that it is in the way of another.
TEST_P(SinkContract, AWaitForAnApplierIsToldWithTheNameOfWhatItHolds) {
    copy(TableName::keyed, 0, {{"1", "a"}});
    model::TableBatch change = batch(TableName::keyed);
    change.updates.push_back({key(TableName::keyed, {"1"}), tuple(TableName::keyed, {"1", "A"})});
    const model::NetBatch net{{change}};
    const auto first = sink_->open_applier(end_->plan());
    const auto second = sink_->open_applier(end_->plan());
    EXPECT_EQ(first->holder(), "");
    for (const auto& applier : {first.get(), second.get()}) {
        applier->begin();
        applier->stage(net);
    }
    first->apply(modes(engine::ApplyMode::strict));
    const std::string holder = first->holder();
    if (!traits_.atomic) {
        EXPECT_EQ(holder, "");  // its rows are there, and it holds nothing that others wait for
        second->apply(modes(engine::ApplyMode::strict));
        return;
    }
    std::jthread waiting([&] { second->apply(modes(engine::ApplyMode::strict)); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (end_->waits().present().empty() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::vector<flow::ToldWait> told = end_->waits().present();
    first->abort();
    waiting.join();
    ASSERT_EQ(told.size(), 1u);
    ASSERT_EQ(told[0].wait.holders.size(), 1u);
    EXPECT_EQ(told[0].wait.holders[0].id, holder);
    EXPECT_EQ(first->holder(), "");
    EXPECT_NE(second->holder(), "");
    second->abort();
}

TEST_P(SinkContract, ABatchComesToEffectWithItsMarker) {
    copy(TableName::keyed, 0, {{"1", "a"}, {"2", "b"}, {"3", "c"}, {"4", "d"}});
    model::TableBatch batch = this->batch(TableName::keyed);
    batch.removals.push_back(key(TableName::keyed, {"1"}));
    batch.updates.push_back({key(TableName::keyed, {"2"}), tuple(TableName::keyed, {"2", "B"})});
    // Two rows exchange their keys; what the log does not carry stays with the row.
    model::Tuple to_four, to_three;
    to_four.append(tuple(TableName::keyed, {"4", "x"}).kind(0),
                   tuple(TableName::keyed, {"4", "x"}).bytes(0));
    to_four.append(model::CellKind::absent);
    to_three.append(tuple(TableName::keyed, {"3", "x"}).kind(0),
                    tuple(TableName::keyed, {"3", "x"}).bytes(0));
    to_three.append(model::CellKind::absent);
    batch.moves.push_back({key(TableName::keyed, {"3"}), to_four});
    batch.moves.push_back({key(TableName::keyed, {"4"}), to_three});
    batch.inserts.push_back(tuple(TableName::keyed, {"5", "e"}));
    marker_.position = {"7", "7"};
    marker_.transactions = 3;
    EXPECT_TRUE(apply(batch, ApplyMode::strict).empty());
    EXPECT_EQ(end_->destination_rows(TableName::keyed),
              (std::vector<Row>{{"2", "B"}, {"3", "d"}, {"4", "c"}, {"5", "e"}}));
    const auto record = control_->load(end_->plan().spec.name);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->marker.position.bytes, "7");
    EXPECT_EQ(record->marker.transactions, 3u);
}

TEST_P(SinkContract, AnAbandonedBatchLeavesNothing) {
    const auto applier = sink_->open_applier(end_->plan());
    applier->begin();
    model::NetBatch net;
    net.tables.push_back(batch(TableName::keyed));
    net.tables[0].inserts.push_back(tuple(TableName::keyed, {"1", "a"}));
    applier->stage(net);
    EXPECT_TRUE(end_->destination_rows(TableName::keyed).empty());
    applier->apply(modes(ApplyMode::strict));
    applier->abort();
    EXPECT_EQ(end_->destination_rows(TableName::keyed), unless_atomic({{"1", "a"}}));
    EXPECT_TRUE(control_->load(end_->plan().spec.name)->marker.position.empty());
    // The same batch may come again, in the mode for rows that may be there already.
    apply(net.tables[0], engine::bearing(traits_, end_->plan()));
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"1", "a"}}));
}

TEST_P(SinkContract, ATruncateComesBeforeTheRowsOfItsBatch) {
    copy(TableName::keyed, 0, {{"1", "a"}});
    model::TableBatch batch = this->batch(TableName::keyed);
    batch.truncate = true;
    batch.inserts.push_back(tuple(TableName::keyed, {"2", "b"}));
    apply(batch, ApplyMode::strict);
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"2", "b"}}));
}

TEST_P(SinkContract, OneOfSeveralEqualRowsIsRemoved) {
    copy(TableName::heap, 0, {{"1", "a"}, {"1", "a"}, {"1", "a"}});
    model::TableBatch batch = this->batch(TableName::heap);
    batch.removals.push_back(tuple(TableName::heap, {"1", "a"}));
    apply(batch, ApplyMode::strict);
    EXPECT_EQ(end_->destination_rows(TableName::heap).size(), 2u);
}

TEST_P(SinkContract, AStrictTableMeetsItsRowsOrTheTaskStops) {
    copy(TableName::keyed, 0, {{"1", "a"}});
    model::TableBatch removal = batch(TableName::keyed);
    removal.removals.push_back(key(TableName::keyed, {"9"}));
    model::TableBatch update = batch(TableName::keyed);
    update.updates.push_back({key(TableName::keyed, {"9"}), tuple(TableName::keyed, {"9", "z"})});
    model::TableBatch insert = batch(TableName::keyed);
    insert.inserts.push_back(tuple(TableName::keyed, {"1", "again"}));
    for (const model::TableBatch& one : {removal, update, insert}) {
        EXPECT_EQ(error_of([&] { apply(one, ApplyMode::strict); }), ErrorClass::corrupt);
    }
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"1", "a"}}));
}

TEST_P(SinkContract, ATolerantTableOverwritesAndOverlooks) {
    copy(TableName::keyed, 0, {{"1", "a"}});
    model::TableBatch batch = this->batch(TableName::keyed);
    batch.removals.push_back(key(TableName::keyed, {"9"}));
    batch.updates.push_back({key(TableName::keyed, {"8"}), tuple(TableName::keyed, {"8", "h"})});
    batch.inserts.push_back(tuple(TableName::keyed, {"1", "again"}));
    EXPECT_TRUE(apply(batch, ApplyMode::tolerant).empty());
    EXPECT_EQ(end_->destination_rows(TableName::keyed),
              (std::vector<Row>{{"1", "again"}, {"8", "h"}}));
}

TEST_P(SinkContract, ARowThatCannotBeCompletedIsAskedForAndPutInPlace) {
    const auto applier = sink_->open_applier(end_->plan());
    applier->begin();
    model::NetBatch net;
    net.tables.push_back(batch(TableName::keyed));
    model::Tuple half;
    half.append(tuple(TableName::keyed, {"5", "x"}).kind(0),
                tuple(TableName::keyed, {"5", "x"}).bytes(0));
    half.append(model::CellKind::absent);
    net.tables[0].updates.push_back({key(TableName::keyed, {"5"}), half});
    applier->stage(net);
    const auto missing = applier->apply(modes(ApplyMode::tolerant));
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0].table, end_->table(TableName::keyed).index);
    EXPECT_EQ(missing[0].key, key(TableName::keyed, {"5"}));
    model::ChunkReceipt again = receipt(TableName::keyed, 0);
    again.chunk.range = {"\x01rows:1:5", "rows that were read again"};
    again.view.settled = {"0/5", "0/5"};
    applier->note_view(again);
    model::NetBatch whole;
    whole.tables.push_back(batch(TableName::keyed));
    whole.tables[0].inserts.push_back(tuple(TableName::keyed, {"5", "whole"}));
    whole.tables[0].removals.push_back(key(TableName::keyed, {"6"}));
    applier->stage(whole);
    EXPECT_TRUE(applier->apply(modes(ApplyMode::tolerant)).empty());
    EXPECT_EQ(control_->receipts().size(), traits_.atomic ? 0u : 1u);
    applier->commit(marker_);
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"5", "whole"}}));
    // It is no chunk's, whatever its number says.
    ASSERT_EQ(control_->receipts().size(), 1u);
    EXPECT_EQ(control_->receipts()[0].chunk.range.bytes, again.chunk.range.bytes);
    EXPECT_EQ(control_->receipts()[0].view.settled, again.view.settled);
    EXPECT_TRUE(control_->chunks().empty());
}

TEST_P(SinkContract, AProcessThatHasLostItsClaimCannotWrite) {
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const auto writer = sink_->open_writer(end_->plan());
    const auto write = [&] {
        writer->begin(table, receipt(TableName::keyed, 0).chunk);
        writer->write(end_->destination_batch(table, {{"1", "a"}}));
    };
    const auto commit = [&] { writer->commit(receipt(TableName::keyed, 0, 1)); };
    write();
    control_.reset();  // as if its connection were lost
    const auto other_sink = end_->open_sink();
    const auto other = other_sink->open_control();
    other->claim(end_->plan().spec.name, kFingerprint);
    std::optional<ErrorClass> end = error_of(commit);
    if (end == ErrorClass::connection) {
        // The claim has ended its session: it comes again, as a worker would, and hears the reason.
        writer->abort();
        end = error_of([&] {
            write();
            commit();
        });
    }
    EXPECT_EQ(end, ErrorClass::stopped);
    EXPECT_EQ(end_->destination_rows(TableName::keyed), unless_atomic({{"1", "a"}}));
    EXPECT_TRUE(other->receipts().empty());
    if (!traits_.atomic) {  // then no row of it may come any more
        EXPECT_EQ(error_of([&] {
                      writer->write(end_->destination_batch(table, {{"2", "b"}}));
                  }),
                  ErrorClass::stopped);
        EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"1", "a"}}));
    }
}

TEST_P(SinkContract, NobodyWritesAfterTheFence) {
    const auto applier = sink_->open_applier(end_->plan());
    applier->begin();
    model::NetBatch net;
    net.tables.push_back(batch(TableName::keyed));
    net.tables[0].inserts.push_back(tuple(TableName::keyed, {"1", "a"}));
    applier->stage(net);
    control_->fence("{}");
    EXPECT_EQ(error_of([&] {
                  applier->apply(modes(ApplyMode::strict));
                  applier->commit(marker_);
              }),
              ErrorClass::stopped);
    EXPECT_TRUE(end_->destination_rows(TableName::keyed).empty());
    const std::string& task = end_->plan().spec.name;
    EXPECT_EQ(control_->load(task)->phase, TaskPhase::finished);
    control_.reset();
    EXPECT_EQ(error_of([&] { sink_->open_control()->claim(task, kFingerprint); }),
              ErrorClass::refused);
}

TEST_P(SinkContract, ASchemaStepIsExecutedOnce) {
    const std::vector<std::string> done = control_->done_schema_steps();
    const plan::SchemaStep& first = end_->plan().schema_steps.front();
    EXPECT_NE(std::find(done.begin(), done.end(), first.id), done.end());
    EXPECT_EQ(error_of([&] { sink_->run_schema_step(first); }), std::nullopt);
}

/// Of the step nothing but the record is undone here: what it has made is needed by others.
TEST_P(SinkContract, AStepThatIsUndoneIsNoLongerDone) {
    plan::SchemaStep step = end_->plan().schema_steps.front();
    step.undo.clear();
    const auto is_done = [&] {
        const std::vector<std::string> done = control_->done_schema_steps();
        return std::find(done.begin(), done.end(), step.id) != done.end();
    };
    EXPECT_TRUE(is_done());
    sink_->undo_schema_step(step);
    EXPECT_FALSE(is_done());
    step.undo = "no statement at all";
    EXPECT_EQ(error_of([&] { sink_->undo_schema_step(step); }), std::nullopt);
}

TEST_P(SinkContract, StepsAreTriedWithoutATrace) {
    copy(TableName::keyed, 0, {{"1", "a"}});
    const std::vector<std::string> done = control_->done_schema_steps();
    const std::vector<plan::SchemaStep>& steps = end_->plan().schema_steps;
    const std::optional<engine::Trial> trial = sink_->open_inspector()->try_steps(steps);
    if (trial) {  // an engine may be unable to undo such statements: then it must try none
        EXPECT_EQ(trial->tried, steps.size());
        EXPECT_FALSE(trial->complaints.empty());
        for (const engine::Complaint& complaint : trial->complaints) {
            EXPECT_TRUE(complaint.exists) << complaint.object << ": " << complaint.message;
        }
    }
    EXPECT_EQ(control_->done_schema_steps(), done);
    EXPECT_EQ(end_->destination_rows(TableName::keyed), (std::vector<Row>{{"1", "a"}}));
}

TEST_P(SinkContract, TextsAreDataWhateverTheySay) {
    std::vector<Row> rows;
    for (const std::string& text : texts_that_act()) {
        rows.push_back({std::to_string(10 + rows.size()), text});
    }
    copy(TableName::keyed, 0, rows);
    EXPECT_EQ(end_->destination_rows(TableName::keyed), rows);
    const std::string task = end_->plan().spec.name;
    for (const std::string& text : texts_that_act()) {
        control_->post_command(task, {0, text, text});
        const auto pending = control_->pending_commands();
        ASSERT_EQ(pending.size(), 1u) << text;
        EXPECT_EQ(pending[0].verb, text);
        EXPECT_EQ(pending[0].argument, text);
        control_->answer_command(pending[0].id, text);
        EXPECT_EQ(control_->command_answer(pending[0].id), text);
    }
    EXPECT_EQ(end_->destination_rows(TableName::keyed), rows);
}

}  // namespace cutover::contract
