#include "migrator/engine/memory/chunk_writer.h"

#include "migrator/engine/memory/destination_rows.h"
#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

void MemoryChunkWriter::begin(const plan::TablePlan& table, const model::Chunk&) {
    CUTOVER_CHECK(table_ == nullptr);
    session_.begin();
    session_.call("writer.begin", CallKind::read,
                  [&](Server& server) { transactional_ = server.transactions; });
    table_ = &table;
    rows_ = {};
}

void MemoryChunkWriter::write(const model::RowBatch& batch) {
    CUTOVER_CHECK(table_ != nullptr);
    DestinationRows rows(session_, *table_);
    std::size_t offset = 0;
    model::Tuple row;
    while (take_row(batch.bytes, offset, row)) {
        ++rows_.count;
        const auto existing = !transactional_  ? DestinationRows::Existing::replace
                              : keep_existing_ ? DestinationRows::Existing::keep
                                               : DestinationRows::Existing::refuse;
        if (!rows.put(row, existing) && !keep_existing_) {
            throw Error(ErrorClass::conflict, "memory.row_exists",
                        "a row of " + table_->destination.display() + " exists already");
        }
    }
}

void MemoryChunkWriter::commit(const model::ChunkReceipt& receipt) {
    CUTOVER_CHECK(table_ != nullptr);
    if (rows_ != receipt.rows) {
        throw Error(ErrorClass::corrupt, "copy.count",
                    std::to_string(receipt.rows.count) + " rows were to be written, " +
                        std::to_string(rows_.count) + " came");
    }
    const auto store_receipt = [receipt, claim = *claim_](Server& server) {
        check_claim(server, claim);
        std::vector<model::ChunkReceipt>& receipts = server.tasks[claim.task].receipts;
        for (const model::ChunkReceipt& one : receipts) {
            if (one.chunk.table == receipt.chunk.table &&
                one.chunk.number == receipt.chunk.number) {
                throw RollBack{};
            }
        }
        receipts.push_back(receipt);
    };
    const auto rows_alone = [claim = *claim_](Server& server) { check_claim(server, claim); };
    if (flow::deliberate_bug(flow::Bug::receipt_without_rows)) {
        session_.call("writer.receipt", CallKind::write, store_receipt);
        session_.commit("writer.commit", rows_alone);
    } else if (flow::deliberate_bug(flow::Bug::rows_without_receipt)) {
        session_.commit("writer.commit", rows_alone);
        session_.call("writer.receipt", CallKind::write, store_receipt);
    } else {
        session_.commit("writer.commit", store_receipt);
    }
    table_ = nullptr;
}

void MemoryChunkWriter::abort() noexcept {
    session_.rollback();
    table_ = nullptr;
}

}  // namespace cutover::memory
