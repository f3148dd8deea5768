#include "migrator/engine/memory/chunk_writer.h"

#include <algorithm>

#include "migrator/engine/memory/destination_rows.h"
#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

namespace {

bool has_receipt(const Server& server, const std::string& task, const model::Chunk& chunk) {
    const auto rows = server.tasks.find(task);
    return rows != server.tasks.end() &&
           std::any_of(rows->second.receipts.begin(), rows->second.receipts.end(),
                       [&](const model::ChunkReceipt& one) {
                           return one.chunk.table == chunk.table &&
                                  one.chunk.number == chunk.number;
                       });
}

}  // namespace

void MemoryChunkWriter::begin(const plan::TablePlan& table, const model::Chunk& chunk) {
    CUTOVER_CHECK(table_ == nullptr);
    session_.call("writer.begin", CallKind::read, [&](Server& server) {
        traits_ = server.as_sink;
        stored_ = !traits_.atomic && has_receipt(server, claim_->task, chunk);
    });
    if (traits_.atomic) {
        session_.begin();
    }
    table_ = &table;
    rows_ = {};
    held_back_.clear();
}

void MemoryChunkWriter::write(const model::RowBatch& batch) {
    CUTOVER_CHECK(table_ != nullptr);
    if (batch.rows > traits_.largest_batch) {
        throw too_large(batch.rows, traits_.largest_batch);
    }
    rows_ += batch.rows;
    if (flow::deliberate_bug(flow::Bug::receipt_before_rows) && !traits_.atomic) {
        held_back_.push_back(batch);
    } else if (!stored_) {
        put(batch);
    }
}

void MemoryChunkWriter::put(const model::RowBatch& batch) {
    DestinationRows rows(session_, *table_, traits_.atomic ? nullptr : claim_.get());
    const auto existing = keep_existing_   ? DestinationRows::Existing::keep
                          : traits_.atomic ? DestinationRows::Existing::refuse
                                           : DestinationRows::Existing::replace;
    std::size_t offset = 0;
    model::Tuple row;
    while (take_row(batch.bytes, offset, row)) {
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
    // False: it has one already.
    const auto store_receipt = [receipt, claim = *claim_](Server& server) {
        check_claim(server, claim);
        const bool fresh = !has_receipt(server, claim.task, receipt.chunk);
        if (fresh) {
            server.tasks[claim.task].receipts.push_back(receipt);
        }
        return fresh;
    };
    const auto rows_alone = [claim = *claim_](Server& server) { check_claim(server, claim); };
    const auto with_rows = [store_receipt](Server& server) {
        if (!store_receipt(server)) {
            throw RollBack{};
        }
    };
    if (!traits_.atomic) {
        session_.call("writer.receipt", CallKind::commit, store_receipt);
        for (const model::RowBatch& batch : held_back_) {
            put(batch);
        }
    } else if (flow::deliberate_bug(flow::Bug::receipt_without_rows)) {
        session_.call("writer.receipt", CallKind::write, store_receipt);
        session_.commit("writer.commit", rows_alone);
    } else if (flow::deliberate_bug(flow::Bug::rows_without_receipt)) {
        session_.commit("writer.commit", rows_alone);
        session_.call("writer.receipt", CallKind::write, store_receipt);
    } else {
        session_.commit("writer.commit", with_rows);
    }
    table_ = nullptr;
}

void MemoryChunkWriter::abort() noexcept {
    session_.rollback();
    table_ = nullptr;
}

}  // namespace cutover::memory
