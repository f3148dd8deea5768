#include "migrator/stage/incremental_stage.h"

#include <algorithm>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/error.h"

namespace cutover::stage {

using engine::ApplyMode;
using flow::Bug;
using flow::deliberate_bug;
using model::Change;
using model::ChangeKind;
using model::TransactionId;
using model::Tuple;

namespace {

constexpr std::chrono::milliseconds kStreamWait(50);
constexpr flow::Duration kIdleCheckpoint = std::chrono::seconds(2);
constexpr flow::Duration kLongestWait = std::chrono::milliseconds(500);

/// A batch is in memory once while it is collected, and up to three times per lane: two wait, one
/// is applied.
std::uint64_t largest_batch(const plan::Limits& limits) {
    constexpr std::uint64_t kPerLane = 3;
    return std::min(limits.batch_bytes.count, limits.memory.count / (kPerLane * limits.lanes + 1));
}

Tuple converted(const plan::TablePlan& table, Tuple tuple) {
    if (!table.transcoder || tuple.empty()) {
        return tuple;  // moved: no `?:` here, which would copy
    }
    return table.transcoder->tuple(tuple);
}

}  // namespace

std::vector<model::TableIndex> first_tables(model::ChangeCursor& changes) {
    constexpr int kMostRead = 1000;
    std::vector<model::TableIndex> tables;
    Change change;
    for (int read = 0; read < kMostRead && changes.next(change); ++read) {
        std::vector<model::TableIndex> touched = change.truncated;
        touched.push_back(change.table);
        for (const model::TableIndex table : touched) {
            if (std::find(tables.begin(), tables.end(), table) == tables.end()) {
                tables.push_back(table);
            }
        }
    }
    return tables;
}

IncrementalStage::IncrementalStage(Context& context)
    : context_(context),
      traits_(context.sink.traits()),
      admission_(context.source, context.plan, context.record, context.control.receipts(),
                 traits_.atomic),
      collapser_(context.plan),
      batch_bytes_(largest_batch(context.plan.spec.limits)),
      processed_(context.record.marker.position),
      next_marker_(context.record.marker),
      row_keys_(context.plan.tables.size()),
      started_(context.runtime.now()),
      changes_at_start_(context.record.marker.changes),
      applied_time_(context.record.marker.commit_time) {
    admission_.advance(processed_);
    settled_at_ = processed_;
}

IncrementalStage::~IncrementalStage() = default;

IncrementalEnd IncrementalStage::run() {
    clock_offset_ = context_.source.clock() - context_.runtime.wall();
    set_modes();
    stream_ = context_.source.open_changes(context_.plan, *context_.record.origin, processed_,
                                           engine::LogReader::task);
    lanes_ = std::make_unique<Lanes>(context_, traits_, context_.plan.spec.limits.lanes,
                                     model::Bytes{batch_bytes_});
    try {
        // What is under way may read rows again, and then the end is farther away.
        for (bool drained = false; !drained || !reached();) {
            drained = reached();
            if (drained) {
                flush_and_wait();
            } else if (const std::optional<IncrementalEnd> end = step()) {
                return *end;
            }
        }
    } catch (const Mixed&) {
        // Nobody may write while the table is copied anew, and the log goes on from what is durable
        // now.
        if (!deliberate_bug(Bug::copied_again_beside_lanes)) {
            close_lanes();
        }
        return IncrementalEnd::restart_table;
    } catch (const Unreadable&) {
        close_lanes();
        return IncrementalEnd::unreadable;
    }
    return IncrementalEnd::reached;
}

void IncrementalStage::close_lanes() {
    lanes_->close();
    collect();
}

std::optional<IncrementalEnd> IncrementalStage::step() {
    context_.tick();
    if (context_.stop.requested()) {
        flush_and_wait();
        context_.stop.throw_if_requested();
    }
    collect();
    if (stop_when_consistent_ && consistent()) {
        flush_and_wait();
        if (consistent()) {
            return IncrementalEnd::consistent;
        }
    }
    if (pass_at_ && context_.source.covers(processed_, *pass_at_)) {
        flush_and_wait();
        return IncrementalEnd::passed;
    }
    heartbeat();
    engine::StreamEvent event = stream_->next(kStreamWait);
    if (!event.transaction) {
        be_idle(event);
    } else if (pass_at_ && !context_.source.covers(*pass_at_, event.transaction->commit)) {
        flush_and_wait();
        return IncrementalEnd::passed;  // it is delivered again
    } else if (stop_at_more_ && changes_something(*event.transaction)) {
        return IncrementalEnd::more;
    } else {
        take(*event.transaction);
        flush_if_due();
    }
    return std::nullopt;
}

bool IncrementalStage::changes_something(model::SourceTransaction& transaction) {
    if (context_.source.covers(processed_, transaction.commit)) {
        return false;  // delivered again
    }
    more_ = {transaction.id, transaction.commit, transaction.commit_time,
             first_tables(*transaction.changes)};
    return !more_.tables.empty();
}

/// A row that was read again on the way may be ahead of the asked position: until the log has
/// passed that view too, the destination is no state that the source ever had.
bool IncrementalStage::reached() const {
    return finish_at_ && context_.source.covers(context_.record.marker.position, *finish_at_) &&
           consistent();
}

void IncrementalStage::take(model::SourceTransaction& transaction) {
    if (context_.source.covers(processed_, transaction.commit) &&
        !deliberate_bug(Bug::redelivered_transaction_taken_twice)) {
        return;  // delivered again after a reconnect inside the engine
    }
    if (batch_transactions_ == 0) {
        batch_since_ = context_.runtime.now();
    }
    if (may_read_again()) {
        batch_ids_.push_back(transaction.id);
    }
    taken_ = transaction.commit;
    if (deliberate_bug(Bug::acknowledge_before_durable)) {
        stream_->acknowledge(transaction.commit);
    }
    Change change;
    std::uint64_t taken = 0;
    while (transaction.changes->next(change)) {
        const bool larger_than_a_batch = change.footprint() >= batch_bytes_;
        take_change(change, transaction.id);
        ++taken;
        if (full()) {
            flush(false);
            context_.tick();
        }
        if (larger_than_a_batch) {
            // One such row at a time.
            change = Change();
            lanes_->wait_applied();
        }
    }
    pass_limits({taken}, {transaction.footprint_bytes});
    processed_ = transaction.commit;
    next_marker_.position = transaction.commit;
    next_marker_.commit_time = transaction.commit_time;
    next_marker_.transactions += 1;
    next_marker_.changes += taken;
    ++batch_transactions_;
    ++transactions_;
    quiet_until_.reset();
    settle(processed_);
}

/// Where no table is tolerant, every row has its base.
bool IncrementalStage::may_read_again() const {
    return !admission_.all_settled() || context_.plan.spec.conflict == plan::ConflictRule::ignore;
}

/// True if one more change might be too much.
bool IncrementalStage::full() const {
    const bool many = collapser_.row_count() + kMostRowsOfAChange > traits_.largest_batch.count;
    return collapser_.footprint_bytes() >= batch_bytes_ ||
           (many && !deliberate_bug(Bug::batch_larger_than_allowed));
}

/// Waits as long as the limits ask for. The operator, who may lift them, is heard meanwhile.
void IncrementalStage::pass_limits(model::Rows rows, model::Bytes bytes) {
    flow::TimePoint look_up = context_.runtime.now() + kLongestWait;
    const auto interrupted = [&] {
        return context_.stop.requested() || context_.runtime.now() >= look_up;
    };
    while (!context_.incremental_throttle.pass(rows, bytes, 0, interrupted)) {
        if (context_.stop.requested()) {
            return;
        }
        context_.tick();
        look_up = context_.runtime.now() + kLongestWait;
    }
}

void IncrementalStage::flush_and_wait() {
    flush(true);
    lanes_->drain();
    reading_ = false;
    collect();
}

/// Tables that `position` settles are strict from the next batch on. A batch under way may still
/// read rows again, in a view that the log has yet to pass: this is the one time that is waited
/// for, once per table and not once per transaction.
void IncrementalStage::settle(const model::Position& position) {
    if (!admission_.due(position)) {
        return;
    }
    if ((incomplete_ || reading_) && !deliberate_bug(Bug::settled_beside_reading)) {
        flush_and_wait();
    }
    if (!admission_.advance(position)) {
        return;
    }
    settled_at_ = position;
    flush(true);
    set_modes();
}

void IncrementalStage::set_modes() {
    modes_.resize(context_.plan.tables.size());
    for (const plan::TablePlan& table : context_.plan.tables) {
        const bool is_tolerant = tolerant(table.index);
        collapser_.set_tolerant(table.index, is_tolerant);
        modes_[table.index] = is_tolerant ? bearing(traits_, context_.plan) : ApplyMode::strict;
    }
}

/// Whether the destination may hold something else than the log expects.
bool IncrementalStage::tolerant(model::TableIndex table) const {
    if (deliberate_bug(Bug::tolerant_never_ends) || deliberate_bug(Bug::strict_too_early)) {
        return deliberate_bug(Bug::tolerant_never_ends);
    }
    return admission_.tolerant(table) || context_.plan.spec.conflict == plan::ConflictRule::ignore;
}

void IncrementalStage::take_change(Change& change, const TransactionId& id) {
    if (change.kind == ChangeKind::truncate) {
        take_truncate(change, id);
    } else {
        take_row(change, id);
    }
}

void IncrementalStage::take_truncate(const Change& change, const TransactionId& id) {
    for (const model::TableIndex table : change.truncated) {
        switch (admission_.truncate(table, id)) {
            case TruncateAdmission::apply:
                collapser_.truncate(table);
                break;
            case TruncateAdmission::drop:
                break;
            case TruncateAdmission::mixed:
                table_ = table;
                throw Mixed{};
        }
    }
}

void IncrementalStage::take_row(Change& change, const TransactionId& id) {
    const plan::TablePlan& table = context_.plan.tables[change.table];
    if (change.unreadable) {
        if (!admission_.seen_by_all(table.index, id)) {
            table_ = table.index;
            throw Unreadable{};
        }
        return;
    }
    if (change.kind == ChangeKind::update && !change.before.empty()) {
        change.after.fill_absent_from(change.before);
    }
    if (table.keyless()) {
        take_keyless(table, change, id);
    } else if (change.kind == ChangeKind::update) {
        take_update(table, change, id);
    } else if (change.kind == ChangeKind::insert) {
        if (!admission_.seen(table.index, change.after, id)) {
            collapser_.insert(table.index, converted(table, std::move(change.after)));
        }
    } else if (!admission_.seen(table.index, change.before, id)) {
        collapser_.remove(table.index, converted(table, std::move(change.before)));
    }
}

void IncrementalStage::take_keyless(const plan::TablePlan& table, Change& change,
                                    const TransactionId& id) {
    if (admission_.seen(table.index, id)) {
        return;
    }
    Tuple before = converted(table, std::move(change.before));
    Tuple after = converted(table, std::move(change.after));
    switch (change.kind) {
        case ChangeKind::insert:
            collapser_.insert(table.index, std::move(after));
            break;
        case ChangeKind::update:
            collapser_.update(table.index, std::move(before), std::move(after));
            break;
        default:
            collapser_.remove(table.index, std::move(before));
            break;
    }
}

/// An update is a removal at the old key and an insert at the new one; each half is judged by the
/// chunk that owns its key.
void IncrementalStage::take_update(const plan::TablePlan& table, Change& change,
                                   const TransactionId& id) {
    const plan::KeyPlan& key =
        deliberate_bug(Bug::source_key_as_the_destination_has_it) ? table.key : table.source_key();
    const bool key_changes = has_key(key, change.before) &&
                             key_bytes(key, change.before) != key_bytes(key, change.after);
    Tuple new_key = key_tuple(key, change.after);
    const bool new_seen = admission_.seen(table.index, change.after, id);
    const bool each_half = key_changes && !deliberate_bug(Bug::key_change_judged_by_one_chunk);
    const bool old_seen = each_half ? admission_.seen(table.index, change.before, id) : new_seen;
    if (new_seen) {
        if (!old_seen) {
            collapser_.remove(table.index, converted(table, std::move(change.before)));
        }
        return;
    }
    Tuple row = converted(table, std::move(change.after));
    if (tolerant(table.index) && !row.complete()) {
        // Its base may be missing: then the row is read again by the key that the source knows.
        row_keys_[table.index][key_bytes(table.key, row)] = std::move(new_key);
        incomplete_ = true;
    }
    if (!key_changes || !old_seen || deliberate_bug(Bug::moved_row_based_on_later_one)) {
        if (old_seen) {
            change.before = Tuple();
        }
        collapser_.update(table.index, converted(table, std::move(change.before)), std::move(row));
        return;
    }
    // The old half is in the copy already: what arrives is a new row, and whatever lies at its key
    // is not its base.
    collapser_.arrive(table.index, std::move(row));
}

void IncrementalStage::flush_if_due() {
    const plan::Limits& limits = context_.plan.spec.limits;
    const bool is_full = full() || batch_transactions_ >= limits.batch_transactions;
    const bool old = context_.runtime.now() - batch_since_ >= flow::Duration(limits.batch_delay);
    if (is_full || (old && batch_transactions_ > 0)) {
        flush(true);
    }
}

/// Submits what has been collected: a whole batch, the last part of one, or (not `last`) a part of
/// a transaction that does not fit into memory.
void IncrementalStage::flush(bool last) {
    if (last && batch_transactions_ == 0) {
        return;
    }
    Part part;
    part.batch = batch_;
    part.first = !batch_open_;
    part.last = last;
    part.alone = !last;
    part.net = collapser_.take(part.footprint, part.unknown);
    if (deliberate_bug(Bug::modes_of_the_next_batch)) {
        set_modes();
    }
    part.modes = modes_;
    part.row_keys = std::exchange(row_keys_, RowKeys(context_.plan.tables.size()));
    reading_ |= std::exchange(incomplete_, false);
    part.transactions = batch_ids_;
    if (last) {
        batch_ids_.clear();
    } else if (!batch_ids_.empty()) {
        batch_ids_.erase(batch_ids_.begin(), std::prev(batch_ids_.end()));  // goes on
    }
    part.marker = next_marker_;
    batch_open_ = !last;
    if (last) {
        ++batch_;
        batch_transactions_ = 0;
    }
    store_reach();
    lanes_->submit(std::move(part));
}

/// A predecessor may have come farther than this one has yet.
void IncrementalStage::store_reach() {
    model::Position& reach = context_.record.reach;
    const bool known = !reach.empty() && context_.source.covers(reach, taken_);
    if (traits_.atomic || (known && !deliberate_bug(Bug::reach_goes_back)) ||
        deliberate_bug(Bug::reach_not_stored)) {
        return;
    }
    reach = taken_;
    context_.control.save(context_.record);
}

void IncrementalStage::take_repairs() {
    for (const model::ChunkReceipt& receipt : lanes_->take_repairs()) {
        if (!deliberate_bug(Bug::rows_read_again_forgotten)) {
            admission_.add_view(receipt.chunk.table, receipt.view);
        }
    }
}

/// Takes over what the lanes have made durable, and only then lets the source forget it.
void IncrementalStage::collect() {
    take_repairs();
    const std::optional<model::Marker> marker = lanes_->committed();
    if (!marker) {
        return;
    }
    context_.record.marker = *marker;
    update_lag(marker->commit_time);
    context_.succeeded();
    stream_->acknowledge(marker->position);
    context_.runtime.yield(flow::sync::kAcknowledged);
}

void IncrementalStage::be_idle(const engine::StreamEvent& event) {
    flush(true);
    if (!event.quiet_until.empty() && !context_.source.covers(processed_, event.quiet_until)) {
        quiet_until_ = event.quiet_until;
    }
    quiet_time_ = std::max(quiet_time_, event.source_time);
    if (!lanes_->idle() && !deliberate_bug(Bug::idle_position_taken_too_early)) {
        return;
    }
    collect();
    update_lag(quiet_time_);
    if (quiet_until_) {
        checkpoint_idle();
    }
}

/// Nothing of ours lies between the last transaction and `quiet_until_`: the marker may follow, so
/// that the source can forget and a finish can be reached. Not more often than needed.
void IncrementalStage::checkpoint_idle() {
    const bool wanted = finish_at_ && context_.source.covers(*quiet_until_, *finish_at_);
    const flow::TimePoint now = context_.runtime.now();
    if (!wanted && now - idle_saved_at_ < kIdleCheckpoint) {
        return;
    }
    idle_saved_at_ = now;
    next_marker_.position = *quiet_until_;
    context_.control.save_marker(next_marker_);
    processed_ = *quiet_until_;
    context_.record.marker = next_marker_;
    context_.reached();
    quiet_until_.reset();
    settle(processed_);
    stream_->acknowledge(processed_);
    context_.runtime.yield(flow::sync::kAcknowledged);
}

void IncrementalStage::heartbeat() {
    const flow::Duration interval = context_.plan.spec.heartbeat;
    const flow::TimePoint now = context_.runtime.now();
    if (interval > flow::Duration(0) && now - heartbeat_at_ >= interval) {
        heartbeat_at_ = now;
        context_.source.heartbeat();
    }
}

void IncrementalStage::update_lag(model::Instant applied_at) {
    applied_time_ = std::max(applied_time_, applied_at);
}

IncrementalProgress IncrementalStage::progress() const {
    IncrementalProgress now;
    now.transactions = context_.record.marker.transactions;
    now.changes = context_.record.marker.changes;
    const double seconds = std::chrono::duration<double>(context_.runtime.now() - started_).count();
    now.changes_per_second =
        seconds > 0 ? static_cast<double>(now.changes - changes_at_start_) / seconds : 0;
    const model::Instant source_now = context_.runtime.wall() + clock_offset_;
    if (applied_time_ != model::Instant{}) {
        now.lag = std::max(flow::Duration(0), flow::Duration(source_now - applied_time_));
    }
    now.position = context_.record.marker.position.text;
    now.consistent = consistent();
    return now;
}

}  // namespace cutover::stage
