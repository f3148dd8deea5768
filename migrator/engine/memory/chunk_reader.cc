#include "migrator/engine/memory/chunk_reader.h"

#include "migrator/engine/memory/chunk_range.h"

namespace cutover::memory {

void MemoryChunkReader::take(Server& server, const plan::TablePlan& plan, const model::Chunk& chunk,
                             const Snapshot& snapshot, const Snapshot* restriction) {
    const Table& table = server.database.table(plan.source);
    if (table.schema().identity != plan.schema.identity) {
        throw model::Error(model::ErrorClass::refused, "table.exchanged",
                           plan.source.display() +
                               " is not the table that was planned: it was exchanged for another");
    }
    SourceRows source_rows(plan, table);
    const std::optional<PlaceRange> places = place_range(chunk.range);
    const std::optional<KeyRange> keys = key_range(chunk.range);
    rows_.clear();
    at_ = 0;
    for (std::size_t place = 0; place < table.place_count(); ++place) {
        const Version& version = table.at(place);
        if (!server.database.sees(snapshot, table, version) || !source_rows.selected(version.row) ||
            (restriction != nullptr && !restriction->sees(version.created)) ||
            (places && !places->contains(place))) {
            continue;
        }
        if (keys &&
            !keys->contains(key_bytes(table.types(), version.row, source_rows.key_columns()))) {
            continue;
        }
        rows_.push_back(source_rows.project(version.row));
    }
}

model::ChunkView MemoryChunkReader::open(const plan::TablePlan& plan, const model::Chunk& chunk,
                                         const model::ChunkView& first) {
    model::ChunkView view;
    bool live = false;
    session_.call("reader.open", CallKind::read, [&](Server& server) {
        if (server.on_chunk_open) {
            server.on_chunk_open(chunk);
        }
        const MemorySource::View* alive = source_.live_view(server);
        live = chunk.generation == 0 && alive != nullptr && first.stamp == alive->view.stamp;
        if (live) {
            const Table& table = server.database.table(plan.source);
            take(server, plan, chunk, alive->snapshot, nullptr);
            view = alive->view;
            if (!table.truncations.empty() && !alive->snapshot.sees(table.truncations.back())) {
                // Emptying shows through older views: what lies before it in the log finds no rows.
                view.settled = server.database.end_of_log().position();
            }
        }
    });
    if (live) {
        return view;
    }
    session_.wait_until_log_is_visible("reader.wait_for_log");
    const bool place = chunk.generation == 0 && place_range(chunk.range);
    const bool exact = plan.keyless() || !plan.source_key().comparable;
    if (place && exact) {
        // The other places of the table were read under the view that is gone.
        throw model::Error(model::ErrorClass::operation, "memory.view_lost",
                           plan.source.display() + " was to be read under a view that is gone");
    }
    return place ? open_rest(plan, chunk, first) : open_own(plan, chunk);
}

/// Row versions that the first view had seen and that are still there.
model::ChunkView MemoryChunkReader::open_rest(const plan::TablePlan& plan,
                                              const model::Chunk& chunk,
                                              const model::ChunkView& original) {
    model::ChunkView view;
    session_.call("reader.rest", CallKind::read, [&](Server& server) {
        const Snapshot first = Snapshot::parse(original.stamp);
        take(server, plan, chunk, server.database.snapshot(), &first);
        view = {original.stamp, server.database.end_of_log().position()};
    });
    return view;
}

/// The stamp is taken before the view: what commits in between is read and comes again from the
/// log, which a tolerant table bears. A keyless table does not: there the two are one.
model::ChunkView MemoryChunkReader::open_own(const plan::TablePlan& plan,
                                             const model::Chunk& chunk) {
    model::ChunkView view;
    const bool exact = plan.keyless() || !plan.source_key().comparable;
    if (!exact) {
        session_.call("reader.stamp", CallKind::read,
                      [&](Server& server) { view.stamp = server.database.snapshot().stamp(); });
    }
    session_.call("reader.view", CallKind::read, [&](Server& server) {
        const Snapshot snapshot = server.database.snapshot();
        take(server, plan, chunk, snapshot, nullptr);
        if (exact) {
            view.stamp = snapshot.stamp();
        }
        view.settled = server.database.end_of_log().position();
    });
    return view;
}

bool MemoryChunkReader::next(model::RowBatch& batch, const engine::BatchLimit& limit) {
    session_.call("reader.next", CallKind::read, [&](Server&) {
        while (at_ < rows_.size() && batch.bytes.size() < limit.bytes.count &&
               batch.rows < limit.rows) {
            append_row(rows_[at_++], batch);
        }
    });
    return at_ < rows_.size();
}

engine::RowsRead MemoryRowReader::read(const plan::TablePlan& plan,
                                       const std::vector<model::Tuple>& keys) {
    engine::RowsRead result;
    session_.call("row_reader.read", CallKind::read, [&](Server& server) {
        const Database& database = server.database;
        const Table& table = server.database.table(plan.source);
        SourceRows rows(plan, table);
        const Snapshot snapshot = database.snapshot();
        result.rows.clear();
        for (const model::Tuple& key : keys) {
            std::optional<model::Tuple>& found = result.rows.emplace_back();
            const std::string bytes = key_bytes_of(table.types(), key, rows.key_columns());
            for (const std::size_t place : table.places(rows.key_columns(), bytes)) {
                const Version& version = table.at(place);
                if (database.sees(snapshot, table, version) && rows.selected(version.row)) {
                    found = rows.project(version.row);
                }
            }
        }
        result.view = {snapshot.stamp(), database.end_of_log().position()};
    });
    return result;
}

}  // namespace cutover::memory
