// engine::ChunkWriter: one transaction per chunk. COPY in binary straight into the table; receipt,
// claim and COMMIT after the last row. Under `conflict: ignore` rows go through a temporary table,
// and those whose key is taken at the destination are left out and counted.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/postgres/connection.h"
#include "migrator/engine/postgres/target_table.h"
#include "migrator/engine/postgres/write_session.h"
#include "migrator/engine/sink.h"

namespace cutover::postgres {

class PostgresChunkWriter final : public engine::ChunkWriter {
public:
    /// `sessions` outlives it.
    PostgresChunkWriter(SessionPool& sessions, plan::ConflictRule conflict, Claim claim);
    ~PostgresChunkWriter() override;

    void begin(const plan::TablePlan& table, const model::Chunk& chunk) override;
    void write(const model::RowBatch& batch) override;
    void commit(const model::ChunkReceipt& receipt) override;
    void abort() noexcept override;

private:
    std::string create_staging() const;
    void keep_existing_rows(std::uint64_t staged);
    model::Error explained(const model::Error& error) const;

    SessionPool& sessions_;
    plan::ConflictRule conflict_;
    Claim claim_;
    Connection connection_;
    std::optional<TargetTable> target_;  ///< of the open chunk
};

}  // namespace cutover::postgres
