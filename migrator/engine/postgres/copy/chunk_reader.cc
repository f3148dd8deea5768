#include "migrator/engine/postgres/copy/chunk_reader.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/capture/capture.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/copy/copy_rows.h"
#include "migrator/engine/postgres/log/log_message.h"
#include "migrator/engine/postgres/log/row_limit.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::ChunkView;
using model::Error;
using model::ErrorClass;

namespace {

constexpr std::string_view kSlotPrefix = "slot=";
constexpr std::string_view kPlainPrefix = "view=";

/// Returns the session in `held`; takes one from `sessions` if there is none or it is lost.
Connection& reading(std::optional<Connection>& held, SessionPool& sessions,
                    const plan::TaskSpec& spec) {
    if (!held || !held->alive()) {
        held.reset();
        held = sessions.take(reader_name(spec));
    }
    return *held;
}

void give_back(std::optional<Connection>& held, SessionPool& sessions) {
    if (held) {
        sessions.give_back(std::move(*held));
    }
}

std::string column_list(const plan::TablePlan& table) {
    std::string out;
    for (const plan::ColumnPlan& column : table.columns) {
        out += (out.empty() ? "" : ", ") + quote_identifier(column.source.name);
    }
    return out;
}

/// xmin is used as a full 64-bit number, which it is within the first epoch (resume_mode() checks
/// that).
std::string seen_by(const Connection& connection, std::string_view snapshot) {
    const Snapshot parsed = Snapshot::parse(snapshot);
    return fmt::format(
        " AND (xmin::text::bigint < {} OR pg_visible_in_snapshot(xmin::text::xid8, "
        "{}::pg_snapshot))",
        parsed.xmin, connection.quote_literal(snapshot));
}

std::string copy_statement(const plan::TablePlan& table, const BlockRange& blocks,
                           const std::string& condition) {
    std::string where =
        fmt::format("ctid >= '({},0)'::tid AND ctid < '({},0)'::tid", blocks.first, blocks.end);
    if (!table.filter.empty()) {
        where += " AND (" + table.filter + ")";
    }
    return "COPY (SELECT " + column_list(table) + " FROM ONLY " + quote(table.source) + " WHERE " +
           where + condition + ") TO STDOUT (FORMAT binary)";
}

/// How long a transaction may be in the log before other sessions see it, e.g. while it waits for a
/// synchronous standby.
constexpr std::chrono::seconds kCommitPatience(30);
constexpr std::chrono::milliseconds kCommitPoll(20);

/// Begins a transaction with a view of its own, and gets a log position that lies after everything
/// the view has seen.
ChunkView begin_own_view(Connection& connection, const plan::TablePlan& table) {
    // The lock comes before the view, because an older view sees nothing of a table that is
    // rewritten in between. The position is read by a statement under that view, so it lies after
    // the view was taken.
    connection.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    hold_relation(connection, table.source, table.schema.identity);
    const Result row = connection.exec(std::string("SELECT pg_current_snapshot(), ") + kLogEnd);
    return {plain_stamp(row.text(0, 0)), log_end_of(row, 1)};
}

/// The same, but the view has also seen all that `first` had seen: the log begins later and will
/// not bring that.
ChunkView begin_later_view(Connection& connection, const plan::TablePlan& table,
                           const model::Stamp& first) {
    std::optional<Patience> patience;
    for (;;) {
        ChunkView view = begin_own_view(connection, table);
        const std::optional<Xid8> pending =
            Snapshot::parse(snapshot_text(view.stamp)).lacks(Snapshot::parse(snapshot_text(first)));
        if (!pending) {
            return view;
        }
        connection.rollback();
        if (!patience) {
            patience.emplace(connection.attention(),
                             fmt::format("transaction {} of the source to be seen, whose commit "
                                         "waits for a synchronous standby (wait event SyncRep)",
                                         *pending),
                             kCommitPatience);
        }
        if (!patience->pause(kCommitPoll)) {
            throw Error(ErrorClass::connection, "copy.commit_pending",
                        fmt::format("transaction {} is in the log of the source and still cannot "
                                    "be seen, so {} cannot be read",
                                    *pending, table.source.display()),
                        "a commit that waits for a synchronous standby does so (wait event SyncRep "
                        "in pg_stat_activity): bring one of those that synchronous_standby_names "
                        "lists back, or take them out of it");
        }
    }
}

/// A transaction that was seen as aborted may have left nothing but a log entry that was never
/// flushed. After a crash, the source would give its number to another transaction, which the stamp
/// would take for seen. So nothing may rest on the view before the log is flushed.
void flush_log(Connection& connection) {
    emit_message(connection, kFlushPrefix, "''");
}

/// What a source of encoding SQL_ASCII takes for text may be none.
Error without_text(const std::string& table, const Error& error) {
    return Error(ErrorClass::refused, "copy.encoding",
                 "table " + table + " holds bytes that are no text: " + error.message(),
                 "find the rows (convert_from(convert_to(c, 'SQL_ASCII'), 'UTF8') fails on them) "
                 "and mend them at the source");
}

Error view_lost(const plan::TablePlan& table) {
    return Error(
        ErrorClass::connection, "copy.view_lost",
        "the view that the copy of " + table.source.display() + " was begun under is gone",
        "the source has restarted or cut the connection that held it; the copy goes on by itself");
}

}  // namespace

std::string reader_name(const plan::TaskSpec& spec) {
    return capture_name(spec) + " reader";
}
model::Stamp slot_stamp(const std::string& snapshot) {
    return {std::string(kSlotPrefix) + snapshot, snapshot};
}
model::Stamp plain_stamp(const std::string& snapshot) {
    return {std::string(kPlainPrefix) + snapshot, snapshot};
}
bool is_slot_stamp(const model::Stamp& stamp) {
    return stamp.bytes.starts_with(kSlotPrefix);
}
std::string_view snapshot_text(const model::Stamp& stamp) {
    return std::string_view(stamp.bytes).substr(kSlotPrefix.size());
}

model::ChunkRange to_range(const BlockRange& blocks) {
    return {
        fmt::format("{}:{}:{}:{}", blocks.file, blocks.first, blocks.end, blocks.own_view ? 1 : 0),
        blocks.own_view ? std::string("whole table")
        : blocks.end == BlockRange::kNoEnd
            ? fmt::format("blocks from {}", blocks.first)
            : fmt::format("blocks {} to {}", blocks.first, blocks.end)};
}

BlockRange to_blocks(const model::ChunkRange& range) {
    BlockRange blocks;
    int own = 0;
    char rest = 0;
    if (std::sscanf(range.bytes.c_str(), "%lu:%lu:%lu:%d%c", &blocks.file, &blocks.first,
                    &blocks.end, &own, &rest) != 4) {
        throw Error(ErrorClass::corrupt, "chunk.range",
                    "not a range of blocks: '" + range.bytes + "'",
                    "the task's stored state is damaged");
    }
    blocks.own_view = own != 0;
    return blocks;
}

bool can_read_residue(const plan::TaskSpec& spec, const plan::TablePlan& table,
                      const model::Stamp& original) {
    return spec.phases.incremental && !table.keyless() && is_slot_stamp(original);
}

PostgresChunkReader::PostgresChunkReader(const plan::TaskSpec& spec, SessionPool& sessions,
                                         const SharedSnapshot& shared)
    : spec_(spec), sessions_(sessions), shared_(shared) {}

PostgresChunkReader::~PostgresChunkReader() {
    give_back(connection_, sessions_);
}

Connection& PostgresChunkReader::connection() {
    return reading(connection_, sessions_, spec_);
}

/// False if the first view no longer exists.
bool PostgresChunkReader::join_first_view(const ChunkView& first) {
    const std::string snapshot = shared_.snapshot();
    if (snapshot.empty()) {
        return false;
    }
    bool same = false;
    try {
        connection().exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        connection().exec("SET TRANSACTION SNAPSHOT " + connection().quote_literal(snapshot));
        const Result seen = connection().exec("SELECT pg_current_snapshot()");
        same = seen.get(0, 0) == snapshot_text(first.stamp);
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection ||
            error.error_class() == ErrorClass::stopped) {
            throw;
        }
    }
    if (!same) {
        connection().rollback();  // it is gone, or the copy began under another view
    }
    return same;
}

/// Block numbers are valid only for the file in which they were counted; the lock keeps that file.
void PostgresChunkReader::lock_file(const plan::TablePlan& table, const BlockRange& blocks) {
    if (hold_relation(connection(), table.source, table.schema.identity) != blocks.file) {
        throw Error(
            ErrorClass::operation, "copy.table_rewritten",
            "table " + table.source.display() + " was rewritten or truncated while it was copied",
            "the table is copied anew; keep VACUUM FULL, CLUSTER and rewriting DDL away meanwhile");
    }
}

ChunkView PostgresChunkReader::open(const plan::TablePlan& table, const model::Chunk& chunk,
                                    const ChunkView& first) {
    const BlockRange blocks = to_blocks(chunk.range);
    connection().rollback();
    ChunkView view;
    std::string condition;
    own_view_ = true;
    if (blocks.own_view) {
        view = begin_later_view(connection(), table, first.stamp);
    } else if (join_first_view(first)) {
        own_view_ = false;
        view = first;
        lock_file(table, blocks);
    } else if (can_read_residue(spec_, table, first.stamp)) {
        view = begin_later_view(connection(), table, first.stamp);
        lock_file(table, blocks);
        condition = seen_by(connection(), snapshot_text(first.stamp));
        view.stamp = first.stamp;
    } else {
        throw view_lost(table);
    }
    connection().begin_copy_out(copy_statement(table, blocks, condition));
    header_pending_ = true;
    table_ = &table;
    return view;
}

bool PostgresChunkReader::read_message(std::string& bytes) {
    try {
        return connection_->copy_read(bytes);
    } catch (const Error& error) {
        if (error.code() == "postgres.22021" || error.code() == "postgres.22P05") {
            throw without_text(table_->source.display(), error);
        }
        if (error.error_class() == ErrorClass::refused) {
            throw Error(ErrorClass::refused, error.code(),
                        "table " + table_->source.display() + ": " + error.message(), error.hint());
        }
        throw;
    }
}

void PostgresChunkReader::require_size(std::string_view row) const {
    if (row.size() > kLargestRow) {
        const RowOutline outline = outline_of_copy(row);
        if (outline.bytes > kLargestRow) {
            throw row_too_large(*table_, outline, kLargestRow);
        }
    }
}

bool PostgresChunkReader::next(model::RowBatch& batch, const engine::BatchLimit& limit) {
    while (batch.bytes.size() < limit.bytes.count && batch.rows < limit.rows) {
        const std::size_t before = batch.bytes.size();
        if (!read_message(batch.bytes)) {
            connection_->exec("COMMIT");
            if (own_view_ && spec_.phases.incremental) {
                flush_log(*connection_);
            }
            return false;
        }
        if (std::exchange(header_pending_, false)) {
            if (!std::string_view(batch.bytes).substr(before).starts_with(copy_header())) {
                throw Error(ErrorClass::corrupt, "copy.form",
                            "the rows of table " + table_->source.display() +
                                " do not come as a binary COPY",
                            "what answers is no server that this program knows");
            }
            batch.bytes.erase(before, copy_header().size());
        }
        // The server sends one row per message; the last message is the trailer, alone or after the
        // header.
        if (batch.bytes.size() - before == copy_trailer().size() &&
            batch.bytes.ends_with(copy_trailer())) {
            batch.bytes.resize(before);
        } else if (batch.bytes.size() > before) {
            ++batch.rows.count;
            require_size(std::string_view(batch.bytes).substr(before));
        }
    }
    return true;
}

namespace {

/// Runs a query whose parameters, the values of these columns, and result are in binary form.
Result query_with(Connection& connection, const std::string& sql, const plan::TablePlan& table,
                  const std::vector<std::size_t>& columns, const model::Tuple& given) {
    std::vector<Oid> types;
    std::vector<std::string> values;
    std::vector<const char*> pointers;
    std::vector<int> lengths, formats;
    for (std::size_t at = 0; at < given.size(); ++at) {
        types.push_back(static_cast<Oid>(table.columns[columns[at]].source.type_id));
        values.emplace_back(given.bytes(at));
        lengths.push_back(static_cast<int>(given.bytes(at).size()));
        formats.push_back(given.kind(at) == model::CellKind::binary ? 1 : 0);
    }
    for (std::size_t at = 0; at < given.size(); ++at) {
        const bool null = given.kind(at) == model::CellKind::null;
        pointers.push_back(null ? nullptr : values[at].c_str());
    }
    ServerCall call(connection, sql);
    return connection.finish(
        PQsendQueryParams(connection.raw(), sql.c_str(), static_cast<int>(given.size()),
                          types.data(), pointers.data(), lengths.data(), formats.data(), 1) == 1,
        call, sql);
}

std::vector<std::size_t> key_columns(const plan::TablePlan& table) {
    std::vector<std::size_t> columns;
    for (const plan::KeyColumn& column : table.source_key().columns) {
        columns.push_back(column.column);
    }
    return columns;
}

/// How many cells of a row without a key are shown.
constexpr std::size_t kShownCells = 4;

/// The columns of the key; for a row without a key, the first columns that were sent.
std::vector<std::size_t> telling_columns(const plan::TablePlan& table, const model::Tuple& row) {
    if (!table.keyless()) {
        return key_columns(table);
    }
    std::vector<std::size_t> columns;
    for (std::size_t at = 0; at < row.size() && columns.size() < kShownCells; ++at) {
        if (row.kind(at) != model::CellKind::absent) {
            columns.push_back(at);
        }
    }
    return columns;
}

}  // namespace

std::string key_text(Connection& connection, const plan::TablePlan& table,
                     const model::Tuple& row) {
    const std::vector<std::size_t> columns = telling_columns(table, row);
    if (columns.empty() || row.empty()) {
        return "";
    }
    model::Tuple values;
    std::string sql;
    for (const std::size_t column : columns) {
        values.append(row.kind(column), row.bytes(column));
        sql +=
            fmt::format("{}left((${})::text, 80)", sql.empty() ? "SELECT " : ", ", values.size());
    }
    const Result shown = query_with(connection, sql, table, columns, values);
    std::string text;
    for (std::size_t at = 0; at < columns.size(); ++at) {
        const auto cell = static_cast<int>(at);
        text +=
            fmt::format("{}{} = {}", at == 0 ? "" : ", ", table.columns[columns[at]].source.name,
                        shown.is_null(0, cell) ? "NULL" : shown.text(0, cell));
    }
    return text;
}

PostgresRowReader::~PostgresRowReader() {
    give_back(connection_, sessions_);
}

namespace {

/// A statement takes at most 65,535 parameters.
constexpr std::size_t kMostParameters = 60'000;

/// Keys are identified by their number, because a row's own key may be spelled differently.
std::string rows_by_key(const plan::TablePlan& table, std::size_t keys) {
    const std::size_t width = table.source_key().columns.size();
    std::string values, names, match;
    for (std::size_t key = 0; key < keys; ++key) {
        values += key == 0 ? "(" : ", (";
        for (std::size_t at = 1; at <= width; ++at) {
            values += fmt::format("${}, ", key * width + at);
        }
        values += fmt::format("{})", key);
    }
    for (std::size_t at = 0; at < width; ++at) {
        const std::string name = fmt::format("cutover_key_{}", at);
        names += name + ", ";
        match +=
            (at == 0 ? "" : " AND ") +
            quote_identifier(table.columns[table.source_key().columns[at].column].source.name) +
            " = " + name;
    }
    return "SELECT cutover_key_number, " + column_list(table) + " FROM ONLY " +
           quote(table.source) + " JOIN (VALUES " + values + ") AS cutover_keys (" + names +
           "cutover_key_number) ON " + match +
           (table.filter.empty() ? "" : " WHERE (" + table.filter + ")");
}

std::size_t number_of(std::string_view int4) {
    std::size_t number = 0;
    for (const char byte : int4) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
}

model::Tuple to_tuple(const Result& rows, int row, int first_column) {
    model::Tuple tuple;
    for (int column = first_column; column < rows.columns(); ++column) {
        const bool null = rows.is_null(row, column);
        tuple.append(null ? model::CellKind::null : model::CellKind::binary,
                     null ? std::string_view() : rows.get(row, column));
    }
    return tuple;
}

}  // namespace

/// Fills in the rows of `keys` from number `first` on, as many as one statement takes; returns the
/// number after them.
std::size_t PostgresRowReader::read_some(const plan::TablePlan& table,
                                         const std::vector<model::Tuple>& keys, std::size_t first,
                                         engine::RowsRead& out) {
    const std::vector<std::size_t> of_key = key_columns(table);
    const std::size_t end = std::min(keys.size(), first + kMostParameters / of_key.size());
    model::Tuple given;
    std::vector<std::size_t> columns;
    for (std::size_t key = first; key < end; ++key) {
        for (std::size_t at = 0; at < of_key.size(); ++at) {
            given.append(keys[key].kind(at), keys[key].bytes(at));
        }
        columns.insert(columns.end(), of_key.begin(), of_key.end());
    }
    const Result rows =
        query_with(*connection_, rows_by_key(table, end - first), table, columns, given);
    for (int row = 0; row < rows.rows(); ++row) {
        out.rows[first + number_of(rows.get(row, 0))] = to_tuple(rows, row, 1);
    }
    return end;
}

engine::RowsRead PostgresRowReader::read(const plan::TablePlan& table,
                                         const std::vector<model::Tuple>& keys) {
    reading(connection_, sessions_, spec_).rollback();
    engine::RowsRead out;
    out.rows.resize(keys.size());
    out.view = begin_own_view(*connection_, table);
    for (std::size_t at = 0; at < keys.size();) {
        at = read_some(table, keys, at, out);
    }
    connection_->exec("COMMIT");
    flush_log(*connection_);
    return out;
}

}  // namespace cutover::postgres
