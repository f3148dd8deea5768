#include "migrator/engine/postgres/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "migrator/engine/postgres/change_stream.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sequence_values.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

namespace {

constexpr std::uint64_t kBlockBytes = 8192;
constexpr std::uint64_t kEpoch = 1ull << 32;

struct HeapSize {
    std::uint64_t file = 0;
    std::uint64_t blocks = 0;
};

HeapSize heap_size(Connection& connection, const model::ObjectName& table) {
    const Result row = connection.exec_params(
        "SELECT coalesce(pg_relation_filenode(to_regclass($1)), 0),"
        " coalesce(pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint, 0)",
        {quote(table)});
    return {static_cast<std::uint64_t>(row.integer(0, 0)), static_cast<std::uint64_t>(row.integer(0, 1))};
}

model::Chunk chunk_of(const plan::TablePlan& table, const HeapSize& heap, std::uint64_t first,
                      std::uint64_t end) {
    model::Chunk chunk;
    chunk.table = table.index;
    chunk.range = to_range({heap.file, first, end});
    chunk.estimated_bytes = {(end - first) * kBlockBytes};
    chunk.estimated_rows = {heap.blocks == 0 ? 0
                                             : table.schema.estimated_rows.count * (end - first) / heap.blocks};
    return chunk;
}

}  // namespace

std::unique_ptr<engine::Source> make_source(flow::Runtime&, const plan::TaskSpec& spec) {
    return std::make_unique<PostgresSource>(spec);
}

Connection& PostgresSource::connection() {
    if (!connection_ || !connection_->alive()) {
        ConnectOptions options;
        options.application_name = capture_name(spec_);
        connection_.emplace(Connection::open(spec_.source, options));
    }
    return *connection_;
}

std::unique_ptr<engine::Inspector> PostgresSource::open_inspector() { return make_inspector(spec_.source); }

engine::CaptureOrigin PostgresSource::create_capture(const plan::Plan& plan) {
    CreatedCapture created = postgres::create_capture(spec_, plan);
    capture_ = std::move(created.live);
    capture_start_ = created.origin.start;
    return created.origin;
}

engine::CaptureProof PostgresSource::verify_capture(const engine::CaptureOrigin& origin,
                                                    const model::Position& applied) {
    return postgres::verify_capture(spec_, origin, to_log_point(applied));
}

void PostgresSource::drop_capture(const plan::Plan&) {
    close_view();
    postgres::drop_capture(spec_);
}

std::vector<engine::AuxiliaryObject> PostgresSource::auxiliary_objects(const plan::Plan&) {
    const Result rows = connection().exec_params(
        "SELECT 'publication', pubname::text FROM pg_publication WHERE pubname = $1 UNION ALL"
        " SELECT 'replication slot', slot_name::text FROM pg_replication_slots WHERE slot_name = $1",
        {capture_name(spec_)});
    std::vector<engine::AuxiliaryObject> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return out;
}

std::string PostgresSource::snapshot() const { return capture_ ? capture_->snapshot() : exported_; }

model::ChunkView PostgresSource::open_view(const plan::Plan&) {
    if (capture_) {
        return {slot_stamp(capture_->stamp()), capture_start_};
    }
    ConnectOptions options;
    options.application_name = capture_name(spec_) + " view";
    exporter_.emplace(Connection::open(spec_.source, options));
    exporter_->exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const Result row = exporter_->exec("SELECT pg_export_snapshot(), pg_current_snapshot()");
    exported_ = row.text(0, 0);
    // Read after the snapshot was taken: everything it has seen lies before.
    return {plain_stamp(row.text(0, 1)), current_position()};
}

void PostgresSource::close_view() noexcept {
    exported_.clear();
    exporter_.reset();
    capture_.reset();
}

std::vector<model::Chunk> PostgresSource::split(const plan::TablePlan& table, model::Bytes target) {
    const HeapSize heap = heap_size(connection(), table.source);
    const std::uint64_t step = std::max<std::uint64_t>(1, target.count / kBlockBytes);
    std::vector<model::Chunk> chunks;
    for (std::uint64_t first = 0; first < heap.blocks; first += step) {
        chunks.push_back(chunk_of(table, heap, first, std::min(heap.blocks, first + step)));
    }
    if (chunks.empty()) {
        chunks.push_back(chunk_of(table, heap, 0, 0));
    }
    return chunks;
}

/// Open at its end: the view that reads it is younger than this answer.
model::Chunk PostgresSource::whole(const plan::TablePlan& table) {
    constexpr std::uint64_t kLastBlock = 0xfffffffe;
    HeapSize heap = heap_size(connection(), table.source);
    model::Chunk chunk = chunk_of(table, heap, 0, heap.blocks);
    chunk.range = to_range({heap.file, 0, kLastBlock});
    return chunk;
}

engine::ResumeMode PostgresSource::resume_mode(const plan::TablePlan& table,
                                               const std::vector<model::Chunk>& remaining,
                                               const model::ChunkView& original, bool with_log) {
    if (!snapshot().empty()) {
        return engine::ResumeMode::remaining_chunks;
    }
    // Each of these would make "the versions the first view saw" unanswerable or not enough.
    const Result row = connection().exec("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::numeric::text");
    const bool first_epoch = std::stoull(row.text(0, 0)) < kEpoch;
    const std::uint64_t file = heap_file(connection(), table.source);
    const bool same_file = std::all_of(remaining.begin(), remaining.end(), [&](const model::Chunk& chunk) {
        return to_blocks(chunk.range).file == file;
    });
    const bool possible =
        with_log && first_epoch && same_file && !table.keyless() && is_slot_stamp(original.stamp);
    return possible ? engine::ResumeMode::remaining_chunks : engine::ResumeMode::whole_table;
}

std::unique_ptr<engine::ChunkReader> PostgresSource::open_reader() {
    const SharedSnapshot& shared = *this;
    return std::make_unique<PostgresChunkReader>(spec_, shared);
}

std::unique_ptr<engine::RowReader> PostgresSource::open_row_reader() {
    return std::make_unique<PostgresRowReader>(spec_);
}

std::unique_ptr<engine::ChangeStream> PostgresSource::open_changes(const plan::Plan& plan,
                                                                   const engine::CaptureOrigin&,
                                                                   const model::Position& from) {
    return open_change_stream(spec_, plan, capture_name(spec_), capture_name(spec_), from);
}

model::Position PostgresSource::current_position() {
    const Result row = connection().exec(
        "SELECT pg_current_wal_insert_lsn(),"
        " ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint");
    const std::optional<Lsn> lsn = parse_lsn(row.get(0, 0));
    CUTOVER_CHECK(lsn.has_value());
    return to_position({static_cast<Timeline>(row.integer(0, 1)), *lsn});
}

/// Transactional, so that its commit flushes the log and the walsender has something to send.
void PostgresSource::heartbeat() {
    connection().exec("SELECT pg_logical_emit_message(true, 'cutover_heartbeat', '')");
}

model::Instant PostgresSource::clock() {
    const Result row =
        connection().exec("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    return model::Instant(std::chrono::microseconds(row.integer(0, 0)));
}

std::vector<model::SequenceSchema> PostgresSource::sequences(const plan::Plan& plan) {
    std::vector<model::SequenceSchema> values;
    for (const plan::SequencePlan& sequence : plan.sequences) {
        values.emplace_back();
        values.back().name = sequence.source;
    }
    read_sequence_values(connection(), values);
    return values;
}

bool PostgresSource::covers(const model::Position& by, const model::Position& position) const {
    return to_log_point(position).lsn <= to_log_point(by).lsn;
}

bool PostgresSource::visible(const model::Stamp& stamp, const model::TransactionId& id) const {
    Xid8 xid = 0;
    std::from_chars(id.bytes.data(), id.bytes.data() + id.bytes.size(), xid);
    return Snapshot::parse(snapshot_text(stamp)).sees(xid);
}

/// Never asked: a table's chunks carry one stamp, whether it was resumed (the first view's) or copied anew.
bool PostgresSource::contains(const plan::TablePlan&, const model::ChunkRange&, const model::Tuple&) const {
    CUTOVER_CHECK(false);
    return false;
}

}  // namespace cutover::postgres
