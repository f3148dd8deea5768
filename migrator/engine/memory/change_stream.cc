#include "migrator/engine/memory/change_stream.h"

#include <algorithm>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Change;
using model::ChangeKind;
using model::Error;
using model::ErrorClass;

MemoryChangeStream::MemoryChangeStream(flow::Runtime& runtime, const Net& net,
                                       const plan::TaskSpec& spec, const plan::Plan& plan,
                                       const engine::CaptureOrigin& origin,
                                       const model::Position& from,
                                       std::shared_ptr<TimelineEnds> ends)
    : session_(runtime, net, spec.source, "stream"),
      plan_(plan),
      slot_name_(MemorySource::slot_name(spec)),
      identity_(origin.identity),
      ends_(std::move(ends)),
      at_(LogPlace::parse(from)),
      told_(at_) {}

Slot& MemoryChangeStream::slot(Server& server) const {
    const auto found = server.database.slots().find(slot_name_);
    if (found == server.database.slots().end()) {
        throw Error(ErrorClass::refused, "slot.missing", "slot " + slot_name_ + " does not exist");
    }
    if (found->second.lost) {
        throw Error(ErrorClass::refused, "slot.lost", "slot " + slot_name_ + " has lost its log");
    }
    return found->second;
}

void MemoryChangeStream::resolve(Server& server) {
    ends_->learn(server.database.timeline_ends());
    MemorySource::check_place(*ends_, at_);
    for (const plan::TablePlan& table : plan_.tables) {
        const Table& found = server.database.table(table.source);
        routes_.emplace(&found, Routed{&table, found.schema().logs_old_rows(), {}});
    }
    // Where a view may be ahead of its stamp, a row's base cannot be told by an old key.
    whole_moves_ = server.personality == Personality::key_ranges;
    // As the real ones do: what was confirmed is not told again, whatever the reader asks for.
    at_.offset = std::max(at_.offset, slot(server).confirmed);
    resolved_ = true;
}

void MemoryChangeStream::perhaps_go_back(Server& server) {
    if (!server.redelivers || session_.weather_choice("stream.redeliver", 12) != 1) {
        return;
    }
    const std::uint64_t confirmed = slot(server).confirmed;
    if (confirmed < at_.offset) {
        at_.offset -= session_.weather_choice("stream.distance", at_.offset - confirmed + 1);
    }
}

engine::StreamEvent MemoryChangeStream::next(std::chrono::milliseconds wait) {
    if (dead_) {
        throw Error(ErrorClass::connection, "memory.stream_dead", "the change stream has ended");
    }
    const flow::TimePoint deadline = session_.runtime().now() + wait;
    engine::StreamEvent event;
    dead_ = true;  // unless nothing goes wrong
    for (;;) {
        Found found;
        session_.call("stream.next", CallKind::read, [&](Server& server) {
            if (!resolved_) {
                resolve(server);
            }
            perhaps_go_back(server);
            found = step(server);
        });
        if (found.transaction) {
            event.transaction = std::move(found.transaction);
            break;
        }
        if (found.idle && session_.runtime().now() >= deadline) {
            event.source_time = session_.runtime().wall();
            if (at_.offset >= told_.offset) {
                event.quiet_until = at_.position();
            }
            break;
        }
        if (found.idle) {
            session_.wait_for_news(deadline);
        }
    }
    dead_ = false;
    return event;
}

MemoryChangeStream::Found MemoryChangeStream::step(Server& server) {
    const Database& database = server.database;
    const Slot& own = slot(server);
    if (database.log_begins_after() > std::max(at_.offset, own.confirmed)) {
        throw Error(ErrorClass::corrupt, "slot.gap",
                    "the log after " + at_.position().text + " is gone");
    }
    const auto record = std::upper_bound(
        database.log().begin(), database.log().end(), at_.offset,
        [](std::uint64_t offset, const LogRecord& one) { return offset < one.place.offset; });
    if (record == database.log().end() ||
        (database.synchronized && record->place.offset > database.standby_received())) {
        return {std::nullopt, true};
    }
    at_ = record->place;
    if (flow::deliberate_bug(flow::Bug::log_in_begin_order)) {
        if (record->transaction < highest_) {
            return {};
        }
        highest_ = record->transaction;
    }
    std::vector<Change> changes = translate(*record);
    if (changes.empty()) {
        return {};
    }
    told_.offset = std::max(told_.offset, at_.offset);
    model::SourceTransaction transaction;
    transaction.id.bytes = transaction.id.text = std::to_string(record->transaction);
    transaction.commit = record->place.position();
    transaction.commit_time = record->time;
    transaction.change_count = changes.size();
    for (const Change& change : changes) {
        transaction.footprint_bytes += change.footprint();
    }
    transaction.changes = std::make_unique<model::MemoryChanges>(std::move(changes));
    return {std::move(transaction), false};
}

std::vector<Change> MemoryChangeStream::translate(const LogRecord& record) {
    std::vector<Change> out;
    for (const LogChange& change : record.changes) {
        if (change.kind == ChangeKind::truncate) {
            Change truncate;
            truncate.kind = ChangeKind::truncate;
            for (const Table* table : change.truncated) {
                const auto routed = routes_.find(table);
                if (routed != routes_.end()) {
                    truncate.truncated.push_back(routed->second.plan->index);
                }
            }
            if (!truncate.truncated.empty()) {
                truncate.table = truncate.truncated.front();
                out.push_back(std::move(truncate));
            }
            continue;
        }
        const auto routed = routes_.find(change.table);
        if (routed != routes_.end()) {
            translate_row(change, routed->second, out);
        }
    }
    return out;
}

void MemoryChangeStream::translate_row(const LogChange& change, Routed& routed,
                                       std::vector<Change>& out) const {
    auto known = routed.rows.find(change.columns);
    if (known == routed.rows.end()) {
        known = routed.rows
                    .emplace(change.columns, SourceRows::written_in(*routed.plan, *change.columns))
                    .first;
    }
    if (!known->second) {
        Change& unread = out.emplace_back();
        unread.kind = change.kind;
        unread.table = routed.plan->index;
        unread.unreadable = true;
        return;
    }
    SourceRows& rows = *known->second;
    const auto kept = [&](const model::Tuple& row) {
        return row.empty() ? engine::Kept::no : rows.kept(row);
    };
    using Kind = engine::RowEffect::Kind;
    const engine::RowEffect effect =
        engine::row_effect(change.kind, kept(change.before), kept(change.after));
    if (effect.kind == Kind::nothing) {
        return;
    }
    Change& made = out.emplace_back();
    made.table = routed.plan->index;
    if (effect.kind == Kind::remove) {
        made.kind = ChangeKind::remove;
        made.before =
            routed.full_identity ? rows.project(change.before) : rows.project_key(change.before);
    } else if (effect.kind == Kind::insert) {
        made.kind = ChangeKind::insert;
        made.after = rows.project(change.after);
    } else {
        CUTOVER_CHECK(effect.kind == Kind::update);  // this log holds whole rows
        made.kind = ChangeKind::update;
        translate_update(change, routed, rows, made);
    }
}

void MemoryChangeStream::translate_update(const LogChange& change, const Routed& routed,
                                          const SourceRows& rows, Change& out) const {
    const auto unchanged = [&](std::size_t column) {
        return change.before.kind(column) == change.after.kind(column) &&
               change.before.bytes(column) == change.after.bytes(column);
    };
    const bool key_changed =
        !std::all_of(rows.key_columns().begin(), rows.key_columns().end(), unchanged);
    if (routed.full_identity) {
        out.before = rows.project(change.before);
    } else if (key_changed) {
        out.before = rows.project_key(change.before);
    }
    // A large value that the update left alone is not in the log.
    const model::Tuple after = rows.project(change.after);
    for (std::size_t at = 0; at < after.size(); ++at) {
        const std::optional<std::size_t> column = rows.columns()[at];
        const bool left_out = column && unchanged(*column) && !(key_changed && whole_moves_) &&
                              routed.plan->columns[at].source.type == "blob" &&
                              after.kind(at) != model::CellKind::null;
        if (left_out) {
            out.after.append(model::CellKind::absent);
        } else {
            out.after.append(after.kind(at), after.bytes(at));
        }
    }
}

void MemoryChangeStream::acknowledge(const model::Position& position) {
    if (dead_) {
        throw Error(ErrorClass::connection, "memory.stream_dead", "the change stream has ended");
    }
    dead_ = true;
    session_.call("stream.acknowledge", CallKind::write, [&](Server& server) {
        const LogPlace place = LogPlace::parse(position);
        Slot& own = slot(server);
        own.confirmed = std::max(own.confirmed, place.offset);
        if (server.on_acknowledge) {
            server.on_acknowledge(slot_name_, place);
        }
    });
    dead_ = false;
}

}  // namespace cutover::memory
