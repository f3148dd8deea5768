// The full copy: plans each table's chunks, stores them, copies those that have no receipt, on all
// workers.
//
//   open view -> split -> store chunks -> [ open chunk -> read -> transcode -> throttle -> write ]*
//   -> receipt
//
// A chunk's rows and its receipt are one destination transaction; where the sink has none, the
// receipt comes last, and a chunk without one is copied over what is there. It neither retries (the
// task does, by running it again) nor builds indexes (schema_stage).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "migrator/model/chunk.h"
#include "migrator/stage/context.h"
#include "migrator/stage/worker_pool.h"

namespace cutover::stage {

/// Used once, by the task's coordinating thread.
class FullStage {
public:
    explicit FullStage(Context& context);

    /// Throws: what readers and writers throw; stopped.
    void run();
    /// Any thread, while run() is at work.
    FullProgress progress() const;

private:
    struct CopyWorker;

    void open_view();
    std::deque<model::Chunk> plan_work();
    model::Bytes chunk_size(const plan::TablePlan& table) const;
    void plan_new_tables(const std::vector<bool>& planned);
    std::vector<model::Chunk> numbered(std::vector<model::Chunk> chunks, model::TableIndex table,
                                       std::uint32_t generation, std::uint32_t first_number) const;
    void copy(CopyWorker& worker, const model::Chunk& chunk, const GivenUp& given_up);
    void count(const model::ChunkReceipt& receipt);

    Context& context_;
    const model::Rows largest_batch_;
    bool resumed_ = false;  ///< an earlier run has begun this copy
    mutable std::unique_ptr<flow::Gate> gate_;
    FullProgress progress_;
    flow::TimePoint started_;
    model::Rows rows_this_run_;
};

}  // namespace cutover::stage
