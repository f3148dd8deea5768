// What the full copy decides, on engine/memory: which chunks, in which order, and what of an
// earlier try still counts.
#include "migrator/stage/full_stage.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"
#include "tests/unit/migrator/stage/memory_ground.h"

namespace cutover::stage {
namespace {

engine::SinkTraits taking(std::uint64_t rows) {
    engine::SinkTraits traits;
    traits.largest_batch = {rows};
    return traits;
}

class FullStageTest : public ::testing::Test, protected MemoryGround {
protected:
    explicit FullStageTest(const engine::SinkTraits& traits = {}) : MemoryGround(traits) {
        spec_.limits.chunk_bytes = {400};  // ten rows
        make("table app t id:int:notnull v:text");
        make("key app t primary primary id");
        insert("t", numbered(0, 35));
    }
    void copy() {
        Context context = this->context();
        FullStage(context).run();
    }
    /// Fails at the commit of the third chunk.
    void copy_in_part() {
        at_point_ = [](std::string_view point, int times) {
            if (point == "writer.commit" && times == 5) {
                throw model::Error(model::ErrorClass::connection, "test.gone", "gone");
            }
        };
        EXPECT_THROW(copy(), model::Error);
        at_point_ = [](std::string_view, int) {};
    }
};

TEST_F(FullStageTest, CopiesAndTellsEveryChunkOnce) {
    begin();
    copy();
    EXPECT_EQ(rows_at_destination("t"), 35u);
    const std::vector<ChunkDone> done = heard_.all<ChunkDone>();
    EXPECT_EQ(done.size(), task_rows().chunks.size());
    EXPECT_EQ(done.size(), task_rows().receipts.size());
    EXPECT_EQ(done.size(), 4u);
    copy();
    EXPECT_EQ(heard_.all<ChunkDone>().size(), 4u);
}

TEST_F(FullStageTest, GoesOnWithTheChunksThatHaveNoReceipt) {
    begin();
    copy_in_part();
    EXPECT_EQ(task_rows().receipts.size(), 2u);
    copy();
    EXPECT_EQ(rows_at_destination("t"), 35u);
    EXPECT_EQ(heard_.all<ChunkDone>().size(), 4u);
}

/// Without the view that the copy was begun under the rest of a keyless table cannot be read; what
/// is there of it goes, and one chunk of a generation of its own takes the place of all.
TEST_F(FullStageTest, CopiesATableAnewWhereItsPartsDoNotFitTogetherAnyMore) {
    make("table app heap v:int w:text");
    insert("heap", numbered(0, 15));
    begin();
    copy_in_part();  // of the larger table
    at_point_ = [&](std::string_view point, int) {
        if (point == "chunk.committed" && rows_at_destination("heap") > 0) {
            throw model::Error(model::ErrorClass::connection, "test.gone", "gone");
        }
    };
    EXPECT_THROW(copy(), model::Error);
    at_point_ = [](std::string_view, int) {};
    const std::size_t before = rows_at_destination("heap");
    EXPECT_GT(before, 0u);
    EXPECT_LT(before, 15u);
    reopen();
    copy();
    EXPECT_EQ(rows_at_destination("heap"), 15u);
    EXPECT_EQ(rows_at_destination("t"), 35u);
    std::vector<std::uint32_t> generations;
    for (const model::Chunk& chunk : task_rows().chunks) {
        if (plan_.tables[chunk.table].source.name == "heap") {
            generations.push_back(chunk.generation);
        }
    }
    EXPECT_EQ(generations, std::vector<std::uint32_t>{1});
}

TEST_F(FullStageTest, TakesTheLargestTableFirst) {
    make("table app a id:int:notnull v:text");
    make("table app z id:int:notnull v:text");
    insert("a", numbered(0, 5));
    insert("z", numbered(0, 60));
    begin();
    copy();
    std::vector<std::string> order;
    for (const ChunkDone& chunk : heard_.all<ChunkDone>()) {
        if (order.empty() || order.back() != chunk.table) {
            order.push_back(chunk.table);
        }
    }
    EXPECT_EQ(order, (std::vector<std::string>{"app.z", "app.t", "app.a"}));
}

/// Whoever goes on after a crash has to know under which view the first rows were read.
TEST_F(FullStageTest, StoresItsViewBeforeTheFirstRow) {
    begin();
    bool looked = false;
    at_point_ = [&](std::string_view point, int times) {
        if (point == "writer.begin" && times == 1) {
            looked = true;
            EXPECT_TRUE(task_rows().record.copy_view);
            EXPECT_EQ(task_rows().chunks.size(), 4u);
        }
    };
    copy();
    EXPECT_TRUE(looked);
}

class FullStageWithASmallSink : public FullStageTest {
protected:
    FullStageWithASmallSink() : FullStageTest(taking(3)) {}
};

TEST_F(FullStageWithASmallSink, SendsNoMoreRowsAtOnceThanTheDestinationTakes) {
    begin();
    copy();
    EXPECT_EQ(rows_at_destination("t"), 35u);
    EXPECT_EQ(passed("chunk.read"), 3 * 4 + 2);  // ten rows are four batches, five are two
}

}  // namespace
}  // namespace cutover::stage
