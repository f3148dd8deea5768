#include "migrator/engine/postgres/control/control_rows.h"

#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/engine/postgres/session/error.h"

namespace cutover::postgres {

using engine::TaskPhase;
using engine::TaskRecord;
using model::Error;
using model::ErrorClass;

namespace {

/// The row lock is require_claim()'s.
constexpr const char* kStoreMarker = R"(
WITH claim AS MATERIALIZED (SELECT name FROM cutover.task
                             WHERE name = $1 AND epoch = $2 AND phase <> 'finished' FOR KEY SHARE)
INSERT INTO cutover.marker (task, position, position_text, commit_time, transactions, changes)
SELECT name, $3, $4, timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6, $7 FROM claim
ON CONFLICT (task) DO UPDATE SET position = excluded.position,
    position_text = excluded.position_text, commit_time = excluded.commit_time,
    transactions = excluded.transactions, changes = excluded.changes)";

/// A table that was begun anew has chunks of a higher generation: what belongs to an older one is
/// late.
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
 WHERE c.generation = excluded.generation AND c.committed_at IS NULL)";

constexpr const char* kStoreRowView = R"(
INSERT INTO cutover.row_view AS v (task, table_index, range_hash, range, range_text, stamp, stamp_text,
    settled, settled_text, rows)
VALUES ($1, $2, md5($3::bytea), $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (task, table_index, range_hash) DO UPDATE SET
    stamp = excluded.stamp, stamp_text = excluded.stamp_text, settled = excluded.settled,
    settled_text = excluded.settled_text, rows = excluded.rows, committed_at = now())";

constexpr const char* kInsertChunks = R"(
INSERT INTO cutover.chunk (task, table_index, number, generation, range, range_text,
    estimated_rows, estimated_bytes, planned)
SELECT $1, u.table_index, u.number, u.generation, decode(u.range, 'hex'), u.range_text,
       u.estimated_rows, u.estimated_bytes, true
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
              $8::bigint[]) AS u (table_index, number, generation, range, range_text,
                                  estimated_rows, estimated_bytes))";

constexpr const char* kChunkColumns =
    "table_index, number, generation, range, range_text, estimated_rows, estimated_bytes";

bool has_receipt(Connection& connection, const std::string& task, const model::Chunk& chunk) {
    return connection
               .exec_params(
                   "SELECT 1 FROM cutover.chunk WHERE task = $1 AND table_index = $2"
                   " AND number = $3 AND generation = $4 AND committed_at IS NOT NULL",
                   {task, std::to_string(chunk.table), std::to_string(chunk.number),
                    std::to_string(chunk.generation)})
               .rows() == 1;
}

model::Chunk chunk_of(const Result& result, int row) {
    model::Chunk chunk;
    chunk.table = static_cast<model::TableIndex>(result.integer(row, 0));
    chunk.number = static_cast<std::uint32_t>(result.integer(row, 1));
    chunk.generation = static_cast<std::uint32_t>(result.integer(row, 2));
    chunk.range = {bytes_of(result, row, 3), result.text(row, 4)};
    chunk.estimated_rows = {unsigned_of(result, row, 5)};
    chunk.estimated_bytes = {unsigned_of(result, row, 6)};
    return chunk;
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
}

}  // namespace

const char* const kLoadTask = R"(
SELECT t.fingerprint, t.phase, t.epoch, t.starts, t.last_error,
       t.origin_identity, t.origin_start, t.origin_start_text,
       m.position, m.position_text, (extract(epoch FROM m.commit_time) * 1000000)::bigint,
       m.transactions, m.changes,
       t.copy_stamp, t.copy_stamp_text, t.copy_settled, t.copy_settled_text,
       t.source_fence, t.cutover, t.born
  FROM cutover.task t LEFT JOIN cutover.marker m ON m.task = t.name WHERE t.name = $1)";

TaskPhase phase_of(std::string_view text) {
    for (const TaskPhase phase : {TaskPhase::created, TaskPhase::schema, TaskPhase::full,
                                  TaskPhase::keys, TaskPhase::incremental, TaskPhase::finished}) {
        if (engine::to_string(phase) == text) {
            return phase;
        }
    }
    throw Error(
        ErrorClass::corrupt, "control.phase",
        "the task's record names a phase that this version does not know: " + std::string(text));
}

TaskRecord record_of(const std::string& name, const Result& row) {
    TaskRecord record;
    record.name = name;
    record.fingerprint = row.text(0, 0);
    record.phase = phase_of(row.get(0, 1));
    record.epoch = unsigned_of(row, 0, 2);
    record.starts = unsigned_of(row, 0, 3);
    record.last_error = row.text(0, 4);
    if (!row.is_null(0, 5)) {
        record.origin =
            engine::CaptureOrigin{bytes_of(row, 0, 5), {bytes_of(row, 0, 6), row.text(0, 7)}};
    }
    if (!row.is_null(0, 8)) {
        record.marker.position = {bytes_of(row, 0, 8), row.text(0, 9)};
        record.marker.commit_time = model::Instant(std::chrono::microseconds(row.integer(0, 10)));
        record.marker.transactions = unsigned_of(row, 0, 11);
        record.marker.changes = unsigned_of(row, 0, 12);
    }
    if (!row.is_null(0, 13)) {
        record.copy_view = model::ChunkView{{bytes_of(row, 0, 13), row.text(0, 14)},
                                            {bytes_of(row, 0, 15), row.text(0, 16)}};
    }
    record.source_fence = row.text(0, 17);
    record.cutover = row.text(0, 18);
    record.born = unsigned_of(row, 0, 19);
    return record;
}

void store_record(Connection& connection, const std::string& task,
                  const engine::TaskRecord& record) {
    std::vector<Parameter> values{task, std::string(engine::to_string(record.phase)),
                                  record.last_error};
    values.resize(12);
    if (record.origin) {
        values[3] = to_bytea(record.origin->identity);
        values[4] = to_bytea(record.origin->start.bytes);
        values[5] = record.origin->start.text;
    }
    if (record.copy_view) {
        values[6] = to_bytea(record.copy_view->stamp.bytes);
        values[7] = record.copy_view->stamp.text;
        values[8] = to_bytea(record.copy_view->settled.bytes);
        values[9] = record.copy_view->settled.text;
    }
    values[10] = record.source_fence;
    values[11] = std::to_string(record.starts);
    connection.exec_params(
        "UPDATE cutover.task SET phase = $2, last_error = $3, origin_identity = $4,"
        " origin_start = $5, origin_start_text = $6, copy_stamp = $7, copy_stamp_text = $8,"
        " copy_settled = $9, copy_settled_text = $10, source_fence = $11, starts = $12 WHERE "
        "name = $1",
        values);
}

void store_claimed_marker(Connection& connection, const Claim& claim, const model::Marker& marker) {
    const Result stored = connection.exec_params(
        kStoreMarker,
        {claim.task, std::to_string(claim.epoch), to_bytea(marker.position.bytes),
         marker.position.text, std::to_string(marker.commit_time.time_since_epoch().count()),
         std::to_string(marker.transactions), std::to_string(marker.changes)});
    if (stored.affected() != 1) {
        throw fenced(claim);
    }
}

bool store_receipt(Connection& connection, const std::string& task,
                   const model::ChunkReceipt& receipt) {
    const model::Chunk& chunk = receipt.chunk;
    const Result stored = connection.exec_params(
        kStoreReceipt,
        {task, std::to_string(chunk.table), std::to_string(chunk.number),
         std::to_string(chunk.generation), to_bytea(chunk.range.bytes), chunk.range.text,
         std::to_string(chunk.estimated_rows.count), std::to_string(chunk.estimated_bytes.count),
         to_bytea(receipt.view.stamp.bytes), receipt.view.stamp.text,
         to_bytea(receipt.view.settled.bytes), receipt.view.settled.text,
         std::to_string(receipt.rows.count), std::to_string(receipt.bytes.count), receipt.hash});
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

std::vector<model::Chunk> read_chunks(Connection& connection, const std::string& task) {
    const Result rows = connection.exec_params(
        std::string("SELECT ") + kChunkColumns +
            " FROM cutover.chunk WHERE task = $1 AND planned ORDER BY table_index, number",
        {task});
    std::vector<model::Chunk> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back(chunk_of(rows, row));
    }
    return out;
}

void store_row_view(Connection& connection, const std::string& task,
                    const model::ChunkReceipt& receipt) {
    connection.exec_params(
        kStoreRowView,
        {task, std::to_string(receipt.chunk.table), to_bytea(receipt.chunk.range.bytes),
         receipt.chunk.range.text, to_bytea(receipt.view.stamp.bytes), receipt.view.stamp.text,
         to_bytea(receipt.view.settled.bytes), receipt.view.settled.text,
         std::to_string(receipt.rows.count)});
}

std::vector<model::ChunkReceipt> read_receipts(Connection& connection, const std::string& task) {
    const Result rows = connection.exec_params(
        std::string("SELECT ") + kChunkColumns +
            ", stamp, stamp_text, settled, settled_text, rows, bytes, hash, false FROM "
            "cutover.chunk"
            " WHERE task = $1 AND committed_at IS NOT NULL"
            " UNION ALL SELECT table_index, 0, 0, range, range_text, rows, 0, stamp, stamp_text, "
            "settled,"
            " settled_text, rows, 0, '', true FROM cutover.row_view WHERE task = $1"
            " ORDER BY 15, 1, 2, 5",
        {task});
    std::vector<model::ChunkReceipt> out;
    for (int row = 0; row < rows.rows(); ++row) {
        model::ChunkReceipt receipt;
        receipt.chunk = chunk_of(rows, row);
        receipt.view.stamp = {bytes_of(rows, row, 7), rows.text(row, 8)};
        receipt.view.settled = {bytes_of(rows, row, 9), rows.text(row, 10)};
        receipt.rows = {unsigned_of(rows, row, 11)};
        receipt.bytes = {unsigned_of(rows, row, 12)};
        receipt.hash = rows.text(row, 13);
        out.push_back(std::move(receipt));
    }
    return out;
}

void insert_chunks(Connection& connection, const std::string& task,
                   const std::vector<model::Chunk>& chunks) {
    std::vector<std::string> tables, numbers, generations, ranges, texts, rows, bytes;
    for (const model::Chunk& chunk : chunks) {
        tables.push_back(std::to_string(chunk.table));
        numbers.push_back(std::to_string(chunk.number));
        generations.push_back(std::to_string(chunk.generation));
        ranges.push_back(to_bytea(chunk.range.bytes).substr(2));
        texts.push_back(chunk.range.text);
        rows.push_back(std::to_string(chunk.estimated_rows.count));
        bytes.push_back(std::to_string(chunk.estimated_bytes.count));
    }
    connection.exec_params(
        kInsertChunks,
        {task, array_literal(tables), array_literal(numbers), array_literal(generations),
         array_literal(ranges), array_literal(texts), array_literal(rows), array_literal(bytes)});
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
    const bool quiet = ignore_triggers_until_commit(connection);
    connection.exec("SAVEPOINT cutover_truncate");
    try {
        connection.exec("TRUNCATE " + joined(tables));
    } catch (const Error& error) {
        if (!has_state(error, "0A000")) {
            throw;
        }
        connection.exec("ROLLBACK TO SAVEPOINT cutover_truncate");
        if (!quiet) {
            throw Error(ErrorClass::refused, "destination.foreign_key",
                        "the account may not set session_replication_role, so that emptying " +
                            joined(tables) + " would act on other tables: " + error.message(),
                        "GRANT SET ON PARAMETER session_replication_role TO the account "
                        "(PostgreSQL 15 and later), or add the foreign key after the cutover");
        }
        for (const std::string& table : tables) {
            connection.exec("DELETE FROM " + table);
        }
    }
    connection.exec("RELEASE SAVEPOINT cutover_truncate");
}

std::uint64_t unsigned_of(const Result& result, int row, int column) {
    const std::int64_t number = result.integer(row, column);
    if (number < 0) {
        throw Error(ErrorClass::corrupt, "control.damaged",
                    "the task's record has " + std::to_string(number) +
                        " where no negative number can stand",
                    "somebody else has written into the schema cutover at the destination: find "
                    "out who; `cutover release` removes the record, and the task begins anew");
    }
    return static_cast<std::uint64_t>(number);
}

std::string bytes_of(const Result& result, int row, int column) {
    return result.is_null(row, column) ? std::string() : from_bytea(result.get(row, column));
}

}  // namespace cutover::postgres
