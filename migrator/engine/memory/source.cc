#include "migrator/engine/memory/source.h"
#include "migrator/engine/memory/own_objects.h"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "migrator/engine/memory/change_stream.h"
#include "migrator/engine/memory/chunk_range.h"
#include "migrator/engine/memory/chunk_reader.h"
#include "migrator/engine/memory/inspector.h"
#include "migrator/engine/memory/view_index.h"
#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

constexpr const char* kFence = "source.fence";

namespace {

using Places = std::vector<std::optional<std::size_t>>;

std::optional<std::size_t> place_of(const std::vector<model::ColumnSchema>& columns,
                                    const std::string& name) {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    return found == columns.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - columns.begin()));
}

Places places_now(const plan::TablePlan& plan, const Table& table) {
    Places places;
    for (const plan::ColumnPlan& column : plan.columns) {
        places.push_back(place_of(table.schema().columns, column.source.name));
        if (!places.back()) {
            throw Error(ErrorClass::refused, "memory.column_gone",
                        "table " + plan.source.display() + " has no column " + column.source.name)
                .at(model::Side::source);
        }
    }
    return places;
}

/// A log tells columns by name and type alone.
bool same_columns(const std::vector<model::ColumnSchema>& written,
                  const std::vector<plan::FormerShape::Column>& known) {
    return std::equal(written.begin(), written.end(), known.begin(), known.end(),
                      [](const model::ColumnSchema& one, const plan::FormerShape::Column& other) {
                          return (other.name.empty() || one.name == other.name) &&
                                 one.type == other.type;
                      });
}

Places places_in(const plan::TablePlan& plan,
                 const std::vector<plan::FormerShape::Column>& columns) {
    Places places(plan.columns.size());
    for (std::size_t at = 0; at < columns.size(); ++at) {
        if (columns[at].planned) {
            places[*columns[at].planned] = at;
        }
    }
    return places;
}

/// The columns that the plan was made of.
std::vector<plan::FormerShape::Column> planned_columns(const plan::TablePlan& plan) {
    std::vector<plan::FormerShape::Column> columns;
    for (const model::ColumnSchema& column : plan.schema.columns) {
        columns.push_back({column.name, column.type, std::nullopt});
        for (std::size_t at = 0; at < plan.columns.size(); ++at) {
            if (plan.columns[at].source.name == column.name) {
                columns.back().planned = at;
            }
        }
    }
    return columns;
}

}  // namespace

SourceRows::SourceRows(const plan::TablePlan& plan, Places columns)
    : filter_(plan.checked_filter, plan.schema), columns_(std::move(columns)) {
    for (const plan::ColumnPlan& column : plan.columns) {
        fills_.push_back(column.source.fill);
    }
    for (const plan::KeyColumn& column : plan.source_key().columns) {
        key_columns_.push_back(columns_[column.column].value());
    }
}

SourceRows::SourceRows(const plan::TablePlan& plan, const Table& table)
    : SourceRows(plan, places_now(plan, table)) {}

std::optional<SourceRows> SourceRows::written_in(const plan::TablePlan& plan,
                                                 const std::vector<model::ColumnSchema>& columns) {
    const std::vector<plan::FormerShape::Column> planned = planned_columns(plan);
    if (same_columns(columns, planned)) {
        return SourceRows(plan, places_in(plan, planned));
    }
    for (const plan::FormerShape& former : plan.former) {
        if (same_columns(columns, former.columns)) {
            return SourceRows(plan, places_in(plan, former.columns));
        }
    }
    if (flow::deliberate_bug(flow::Bug::rows_read_by_name)) {
        Places places;
        for (const plan::ColumnPlan& column : plan.columns) {
            places.push_back(place_of(columns, column.source.name));
        }
        return SourceRows(plan, std::move(places));
    }
    return std::nullopt;
}

model::Tuple SourceRows::project(const model::Tuple& row) const {
    model::Tuple out;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        if (columns_[at]) {
            out.append(row.kind(*columns_[at]), row.bytes(*columns_[at]));
        } else {
            out.append(fills_[at] ? model::CellKind::text : model::CellKind::null,
                       fills_[at] ? fills_[at]->bytes : "");
        }
    }
    return out;
}

model::Tuple SourceRows::project_key(const model::Tuple& row) const {
    model::Tuple out;
    for (const std::optional<std::size_t>& column : columns_) {
        if (column &&
            std::find(key_columns_.begin(), key_columns_.end(), *column) != key_columns_.end()) {
            out.append(row.kind(*column), row.bytes(*column));
        } else {
            out.append(model::CellKind::absent);
        }
    }
    return out;
}

MemorySource::MemorySource(flow::Runtime& runtime, const Net& net, const plan::TaskSpec& spec,
                           flow::Waits* waits)
    : runtime_(runtime),
      net_(net.on_behalf_of(waits, model::Side::source)),
      spec_(spec),
      session_(runtime, net_, spec.source, "source") {}

std::unique_ptr<engine::Inspector> MemorySource::open_inspector() {
    return std::make_unique<MemoryInspector>(runtime_, net_, spec_.source);
}

engine::CaptureOrigin MemorySource::create_capture(const plan::Plan& plan) {
    engine::CaptureOrigin origin;
    session_.call("source.create_capture", CallKind::write, [&](Server& server) {
        require_own_capture(server, slot_name(spec_));
        Database& database = server.database;
        Slot& slot = database.create_slot(slot_name(spec_), true);
        for (const plan::TablePlan& table : plan.tables) {
            model::TableSchema& schema = database.table(table.source).schema();
            if (table.sets_replica_identity && !schema.logs_old_rows()) {
                schema.old_rows = model::OldRows::whole;
                slot.made_full.push_back(table.source);
            }
        }
        origin.start = slot.start.position();
        origin.identity = database.identity() + "/" + std::to_string(slot.birth);
        View view{0, database.log_snapshot(), {}};
        view.view = {view.snapshot.stamp(), origin.start};
        view.number = session_.open_view(server, view.snapshot);
        view_ = view;
    });
    return origin;
}

engine::CaptureProof MemorySource::verify_capture(const engine::CaptureOrigin& origin,
                                                  const model::Position& applied) {
    engine::CaptureProof proof;
    if (flow::deliberate_bug(flow::Bug::gap_not_verified)) {
        return proof;
    }
    session_.call("source.verify_capture", CallKind::read, [&](Server& server) {
        const Database& database = server.database;
        const auto refuse = [&](ErrorClass error_class, const char* code, const std::string& why) {
            throw Error(error_class, code, why + "; applied up to " + applied.text);
        };
        const auto slot = server.database.slots().find(slot_name(spec_));
        if (slot == server.database.slots().end()) {
            refuse(ErrorClass::refused, "slot.missing",
                   "slot " + slot_name(spec_) + " does not exist");
        }
        const std::string identity = database.identity() + "/" + std::to_string(slot->second.birth);
        if (identity != origin.identity) {
            refuse(ErrorClass::refused, "slot.recreated",
                   "slot " + slot->first + " is not the one the task began with");
        }
        if (slot->second.lost) {
            refuse(ErrorClass::refused, "slot.lost", "slot " + slot->first + " has lost its log");
        }
        const LogPlace place = LogPlace::parse(applied);
        if (slot->second.confirmed > place.offset) {
            refuse(ErrorClass::corrupt, "slot.gap", "the log begins after what is applied");
        }
        ends_->learn(database.timeline_ends());
        check_place(*ends_, place);
        if (place.offset > database.end_of_log().offset) {
            refuse(ErrorClass::corrupt, "source.behind",
                   "the server does not have what is applied already");
        }
        proof.failed_over = place.timeline < database.timeline();
        proof.text = "applied " + applied.text + " lies on timeline " +
                     std::to_string(place.timeline) + ", the server is on " +
                     std::to_string(database.timeline());
    });
    return proof;
}

/// The log has every table.
engine::CaptureOrigin MemorySource::extend_capture(const plan::Plan&,
                                                   const engine::CaptureOrigin& origin) {
    return origin;
}

void MemorySource::drop_capture(const plan::Plan&) {
    session_.call("source.drop_capture", CallKind::write, [&](Server& server) {
        require_own_capture(server, slot_name(spec_));
        const auto slot = server.database.slots().find(slot_name(spec_));
        if (slot == server.database.slots().end()) {
            return;
        }
        for (const model::ObjectName& name : slot->second.made_full) {
            server.database.table(name).schema().old_rows = model::OldRows::primary_key;
        }
        server.database.slots().erase(slot);
    });
}

std::vector<engine::AuxiliaryObject> MemorySource::auxiliary_objects(const plan::Plan&) {
    std::vector<engine::AuxiliaryObject> objects;
    session_.call("source.auxiliary_objects", CallKind::read, [&](Server& server) {
        if (server.database.slots().contains(slot_name(spec_))) {
            objects.push_back({"replication slot", slot_name(spec_)});
        }
    });
    return objects;
}

const MemorySource::View* MemorySource::live_view(Server& server) const {
    return view_ && server.database.view_open(view_->number) ? &*view_ : nullptr;
}

model::ChunkView MemorySource::open_view(const plan::Plan&) {
    bool live = false;
    session_.call("source.look_for_view", CallKind::read,
                  [&](Server& server) { live = live_view(server) != nullptr; });
    if (!live) {
        session_.wait_until_log_is_visible("source.wait_for_log");
        session_.call("source.open_view", CallKind::read, [&](Server& server) {
            View view{0, server.database.snapshot(), {}};
            view.view = {view.snapshot.stamp(), server.database.end_of_log().position()};
            view.number = session_.open_view(server, view.snapshot);
            view_ = view;
        });
    }
    return view_->view;
}

void MemorySource::close_view() noexcept {
    session_.close_view();
    view_.reset();
}

namespace {

constexpr std::uint64_t kRowBytes = 40;

std::vector<model::ChunkRange> place_ranges(std::size_t places, std::size_t per_chunk) {
    std::vector<model::ChunkRange> ranges;
    std::size_t low = 0;
    for (; low + per_chunk < places; low += per_chunk) {
        ranges.push_back(to_chunk_range(PlaceRange{low, low + per_chunk}));
    }
    ranges.push_back(to_chunk_range(PlaceRange{low, std::nullopt}));
    return ranges;
}

std::vector<model::ChunkRange> key_ranges(std::vector<std::string> keys, std::size_t per_chunk) {
    std::sort(keys.begin(), keys.end());
    std::vector<model::ChunkRange> ranges;
    std::string low;
    for (std::size_t at = per_chunk; at < keys.size(); at += per_chunk) {
        ranges.push_back(to_chunk_range(KeyRange{low, keys[at]}));
        low = keys[at];
    }
    ranges.push_back(to_chunk_range(KeyRange{low, std::nullopt}));
    return ranges;
}

}  // namespace

std::vector<model::Chunk> MemorySource::split(const plan::TablePlan& plan, model::Bytes target) {
    std::vector<model::Chunk> chunks;
    session_.call("source.split", CallKind::read, [&](Server& server) {
        const Table& table = server.database.table(plan.source);
        const SourceRows rows(plan, table);
        const View* view = live_view(server);
        const Snapshot snapshot = view != nullptr ? view->snapshot : server.database.snapshot();
        const std::size_t per_chunk = std::max<std::size_t>(1, target.count / kRowBytes);
        std::vector<model::ChunkRange> ranges;
        if (plan.keyless() && (view == nullptr || server.personality == Personality::key_ranges)) {
            ranges.push_back(whole_range());
        } else if (server.personality == Personality::location_ranges) {
            ranges = place_ranges(table.place_count(), per_chunk);
        } else {
            std::vector<std::string> keys;
            for (std::size_t place = 0; place < table.place_count(); ++place) {
                if (server.database.sees(snapshot, table, table.at(place))) {
                    keys.push_back(
                        key_bytes(table.types(), table.at(place).row, rows.key_columns()));
                }
            }
            ranges = key_ranges(std::move(keys), per_chunk);
        }
        for (model::ChunkRange& range : ranges) {
            model::Chunk& chunk = chunks.emplace_back();
            chunk.table = plan.index;
            chunk.number = static_cast<std::uint32_t>(chunks.size() - 1);
            chunk.range = std::move(range);
            chunk.estimated_rows = {per_chunk};
            chunk.estimated_bytes = {per_chunk * kRowBytes};
        }
    });
    return chunks;
}

model::Chunk MemorySource::whole(const plan::TablePlan& table) {
    model::Chunk chunk;
    chunk.table = table.index;
    chunk.range = whole_range();
    return chunk;
}

engine::ResumeMode MemorySource::resume_mode(const plan::TablePlan& table,
                                             const std::vector<model::Chunk>& remaining,
                                             const model::ChunkView& original, bool with_log) {
    bool alive = false;
    session_.call("source.resume_mode", CallKind::read, [&](Server& server) {
        const View* view = live_view(server);
        alive = view != nullptr && view->view.stamp == original.stamp;
    });
    // Without its view, a part of a table can be read if the log brings the rest and rows have
    // keys.
    const bool parts = with_log && !table.keyless() && table.source_key().comparable &&
                       !remaining.empty() && remaining.front().range.bytes != whole_range().bytes;
    return alive || parts ? engine::ResumeMode::remaining_chunks : engine::ResumeMode::whole_table;
}

std::unique_ptr<engine::ChunkReader> MemorySource::open_reader() {
    return std::make_unique<MemoryChunkReader>(runtime_, net_, spec_.source, *this);
}

std::unique_ptr<engine::RowReader> MemorySource::open_row_reader() {
    return std::make_unique<MemoryRowReader>(runtime_, net_, spec_.source);
}

std::unique_ptr<engine::ChangeStream> MemorySource::open_changes(
    const plan::Plan& plan, const engine::CaptureOrigin& origin, const model::Position& from,
    engine::LogReader) {
    return std::make_unique<MemoryChangeStream>(runtime_, net_, spec_, plan, origin, from, ends_);
}

model::Position MemorySource::current_position() {
    model::Position position;
    session_.call("source.current_position", CallKind::read,
                  [&](Server& server) { position = server.database.end_of_log().position(); });
    return position;
}

void MemorySource::heartbeat() {
    session_.call("source.heartbeat", CallKind::write,
                  [&](Server& server) { server.database.heartbeat(runtime_.wall()); });
}

model::Instant MemorySource::clock() {
    model::Instant now;
    session_.call("source.clock", CallKind::read, [&](Server&) { now = runtime_.wall(); });
    return now;
}

/// Transactions stand for the sessions that they belong to, which nobody knows here.
std::vector<engine::SourceWriter> MemorySource::writers(const plan::Plan& plan) {
    std::vector<engine::SourceWriter> writers;
    session_.call("source.writers", CallKind::read, [&](Server& server) {
        for (const auto& [transaction, touched] : server.database.unfinished()) {
            engine::SourceWriter writer;
            writer.id = std::to_string(transaction);
            for (const plan::TablePlan& table : plan.tables) {
                if (touched.contains(server.database.find_table(table.source))) {
                    writer.wrote.push_back(table.source);
                }
            }
            writers.push_back(std::move(writer));
        }
    });
    std::stable_partition(writers.begin(), writers.end(),
                          [](const auto& writer) { return !writer.wrote.empty(); });
    return writers;
}

/// A call whose answer is lost may come true later: it owns what it uses.
engine::FenceTry MemorySource::fence(const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    const auto open = std::make_shared<std::vector<TransactionNumber>>();
    session_.call(kFence, CallKind::commit, [open, names, slot = slot_name(spec_)](Server& server) {
        std::set<Table*> tables;
        for (const model::ObjectName& name : names) {
            tables.insert(&server.database.table(name));
        }
        *open = server.database.close_tables(slot, tables);
    });
    engine::FenceTry tried{open->empty(), {}};
    for (const TransactionNumber one : *open) {
        tried.holders.push_back({"transaction", std::to_string(one), "", std::nullopt});
    }
    if (!tried.set) {
        session_.wait_for_news(runtime_.now() + std::chrono::seconds(1));
    }
    return tried;
}

/// One that is under way comes first, however late it is.
void MemorySource::lift_fence() {
    session_.statement("source.lift_fence", [&](Server& server) -> Outcome {
        if (server.under_way.contains(kFence)) {
            return {Outcome::Kind::blocked, 0, {}};
        }
        server.database.open_tables(slot_name(spec_));
        return {};
    });
}

std::string MemorySource::key_text(const plan::TablePlan& table, const model::Tuple& row) {
    std::string text;
    for (std::size_t column = 0; column < row.size(); ++column) {
        const bool of_key =
            std::any_of(table.source_key().columns.begin(), table.source_key().columns.end(),
                        [&](const plan::KeyColumn& one) { return one.column == column; });
        if (of_key || table.keyless()) {
            text += (text.empty() ? "" : ", ") + table.columns[column].source.name + " = " +
                    std::string(row.bytes(column));
        }
    }
    return text;
}

std::vector<model::SequenceSchema> MemorySource::sequences(const plan::Plan& plan) {
    std::vector<model::SequenceSchema> values;
    session_.call("source.sequences", CallKind::read, [&](Server& server) {
        for (const plan::SequencePlan& sequence : plan.sequences) {
            model::SequenceSchema& value = values.emplace_back();
            value.name = sequence.source;
            value.last_value = server.database.sequences()[sequence.source].last_value;
            value.is_called = value.last_value > 0;
        }
    });
    return values;
}

void MemorySource::check_place(const TimelineEnds& ends, const LogPlace& place) {
    if (!ends.holds(place) && !flow::deliberate_bug(flow::Bug::gap_not_verified)) {
        throw Error(ErrorClass::corrupt, "source.behind",
                    "the server does not have what was seen at " + place.position().text +
                        ": it has left that timeline before");
    }
}

bool MemorySource::covers(const model::Position& by, const model::Position& position) const {
    const LogPlace until = LogPlace::parse(by);
    const LogPlace place = LogPlace::parse(position);
    if (place.timeline < until.timeline) {
        check_place(*ends_, place);
    }
    return until.offset >= place.offset;
}

std::unique_ptr<engine::SeenTransactions> MemorySource::visible(const model::Stamp& stamp) const {
    return std::make_unique<MemorySeen>(stamp);
}

std::unique_ptr<engine::RangeIndex> MemorySource::index(
    const plan::TablePlan& table, const std::vector<model::ChunkRange>& ranges) const {
    return std::make_unique<MemoryRangeIndex>(table, ranges);
}

}  // namespace cutover::memory
