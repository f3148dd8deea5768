#include "migrator/engine/postgres/control_rows.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kStoreMarker = R"(
INSERT INTO cutover.marker (task, position, position_text, commit_time, transactions, changes)
VALUES ($1, $2, $3, timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5, $6)
ON CONFLICT (task) DO UPDATE SET position = excluded.position,
    position_text = excluded.position_text, commit_time = excluded.commit_time,
    transactions = excluded.transactions, changes = excluded.changes)";

/// A table that was begun anew has chunks of a higher generation: what belongs to an older one is late.
constexpr const char* kStoreReceipt = R"(
INSERT INTO cutover.chunk AS c (task, table_index, number, generation, range, range_text,
    estimated_rows, estimated_bytes, planned, stamp, stamp_text, settled, settled_text,
    rows, bytes, hash, committed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, false, $9, $10, $11, $12, $13, $14, $15, now()
 WHERE NOT EXISTS (SELECT FROM cutover.chunk o
                    WHERE o.task = $1 AND o.table_index = $2 AND o.generation > $4)
ON CONFLICT (task, table_index, number) DO UPDATE SET
    stamp = excluded.stamp, stamp_text = excluded.stamp_text, settled = excluded.settled,
    settled_text = excluded.settled_text, rows = excluded.rows, bytes = excluded.bytes,
    hash = excluded.hash, committed_at = excluded.committed_at
 WHERE c.generation = excluded.generation AND (c.committed_at IS NULL OR $16))";

bool has_receipt(Connection& connection, const std::string& task, const model::Chunk& chunk) {
    return connection
               .exec_params(
                   "SELECT 1 FROM cutover.chunk WHERE task = $1 AND table_index = $2"
                   " AND number = $3 AND generation = $4 AND committed_at IS NOT NULL",
                   {task, std::to_string(chunk.table), std::to_string(chunk.number),
                    std::to_string(chunk.generation)})
               .rows() == 1;
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
}

}  // namespace

void store_marker(Connection& connection, const std::string& task, const model::Marker& marker) {
    connection.exec_params(
        kStoreMarker,
        {task, to_bytea(marker.position.bytes), marker.position.text,
         std::to_string(marker.commit_time.time_since_epoch().count()),
         std::to_string(marker.transactions), std::to_string(marker.changes)});
}

bool store_receipt(Connection& connection, const std::string& task, const model::ChunkReceipt& receipt,
                   ReceiptRule rule) {
    const model::Chunk& chunk = receipt.chunk;
    const Result stored = connection.exec_params(
        kStoreReceipt,
        {task, std::to_string(chunk.table), std::to_string(chunk.number),
         std::to_string(chunk.generation), to_bytea(chunk.range.bytes), chunk.range.text,
         std::to_string(chunk.estimated_rows.count), std::to_string(chunk.estimated_bytes.count),
         to_bytea(receipt.view.stamp.bytes), receipt.view.stamp.text,
         to_bytea(receipt.view.settled.bytes), receipt.view.settled.text,
         std::to_string(receipt.rows.count), std::to_string(receipt.bytes.count), receipt.hash,
         rule == ReceiptRule::last_wins ? "t" : "f"});
    if (stored.affected() == 1) {
        return true;
    }
    if (!has_receipt(connection, task, chunk)) {
        throw Error(ErrorClass::operation, "chunk.forgotten",
                    "chunk " + std::to_string(chunk.number) + " of table number " +
                        std::to_string(chunk.table) + " belongs to a copy that was begun anew");
    }
    return false;
}

void store_conflict(Connection& connection, const std::string& task, const std::string& table,
                    const std::string& phase, const std::string& action, std::uint64_t rows,
                    const std::string& sample_keys_array) {
    connection.exec_params(
        "INSERT INTO cutover.conflict (task, table_name, phase, action, rows, sample_keys)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        {task, table, phase, action, std::to_string(rows), sample_keys_array});
}

void empty_tables(Connection& connection, const std::vector<std::string>& tables) {
    if (tables.empty()) {
        return;
    }
    connection.exec("SAVEPOINT cutover_truncate");
    try {
        connection.exec("TRUNCATE " + joined(tables));
    } catch (const Error& error) {
        if (!has_state(error, "0A000")) {
            throw;
        }
        connection.exec("ROLLBACK TO SAVEPOINT cutover_truncate");
        for (const std::string& table : tables) {
            connection.exec("DELETE FROM " + table);
        }
    }
    connection.exec("RELEASE SAVEPOINT cutover_truncate");
}

std::string array_literal(const std::vector<std::string>& elements) {
    std::string out = "{";
    for (const std::string& element : elements) {
        out += out.size() == 1 ? "\"" : ",\"";
        for (const char letter : element) {
            if (letter == '"' || letter == '\\') {
                out += '\\';
            }
            out += letter;
        }
        out += '"';
    }
    return out + "}";
}

}  // namespace cutover::postgres
