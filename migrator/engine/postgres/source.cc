#include "migrator/engine/postgres/source.h"

#include <algorithm>
#include <charconv>

#include "migrator/engine/postgres/capture/publication.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/capture/source_fence.h"
#include "migrator/engine/postgres/capture/source_writers.h"
#include "migrator/engine/postgres/catalog/sequence_values.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/log/change_stream.h"
#include "migrator/engine/postgres/log/log_message.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr std::uint64_t kEpoch = 1ull << 32;
constexpr std::chrono::seconds kGuardInterval(5);

/// A table's heap as it is now.
struct Heap {
    std::uint32_t oid = 0;
    std::uint64_t file = 0;
    std::uint64_t blocks = 0;
    std::uint64_t block_bytes = 8192;
    std::uint64_t total_bytes = 0;  ///< with what is stored outside of the rows
};

Heap read_heap(Connection& connection, const model::ObjectName& table) {
    const Result row = connection.exec_params(
        "SELECT c.oid::bigint, coalesce(pg_relation_filenode(c.oid), 0)::bigint,"
        " coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint,"
        " current_setting('block_size')::bigint, coalesce(pg_table_size(c.oid), 0)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2",
        {table.schema, table.name});
    if (row.rows() == 0) {
        throw Error(ErrorClass::refused, "table.changed",
                    "table " + table.display() + " is not at the source any more",
                    "the schema must stay as it is while the task runs");
    }
    const auto number = [&](int column) {
        return static_cast<std::uint64_t>(row.integer(0, column));
    };
    return {static_cast<std::uint32_t>(number(0)), number(1), number(2), number(3), number(4)};
}

model::Chunk chunk_of(const plan::TablePlan& table, const Heap& heap, const BlockRange& range) {
    const std::uint64_t blocks =
        std::min(range.end, heap.blocks) - std::min(range.first, heap.blocks);
    model::Chunk chunk;
    chunk.table = table.index;
    chunk.range = to_range(range);
    if (heap.blocks > 0) {
        chunk.estimated_bytes = {heap.total_bytes * blocks / heap.blocks};
        chunk.estimated_rows = {table.schema.estimated_rows.count * blocks / heap.blocks};
    }
    return chunk;
}

/// Bounds are numbers and the list is sorted, so that a question needs no parsing.
class SeenBySnapshot final : public engine::SeenTransactions {
public:
    explicit SeenBySnapshot(const model::Stamp& stamp) {
        const Snapshot snapshot = Snapshot::parse(snapshot_text(stamp));
        xmin_ = snapshot.xmin;
        xmax_ = snapshot.xmax;
        running_ = snapshot.running();
    }
    bool contains(const model::TransactionId& id) const override {
        Xid8 xid = 0;
        const auto parsed =
            std::from_chars(id.bytes.data(), id.bytes.data() + id.bytes.size(), xid);
        CUTOVER_CHECK(parsed.ec == std::errc());
        return xid < xmin_ ||
               (xid < xmax_ && !std::binary_search(running_.begin(), running_.end(), xid));
    }

private:
    Xid8 xmin_ = 0, xmax_ = 0;
    std::vector<Xid8> running_;
};

class MixedStamps final : public engine::RangeIndex {
public:
    explicit MixedStamps(const plan::TablePlan& table) : table_(table.source.display()) {}
    std::optional<std::size_t> find(const model::Tuple&) const override {
        throw Error(ErrorClass::corrupt, "copy.mixed_stamps",
                    "chunks of " + table_ + " were read under different views",
                    "release the task and migrate anew");
    }

private:
    const std::string table_;
};

}  // namespace

std::unique_ptr<engine::Source> make_source(flow::Runtime&, const plan::TaskSpec& spec,
                                            flow::Waits* waits) {
    return std::make_unique<PostgresSource>(spec, waits);
}

PostgresSource::PostgresSource(plan::TaskSpec spec, flow::Waits* waits)
    : spec_(std::move(spec)),
      sessions_(std::make_shared<SessionPool>(spec_.source, Attention{waits, model::Side::source},
                                              !reads_standby(spec_))) {}

Connection& PostgresSource::connection() {
    if (!connection_ || !connection_->alive()) {
        connection_.reset();
        connection_ = sessions_->take(capture_name(spec_));
    }
    return *connection_;
}

std::unique_ptr<engine::Inspector> PostgresSource::open_inspector() {
    return std::make_unique<PostgresInspector>(sessions_);
}

engine::CaptureOrigin PostgresSource::create_capture(const plan::Plan& plan) {
    close_view();
    CreatedCapture created = postgres::create_capture(spec_, plan, sessions_->attention());
    if (!created.view->snapshot().empty()) {
        held_ = std::move(created.view);
    }
    files_ = heap_files(created.origin);
    publication_ = publication_at_start(created.origin);
    return created.origin;
}

engine::CaptureProof PostgresSource::verify_capture(const engine::CaptureOrigin& origin,
                                                    const model::Position& applied) {
    VerifiedCapture verified =
        postgres::verify_capture(spec_, origin, to_log_point(applied), sessions_->attention());
    history_ = std::make_shared<const TimelineHistory>(verified.history);
    files_ = heap_files(origin);
    publication_ = publication_at_start(origin);
    return verified.proof;
}

engine::CaptureOrigin PostgresSource::extend_capture(const plan::Plan& plan,
                                                     const engine::CaptureOrigin& origin) {
    engine::CaptureOrigin extended =
        postgres::extend_capture(spec_, plan, origin, sessions_->attention());
    files_ = heap_files(extended);
    publication_ = publication_at_start(extended);
    return extended;
}

void PostgresSource::drop_capture(const plan::Plan&) {
    close_view();
    postgres::drop_capture(spec_, sessions_->attention());
}

std::vector<engine::AuxiliaryObject> PostgresSource::auxiliary_objects(const plan::Plan&) {
    const Result rows = connection().exec_params(
        "SELECT 'publication', pubname::text FROM pg_publication WHERE pubname = $1 UNION ALL"
        " SELECT 'replication slot', slot_name::text FROM pg_replication_slots WHERE slot_name = "
        "$1 UNION ALL SELECT 'fence', nspname::text FROM pg_namespace WHERE nspname = $2",
        {capture_name(spec_), fence_name(spec_)});
    std::vector<engine::AuxiliaryObject> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return out;
}

std::string PostgresSource::snapshot() const {
    return view_ ? view_->snapshot() : exported_;
}

/// With a log, this is always a slot's view: only that can tell later which row versions it had
/// seen.
model::ChunkView PostgresSource::open_view(const plan::Plan&) {
    view_ = std::move(held_);
    if (!view_ && spec_.phases.incremental) {
        view_ = open_slot_view(spec_, sessions_->attention());
    }
    if (view_) {
        return {slot_stamp(view_->stamp()), to_position(view_->start())};
    }
    exporter_ = sessions_->take(capture_name(spec_) + " view");
    exporter_->exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const Result row = exporter_->exec("SELECT pg_export_snapshot(), pg_current_snapshot()");
    exported_ = row.text(0, 0);
    return {plain_stamp(row.text(0, 1)), current_position()};
}

void PostgresSource::close_view() noexcept {
    exported_.clear();
    exporter_.reset();
    held_.reset();
    view_.reset();
}

/// True if the table is still in the file it had when the slot was made, or if there is no slot.
bool PostgresSource::file_since_start(std::uint32_t oid, std::uint64_t file) const {
    const auto known = files_.find(oid);
    return files_.empty() || (known != files_.end() && known->second == file);
}

std::vector<model::Chunk> PostgresSource::split(const plan::TablePlan& table, model::Bytes target) {
    const Heap heap = read_heap(connection(), table.source);
    if (!file_since_start(heap.oid, heap.file)) {
        // The table was rewritten or truncated since, so an older view does not show its rows.
        return {chunk_of(table, heap, {heap.file, 0, BlockRange::kNoEnd, true})};
    }
    const std::uint64_t bytes_per_block =
        heap.blocks == 0 ? heap.block_bytes
                         : std::max(heap.block_bytes, heap.total_bytes / heap.blocks);
    // Rounded up, so that a few leftover blocks do not become a chunk.
    const std::uint64_t step =
        std::max<std::uint64_t>(1, (target.count + bytes_per_block - 1) / bytes_per_block);
    std::vector<model::Chunk> chunks;
    std::uint64_t first = 0;
    do {
        const std::uint64_t end = first + step >= heap.blocks ? BlockRange::kNoEnd : first + step;
        chunks.push_back(chunk_of(table, heap, {heap.file, first, end, false}));
        first += step;
    } while (first < heap.blocks);
    return chunks;
}

model::Chunk PostgresSource::whole(const plan::TablePlan& table) {
    const Heap heap = read_heap(connection(), table.source);
    return chunk_of(table, heap, {heap.file, 0, BlockRange::kNoEnd, true});
}

engine::ResumeMode PostgresSource::resume_mode(const plan::TablePlan& table,
                                               const std::vector<model::Chunk>& remaining,
                                               const model::ChunkView& original, bool with_log) {
    const Heap heap = read_heap(connection(), table.source);
    const Result row =
        connection().exec("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    // xmin has 32 bits: beyond the first epoch it does not identify a transaction.
    const bool first_epoch = static_cast<std::uint64_t>(row.integer(0, 0)) < kEpoch;
    const bool same_file =
        file_since_start(heap.oid, heap.file) &&
        std::all_of(remaining.begin(), remaining.end(), [&](const model::Chunk& chunk) {
            return to_blocks(chunk.range).file == heap.file;
        });
    const bool possible =
        with_log && first_epoch && same_file && can_read_residue(spec_, table, original.stamp);
    return possible ? engine::ResumeMode::remaining_chunks : engine::ResumeMode::whole_table;
}

/// Includes the session that holds the view of a task without a log.
void PostgresSource::prepare_readers(std::uint32_t count) {
    sessions_->prepare(count + (spec_.phases.incremental ? 0 : 1), reader_name(spec_));
}

std::unique_ptr<engine::ChunkReader> PostgresSource::open_reader() {
    const SharedSnapshot& shared = *this;
    return std::make_unique<PostgresChunkReader>(spec_, *sessions_, shared);
}

std::unique_ptr<engine::RowReader> PostgresSource::open_row_reader() {
    return std::make_unique<PostgresRowReader>(spec_, *sessions_);
}

std::unique_ptr<engine::ChangeStream> PostgresSource::open_changes(
    const plan::Plan& plan, const engine::CaptureOrigin& origin, const model::Position& from,
    engine::LogReader reader) {
    publication_ = publication_at_start(origin);
    guarded_at_.reset();
    guard_publication();
    sessions_->close_idle();  // the copy's sessions: the log may be followed for weeks
    return open_change_stream(spec_, plan, capture_name(spec_), capture_name(spec_), from, reader,
                              sessions_->attention());
}

/// The log says nothing when a table is renamed or taken out of the publication, so the publication
/// is checked here.
void PostgresSource::guard_publication() {
    const auto now = std::chrono::steady_clock::now();
    if (publication_.mark.empty() || (guarded_at_ && now - *guarded_at_ < kGuardInterval)) {
        return;
    }
    require_publication(connection(), capture_name(spec_), publication_);
    guarded_at_ = now;
}

model::Position PostgresSource::current_position() {
    guarded_at_.reset();  // a cutover rests on this
    guard_publication();
    return log_end_of(connection().exec(std::string("SELECT ") + kLogEnd), 0);
}

/// Flushed, so that the walsender may send it.
void PostgresSource::heartbeat() {
    guard_publication();
    emit_message(connection(), kHeartbeatPrefix,
                 "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text");
}

model::Instant PostgresSource::clock() {
    const Result row =
        connection().exec("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    return model::Instant(std::chrono::microseconds(row.integer(0, 0)));
}

std::vector<engine::SourceWriter> PostgresSource::writers(const plan::Plan& plan) {
    return read_writers(connection(), plan);
}

engine::FenceTry PostgresSource::fence(const plan::Plan& plan) {
    return set_fence(connection(), plan);
}

void PostgresSource::lift_fence() {
    postgres::lift_fence(connection(), spec_);
}

std::string PostgresSource::fence_text() const {
    return "triggers " + fence_name(spec_) + ", which refuse every write to the task's tables";
}

std::string PostgresSource::key_text(const plan::TablePlan& table, const model::Tuple& row) {
    return postgres::key_text(connection(), table, row);
}

std::vector<model::SequenceSchema> PostgresSource::sequences(const plan::Plan& plan) {
    std::vector<model::SequenceSchema> values;
    for (const plan::SequencePlan& sequence : plan.sequences) {
        values.emplace_back();
        values.back().name = sequence.source;
    }
    connection().rollback();  // ends what an earlier try has left open
    connection().exec("BEGIN");
    const std::vector<model::ObjectName> unread = read_sequence_values(connection(), values);
    connection().exec("COMMIT");
    if (!unread.empty()) {
        throw Error(ErrorClass::refused, "sequence.unreadable",
                    "sequence " + unread.front().display() + " is gone or may not be read",
                    "GRANT SELECT ON SEQUENCE ... to the task's account, then finish again");
    }
    return values;
}

bool PostgresSource::covers(const model::Position& by, const model::Position& position) const {
    const LogPoint until = to_log_point(by);
    const LogPoint point = to_log_point(position);
    if (point.timeline != until.timeline) {
        const std::shared_ptr<const TimelineHistory> history = history_.load();
        if (history && history->current() == until.timeline && point.timeline < until.timeline &&
            !history->holds(point)) {
            throw Error(ErrorClass::corrupt, "source.behind_copy",
                        "the copy has seen the source up to " + position.text + " on timeline " +
                            std::to_string(point.timeline) +
                            ", which the present server left before that; " +
                            "the last applied position is " + by.text,
                        "rows may be at the destination that the source has lost: release the task "
                        "and migrate anew");
        }
    }
    return point.lsn <= until.lsn;
}

std::unique_ptr<engine::SeenTransactions> PostgresSource::visible(const model::Stamp& stamp) const {
    return std::make_unique<SeenBySnapshot>(stamp);
}

/// Blocks tell nothing about keys, and need not: all chunks of a table carry one stamp, that of its
/// first view or, for a table that is a single chunk, its own.
std::unique_ptr<engine::RangeIndex> PostgresSource::index(
    const plan::TablePlan& table, const std::vector<model::ChunkRange>&) const {
    return std::make_unique<MixedStamps>(table);
}

}  // namespace cutover::postgres
