// Reading sessions of the memory source: chunks under a shared or an own view, and rows by key.
#pragma once

#include <vector>

#include "migrator/engine/memory/source.h"

namespace cutover::memory {

class MemoryChunkReader final : public engine::ChunkReader {
public:
    /// `source` must outlive it.
    MemoryChunkReader(flow::Runtime& runtime, const Net& net, const plan::Endpoint& endpoint,
                      const MemorySource& source)
        : session_(runtime, net, endpoint, "reader"), source_(source) {}

    model::ChunkView open(const plan::TablePlan& table, const model::Chunk& chunk,
                          const model::ChunkView& first) override;
    bool next(model::RowBatch& batch, const engine::BatchLimit& limit) override;

private:
    model::ChunkView open_rest(const plan::TablePlan& table, const model::Chunk& chunk,
                               const model::ChunkView& original);
    model::ChunkView open_own(const plan::TablePlan& table, const model::Chunk& chunk);
    /// Takes the rows of the chunk that `snapshot` sees; of `restriction`, if given, only versions
    /// it saw.
    void take(Server& server, const plan::TablePlan& table, const model::Chunk& chunk,
              const Snapshot& snapshot, const Snapshot* restriction);

    Session session_;
    const MemorySource& source_;
    std::vector<model::Tuple> rows_;
    std::size_t at_ = 0;
};

class MemoryRowReader final : public engine::RowReader {
public:
    MemoryRowReader(flow::Runtime& runtime, const Net& net, const plan::Endpoint& endpoint)
        : session_(runtime, net, endpoint, "row_reader") {}
    engine::RowsRead read(const plan::TablePlan& table,
                          const std::vector<model::Tuple>& keys) override;

private:
    Session session_;
};

}  // namespace cutover::memory
