// The rows of the control schema that are written in the same transaction as migrated data: the marker
// and the receipts. Shared by control, chunk writer and change applier.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/connection.h"
#include "migrator/engine/postgres/write_session.h"
#include "migrator/model/chunk.h"
#include "migrator/model/net_batch.h"

namespace cutover::postgres {

/// Requires: a transaction is open and require_claim() has passed in it.
void store_marker(Connection& connection, const std::string& task, const model::Marker& marker);

enum class ReceiptRule : std::uint8_t {
    first_wins,  ///< a chunk that has one keeps it
    last_wins,   ///< for rows that were read again
};

/// False if the chunk had a receipt already and keeps it.
/// Throws: operation `chunk.forgotten` (its table has been begun anew since).
bool store_receipt(Connection& connection, const std::string& task, const model::ChunkReceipt& receipt,
                   ReceiptRule rule);

/// Notes rows of somebody else that were kept or overwritten. `sample_keys` for people.
void store_conflict(Connection& connection, const std::string& task, const std::string& table,
                    const std::string& phase, const std::string& action, std::uint64_t rows,
                    const std::string& sample_keys_array);

/// Empties a table, by deleting where a foreign key forbids to truncate.
/// Requires: a transaction is open. `tables` are quoted names.
void empty_tables(Connection& connection, const std::vector<std::string>& tables);

/// `{"a","b"}`: an array parameter of any type.
std::string array_literal(const std::vector<std::string>& elements);

}  // namespace cutover::postgres
