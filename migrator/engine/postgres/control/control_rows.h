// Rows of the control schema: the task itself, the marker and the receipts, which are written in
// the same transaction as migrated data, and the chunks they belong to. Shared by control, chunk
// writer and change applier.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/chunk.h"
#include "migrator/model/net_batch.h"

namespace cutover::postgres {

/// The statement that reads a task's row, by its name $1; record_of() reads the answer.
extern const char* const kLoadTask;
/// Throws: corrupt `control.phase`, `control.damaged`.
engine::TaskRecord record_of(const std::string& name, const Result& row);
/// All of a record but what has statements of its own: fingerprint, epoch, marker, holder.
void store_record(Connection& connection, const std::string& task,
                  const engine::TaskRecord& record);
/// Throws: corrupt `control.phase`.
engine::TaskPhase phase_of(std::string_view text);

/// require_claim() and the marker in one statement: the last before a batch's commit.
/// Requires: a transaction is open. Throws: stopped (`task.fenced`).
void store_claimed_marker(Connection& connection, const Claim& claim, const model::Marker& marker);

/// False if the chunk had a receipt already and keeps it.
/// Throws: operation `chunk.forgotten` (its table has been begun anew since).
bool store_receipt(Connection& connection, const std::string& task,
                   const model::ChunkReceipt& receipt);
/// The view of rows that were read again. Known by its range alone.
void store_row_view(Connection& connection, const std::string& task,
                    const model::ChunkReceipt& receipt);

/// Planned chunks; receipts of all that are in, by table and number, and those of rows read again
/// after them.
std::vector<model::Chunk> read_chunks(Connection& connection, const std::string& task);
std::vector<model::ChunkReceipt> read_receipts(Connection& connection, const std::string& task);
/// Requires: a transaction is open.
void insert_chunks(Connection& connection, const std::string& task,
                   const std::vector<model::Chunk>& chunks);

/// Notes rows of somebody else that were kept or overwritten. `sample_keys` for people.
void store_conflict(Connection& connection, const std::string& task, const std::string& table,
                    const std::string& phase, const std::string& action, std::uint64_t rows,
                    const std::string& sample_keys_array);

/// Empties tables, by deleting where a foreign key forbids to truncate; no trigger fires and no key
/// cascades. Throws: refused `destination.foreign_key` (the account cannot keep a key from it).
/// Requires: a transaction is open. `tables` are quoted, with `ONLY` in front of those whose heirs
/// have rows of their own.
void empty_tables(Connection& connection, const std::vector<std::string>& tables);

// Cells of a result; NULL reads as empty.
/// Throws: corrupt `control.damaged` (a negative number).
std::uint64_t unsigned_of(const Result& result, int row, int column);
std::string bytes_of(const Result& result, int row, int column);

}  // namespace cutover::postgres
