// What is asked of the source, and what becomes of the answer, when rows have to be read again.
#include "migrator/stage/row_repair.h"

#include <gtest/gtest.h>

#include "tests/unit/migrator/stage/scripted_source.h"

namespace cutover::stage {
namespace {

using model::Tuple;

Tuple cells(const std::vector<std::string>& values) {
    Tuple out;
    for (const std::string& value : values) {
        out.append(model::CellKind::text, value);
    }
    return out;
}

/// Writes down what it is told, in order.
class NotingApplier final : public engine::ChangeApplier {
public:
    void begin() override {}
    void stage(const model::NetBatch& part) override { staged_ = &part; }
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>& mode) override {
        for (const model::TableBatch& batch : staged_->tables) {
            EXPECT_EQ(mode.at(batch.table), engine::ApplyMode::tolerant);
            for (const Tuple& key : batch.removals) {
                told.push_back("remove " + std::string(key.bytes(0)));
            }
            for (const Tuple& row : batch.inserts) {
                told.push_back("put " + std::string(row.bytes(1)));
            }
            for (const model::RowStep& step : batch.steps) {
                const bool puts = step.kind == model::ChangeKind::insert;
                told.push_back(puts ? "then put " + std::string(step.row.bytes(1))
                                    : "then remove " + std::string(step.key.bytes(0)));
            }
        }
        return {};
    }
    void note_view(const model::ChunkReceipt& receipt) override {
        told.push_back("view " + receipt.view.settled.bytes);
        EXPECT_TRUE(is_read_again(receipt.chunk.range));
    }
    void commit(const model::Marker&) override {}
    void abort() noexcept override {}
    std::string holder() const override { return {}; }

    std::vector<std::string> told;

private:
    const model::NetBatch* staged_ = nullptr;
};

/// The source writes the key `K` where the destination has `k`.
class RowRepairTest : public ::testing::Test {
protected:
    RowRepairTest() {
        plan_.tables.resize(2);
        for (model::TableIndex index = 0; index < 2; ++index) {
            plan_.tables[index].index = index;
            plan_.tables[index].columns.resize(2);
            plan_.tables[index].key.columns = {{0, nullptr}};
        }
        part_.row_keys.resize(2);
        part_.transactions = {{"1", "1"}, {"2", "2"}};
        source_.views = {{{",1,2,", ""}, {"50", "50"}}};
    }

    void want(model::TableIndex table, const std::string& key) {
        std::string upper = key;
        upper[0] = static_cast<char>(std::toupper(upper[0]));
        plan::KeyPlan whole;
        whole.columns = {{0, nullptr}};
        part_.row_keys[table][key_bytes(whole, cells({key}))] = cells({upper});
        missing_.push_back({table, cells({key})});
    }
    bool run() {
        RowRepair repair(source_, plan_, traits_, rows_bytes_);
        return repair.run(
            applier_, part_, missing_, [this] { return ++waits_ < 5; }, receipts_);
    }

    ScriptedSource source_;
    plan::Plan plan_;
    Part part_;
    std::vector<engine::MissingBase> missing_;
    NotingApplier applier_;
    engine::SinkTraits traits_;
    model::Bytes rows_bytes_{1 << 20};
    std::vector<model::ChunkReceipt> receipts_;
    int waits_ = 0;
};

TEST_F(RowRepairTest, PutsInPlaceWhatIsThereAndRemovesWhatIsNot) {
    source_.gone = {"A"};
    want(0, "a");
    EXPECT_TRUE(run());
    EXPECT_EQ(applier_.told, (std::vector<std::string>{"view 50", "remove a"}));
    ASSERT_EQ(receipts_.size(), 1u);
    EXPECT_EQ(receipts_[0].view.settled.bytes, "50");
}

TEST_F(RowRepairTest, AsksByTheKeyThatTheSourceKnows) {
    want(0, "k");
    EXPECT_TRUE(run());
    EXPECT_EQ(applier_.told, (std::vector<std::string>{"view 50", "put value of K"}));
}

/// What the destination says is missing, it may spell in its own way: `5.00` where `5` was sent.
TEST_F(RowRepairTest, KnowsAMissingRowByTheDestinationsEquality) {
    plan::KeyPlan& key = plan_.tables[0].key;
    key.columns[0].fold = [](std::string_view cell, std::string& out) {
        out.append(cell.substr(0, cell.find('.')));
    };
    plan_.tables[0].source_form = plan::KeyPlan{{{0, nullptr}}};
    part_.row_keys[0][key_bytes(key, cells({"5"}))] = cells({"five"});
    missing_.push_back({0, cells({"5.00"})});
    EXPECT_TRUE(run());
    EXPECT_EQ(applier_.told, (std::vector<std::string>{"view 50", "put value of five"}));
}

/// A thousand rows cost a few reads, and each is asked for once.
TEST_F(RowRepairTest, AsksForManyRowsAtOnce) {
    for (int row = 0; row < 1000; ++row) {
        want(0, "k" + std::to_string(row));
    }
    want(0, "k7");
    EXPECT_TRUE(run());
    EXPECT_LE(source_.reads.size(), 6u);  // 1, 16, then 256 each
    std::size_t asked = 0;
    for (const std::size_t keys : source_.reads) {
        asked += keys;
    }
    EXPECT_EQ(asked, 1000u);
}

/// How wide rows are shows when the first has come.
TEST_F(RowRepairTest, AsksForNoMoreRowsAtOnceThanFitIntoMemory) {
    rows_bytes_ = model::Bytes{1};
    for (int row = 0; row < 10; ++row) {
        want(0, "k" + std::to_string(row));
    }
    EXPECT_TRUE(run());
    EXPECT_EQ(source_.reads, std::vector<std::size_t>(10, 1));
}

/// Each may bring two: a removal and what takes its place.
TEST_F(RowRepairTest, AsksForNoMoreRowsAtOnceThanTheDestinationTakes) {
    traits_.largest_batch = {9};
    for (int row = 0; row < 10; ++row) {
        want(0, "k" + std::to_string(row));
    }
    EXPECT_TRUE(run());
    EXPECT_EQ(source_.reads, (std::vector<std::size_t>{1, 4, 4, 1}));
}

TEST_F(RowRepairTest, ReadsEachTableByItself) {
    want(1, "x");
    want(0, "a");
    want(1, "y");
    EXPECT_TRUE(run());
    ASSERT_EQ(receipts_.size(), 3u);  // table 1 begins with one row
    EXPECT_EQ(receipts_[0].chunk.table, 0u);
    EXPECT_EQ(receipts_[1].chunk.table, 1u);
}

/// Every transaction of the part, not only the last: they need not become visible in order.
TEST_F(RowRepairTest, WaitsForAViewThatHasSeenTheWholePart) {
    source_.views = {{{",2,", ""}, {"40", "40"}}, {{",1,2,", ""}, {"50", "50"}}};
    want(0, "a");
    EXPECT_TRUE(run());
    EXPECT_EQ(waits_, 1);
    EXPECT_EQ(applier_.told, (std::vector<std::string>{"view 50", "put value of A"}));
}

TEST_F(RowRepairTest, GivesUpWithTheLanes) {
    source_.views = {{{",2,", ""}, {"40", "40"}}};
    want(0, "a");
    EXPECT_FALSE(run());
    EXPECT_TRUE(applier_.told.empty());
}

/// Two spellings may be one row: the second must not be put beside the first.
TEST_F(RowRepairTest, PutsRowsOneByOneWhereKeysCannotBeCompared) {
    plan_.tables[0].key.comparable = false;
    rows_bytes_ = model::Bytes{1};
    source_.gone = {"B"};
    want(0, "a");
    want(0, "b");
    EXPECT_TRUE(run());
    EXPECT_EQ(applier_.told,
              (std::vector<std::string>{"view 50", "then remove a", "then put value of A",
                                        "view 50", "then remove b"}));
}

/// Two lanes that store one and the same receipt would wait for each other.
TEST(ReadAgainRange, IsOfItsBatch) {
    const model::ChunkView view{{",1,", ""}, {"50", "50"}};
    EXPECT_NE(read_again_range(1, view).bytes, read_again_range(2, view).bytes);
    EXPECT_TRUE(is_read_again(read_again_range(1, view)));
    EXPECT_FALSE(is_read_again({"blocks 1 to 2", ""}));
}

}  // namespace
}  // namespace cutover::stage
