// engine::ChunkWriter: one transaction per chunk. Rows go by binary COPY straight into the table;
// receipt, claim and COMMIT follow the last row. Under `conflict: ignore`, rows go through a
// temporary table, and those whose key exists at the destination are left out and counted.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/postgres/catalog/target_table.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/engine/sink.h"

namespace cutover::postgres {

class PostgresChunkWriter final : public engine::ChunkWriter {
public:
    /// `sessions` must outlive it.
    PostgresChunkWriter(SessionPool& sessions, plan::ConflictRule conflict, Claim claim);
    ~PostgresChunkWriter() override;

    void begin(const plan::TablePlan& table, const model::Chunk& chunk) override;
    void write(const model::RowBatch& batch) override;
    void commit(const model::ChunkReceipt& receipt) override;
    void abort() noexcept override;

private:
    void begin_copy();
    void end_copy();
    std::string row_text(const model::RowBatch& batch, std::uint64_t row);
    void keep_existing_rows(std::uint64_t staged);
    model::Error explained(const model::Error& error, const std::string& row = {}) const;

    SessionPool& sessions_;
    plan::ConflictRule conflict_;
    Claim claim_;
    Connection connection_;
    bool by_batch_ =
        false;  ///< each batch is a COPY of its own, so that its refused row is at hand
    const plan::TablePlan* table_ = nullptr;
    std::optional<TargetTable> target_;  ///< for the open chunk
    bool copying_ = false;
    std::uint64_t taken_ = 0;  ///< rows of the copies that have ended
};

}  // namespace cutover::postgres
