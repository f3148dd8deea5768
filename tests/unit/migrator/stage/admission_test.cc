// The rules of the stamped copy, one by one, against a source whose stamps are written out by hand:
// a stamp is the list of the transactions its view had seen, a position is a number.
#include "migrator/stage/admission.h"

#include "migrator/stage/collapse.h"

#include <gtest/gtest.h>

#include "migrator/model/check.h"

namespace cutover::stage {
namespace {

using model::ChunkReceipt;
using model::Tuple;

/// Only the pure questions are ever asked of it.
class ScriptedSource final : public engine::Source {
public:
    bool covers(const model::Position& by, const model::Position& position) const override {
        return std::stoi(position.bytes) <= std::stoi(by.bytes);
    }
    bool visible(const model::Stamp& stamp, const model::TransactionId& id) const override {
        return stamp.bytes.find("," + id.bytes + ",") != std::string::npos;
    }
    bool contains(const plan::TablePlan&, const model::ChunkRange& range,
                  const Tuple& key) const override {
        return range.bytes == key.bytes(0).substr(0, 1);
    }

    std::unique_ptr<engine::Inspector> open_inspector() override {
        return never<engine::Inspector>();
    }
    engine::CaptureOrigin create_capture(const plan::Plan&) override { return {}; }
    engine::CaptureProof verify_capture(const engine::CaptureOrigin&,
                                        const model::Position&) override {
        return {};
    }
    void drop_capture(const plan::Plan&) override {}
    std::vector<engine::AuxiliaryObject> auxiliary_objects(const plan::Plan&) override {
        return {};
    }
    model::ChunkView open_view(const plan::Plan&) override { return {}; }
    void close_view() noexcept override {}
    std::vector<model::Chunk> split(const plan::TablePlan&, model::Bytes) override { return {}; }
    model::Chunk whole(const plan::TablePlan&) override { return {}; }
    engine::ResumeMode resume_mode(const plan::TablePlan&, const std::vector<model::Chunk>&,
                                   const model::ChunkView&, bool) override {
        return {};
    }
    void prepare_readers(std::uint32_t) override { ADD_FAILURE(); }
    std::unique_ptr<engine::ChunkReader> open_reader() override {
        return never<engine::ChunkReader>();
    }
    std::unique_ptr<engine::RowReader> open_row_reader() override {
        return never<engine::RowReader>();
    }
    std::unique_ptr<engine::ChangeStream> open_changes(const plan::Plan&,
                                                       const engine::CaptureOrigin&,
                                                       const model::Position&) override {
        return never<engine::ChangeStream>();
    }
    model::Position current_position() override { return {}; }
    void heartbeat() override {}
    model::Instant clock() override { return {}; }
    std::vector<engine::SourceWriter> writers(const plan::Plan&) override { return {}; }
    engine::FenceTry fence(const plan::Plan&) override { return {}; }
    void lift_fence() override {}
    std::string fence_text() const override { return {}; }
    std::string key_text(const plan::TablePlan&, const Tuple&) override { return {}; }
    std::vector<model::SequenceSchema> sequences(const plan::Plan&) override { return {}; }

private:
    template <typename T>
    static std::unique_ptr<T> never() {
        CUTOVER_CHECK(false);
        return nullptr;
    }
};

Tuple key(const std::string& text) {
    Tuple out;
    out.append(model::CellKind::text, text);
    return out;
}

model::TransactionId id(const std::string& text) {
    return {text, text};
}
model::Position at(int position) {
    return {std::to_string(position), ""};
}

ChunkReceipt chunk(const std::string& range, const std::string& seen, int settled) {
    ChunkReceipt receipt;
    receipt.chunk.range = {range, range};
    receipt.view = {{seen, ""}, at(settled)};
    return receipt;
}

class AdmissionTest : public ::testing::Test {
protected:
    AdmissionTest() {
        plan_.tables.resize(1);
        plan_.tables[0].key.columns = {{0, nullptr}};
    }
    Admission admission(const std::vector<ChunkReceipt>& receipts) {
        return Admission(source_, plan_, {"", at(10)}, receipts);
    }
    ScriptedSource source_;
    plan::Plan plan_;
};

TEST_F(AdmissionTest, AsksNothingWhileTheFirstViewLives) {
    const Admission live = admission({chunk("a", ",1,2,", 10), chunk("b", ",1,2,", 10)});
    EXPECT_FALSE(live.tolerant(0));
    EXPECT_TRUE(live.all_settled());
    EXPECT_FALSE(live.seen(0, key("a1"), id("2")));
}

TEST_F(AdmissionTest, DropsAChangeOnlyIfTheOwningChunkHadSeenIt) {
    const Admission resumed = admission({chunk("a", ",1,", 10), chunk("b", ",1,2,", 20)});
    EXPECT_FALSE(resumed.seen(0, key("a1"), id("2")));
    EXPECT_TRUE(resumed.seen(0, key("b1"), id("2")));
    EXPECT_FALSE(resumed.seen(0, key("b1"), id("3")));
}

TEST_F(AdmissionTest, GoesByWhatWasSeenNotByThePosition) {
    // Transaction 5 commits before the view's position and had not been seen by it: commit order is
    // not visibility order.
    const Admission resumed = admission({chunk("a", ",1,2,3,4,", 20)});
    EXPECT_FALSE(resumed.seen(0, key("a1"), id("5")));
}

TEST_F(AdmissionTest, GivesARowThatWasReadAgainAViewOfItsOwn) {
    Admission live = admission({chunk("a", ",1,", 10)});
    ChunkReceipt row;
    row.chunk.range = Admission::row_range(key_bytes(plan_.tables[0].key, key("a7")));
    row.view = {{",1,2,3,", ""}, at(30)};
    live.add_row(row);
    EXPECT_TRUE(live.tolerant(0));
    EXPECT_TRUE(live.seen(0, key("a7"), id("3")));
    EXPECT_FALSE(live.seen(0, key("a8"), id("3")));
    // And the same from the stored receipts, after a crash.
    const Admission restarted = admission({chunk("a", ",1,", 10), row});
    EXPECT_TRUE(restarted.seen(0, key("a7"), id("3")));
    EXPECT_FALSE(restarted.seen(0, key("a8"), id("3")));
}

TEST_F(AdmissionTest, IsSettledWhenTheLogHasPassedTheFarthestView) {
    Admission resumed = admission({chunk("a", ",1,", 20), chunk("b", ",1,2,", 30)});
    EXPECT_FALSE(resumed.advance(at(29)));
    EXPECT_TRUE(resumed.tolerant(0));
    EXPECT_TRUE(resumed.advance(at(30)));
    EXPECT_FALSE(resumed.tolerant(0));
    EXPECT_TRUE(resumed.all_settled());
    EXPECT_FALSE(resumed.seen(0, key("b1"), id("2")));
}

TEST_F(AdmissionTest, SendsBackATableThatWasTruncatedBetweenItsChunks) {
    EXPECT_EQ(admission({chunk("a", ",1,", 10), chunk("b", ",1,2,", 20)}).truncate(0, id("2")),
              TruncateAdmission::mixed);
    EXPECT_EQ(admission({chunk("a", ",1,2,", 20)}).truncate(0, id("2")), TruncateAdmission::drop);
    EXPECT_EQ(admission({chunk("a", ",1,", 20)}).truncate(0, id("2")), TruncateAdmission::apply);
}

}  // namespace
}  // namespace cutover::stage
