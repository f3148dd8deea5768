// One worker's chunk copies into a memory server.
#pragma once

#include "migrator/engine/memory/control.h"
#include "migrator/engine/sink.h"

namespace cutover::memory {

class MemoryChunkWriter final : public engine::ChunkWriter {
public:
    MemoryChunkWriter(flow::Runtime& runtime, const Net& net, const plan::Plan& plan,
                      std::shared_ptr<Claim> claim)
        : session_(runtime, net, plan.spec.destination, "writer"),
          keep_existing_(plan.spec.conflict == plan::ConflictRule::ignore),
          claim_(std::move(claim)) {}

    void begin(const plan::TablePlan& table, const model::Chunk& chunk) override;
    void write(const model::RowBatch& batch) override;
    void commit(const model::ChunkReceipt& receipt) override;
    void abort() noexcept override;

private:
    void put(const model::RowBatch& batch);

    Session session_;
    bool keep_existing_;
    std::shared_ptr<Claim> claim_;
    const plan::TablePlan* table_ = nullptr;
    engine::SinkTraits traits_;
    bool stored_ = false;                     ///< not atomic: the chunk has a receipt already
    model::Rows rows_;                        ///< that were sent for the open chunk
    std::vector<model::RowBatch> held_back_;  ///< by a deliberate bug
};

}  // namespace cutover::memory
