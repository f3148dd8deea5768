#include "migrator/stage/lanes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/check.h"
#include "migrator/stage/row_repair.h"

namespace cutover::stage {

namespace {

/// How long the coordinating thread waits for a lane without looking after the task.
constexpr flow::Duration kTick = std::chrono::milliseconds(100);
/// Between looks whether what is in the log can be seen.
constexpr flow::Duration kMoment = std::chrono::milliseconds(20);
/// How often a batch that waits for its turn looks whether it is in somebody's way.
constexpr flow::Duration kLook = std::chrono::milliseconds(250);
/// Batches that were in each other's way once will be again: for so long they take effect one after
/// the other, and nothing is rolled back.
constexpr flow::Duration kInTurn = std::chrono::minutes(1);

}  // namespace

struct Lanes::Lane {
    Lane(Context& context, const engine::SinkTraits& traits, model::Bytes batch_bytes)
        : parts(context.runtime, 2), repair(context.source, context.plan, traits, batch_bytes) {}

    flow::BoundedQueue<Part> parts;
    std::unique_ptr<engine::ChangeApplier> applier;
    RowRepair repair;
    std::unique_ptr<flow::Worker> thread;
};

Lanes::Lanes(Context& context, const engine::SinkTraits& traits, std::uint32_t count,
             model::Bytes batch_bytes)
    : context_(context), gate_(context.runtime.make_gate()) {
    CUTOVER_CHECK(count > 0);
    for (std::uint32_t at = 0; at < count; ++at) {
        lanes_.push_back(std::make_unique<Lane>(context, traits, batch_bytes));
        Lane& lane = *lanes_.back();
        lane.thread =
            context.runtime.spawn("lane" + std::to_string(at), [this, &lane] { run(lane); });
    }
}

Lanes::~Lanes() {
    close();
}

void Lanes::close() {
    {
        const std::unique_lock lock(*gate_);
        closing_ = true;
        gate_->notify_all();
    }
    for (const auto& lane : lanes_) {
        lane->parts.abandon();
    }
    for (const auto& lane : lanes_) {
        lane->thread->join();
    }
}

void Lanes::run(Lane& lane) {
    try {
        while (std::optional<Part> part = lane.parts.pop()) {
            if (!lane.applier) {
                lane.applier = context_.sink.open_applier(context_.plan);
            }
            if (!apply(lane, *part)) {
                break;
            }
            part.reset();  // its rows are durable or waited for no more; they may be large
            const std::unique_lock lock(*gate_);
            --parts_pending_;
            gate_->notify_all();
        }
    } catch (const std::exception&) {
        fail(std::current_exception());
    }
    if (lane.applier) {
        lane.applier->abort();
    }
}

bool Lanes::apply(Lane& lane, Part& part) {
    if (part.first) {
        lane.applier->begin();
    }
    lane.applier->stage(part.net);
    context_.runtime.yield(flow::sync::kBatchStaged);
    if (!wait_until_free(part.batch)) {
        return false;
    }
    if (!take_effect(lane, part)) {
        return false;
    }
    if (part.last) {
        if (!flow::deliberate_bug(flow::Bug::commit_ticket_skipped) && !in_turn(lane, part)) {
            return false;
        }
        commit(lane, part);
    }
    return true;
}

/// With the rows that have to be read again for it.
bool Lanes::take_effect(Lane& lane, const Part& part) {
    std::vector<engine::MissingBase> missing = lane.applier->apply(part.modes);
    for (const UnknownRow& row : part.unknown) {
        missing.push_back({row.table, row.key});
    }
    if (!missing.empty()) {
        std::vector<model::ChunkReceipt> receipts;
        const bool done = lane.repair.run(
            *lane.applier, part, missing, [this] { return wait_a_moment(); }, receipts);
        const std::unique_lock lock(*gate_);
        std::move(receipts.begin(), receipts.end(), std::back_inserter(repairs_));
        if (!done) {
            return false;
        }
    }
    if (part.last) {
        context_.runtime.yield(flow::sync::kBatchApplied);
    }
    return true;
}

bool Lanes::wait_a_moment() {
    std::unique_lock lock(*gate_);
    if (failure_ || closing_) {
        return false;
    }
    gate_->wait_until(context_.runtime.now() + kMoment);
    return true;
}

/// Waits for the batch's turn, and gives way if that is what an earlier one waits for.
bool Lanes::in_turn(Lane& lane, const Part& part) {
    Turn turn = wait_for_turn(part.batch, lane.applier->holder());
    if (turn == Turn::give_way) {
        lane.applier->abort();
        turn = wait_for_turn(part.batch, {});
        if (turn == Turn::come) {
            lane.applier->begin();
            lane.applier->stage(part.net);
            return take_effect(lane, part);
        }
    }
    return turn == Turn::come;
}

/// Requires: its turn has come. A reader of the destination never sees a later batch without the
/// ones before it.
void Lanes::commit(Lane& lane, Part& part) {
    lane.applier->commit(part.marker);
    context_.runtime.yield(flow::sync::kBatchCommitted);
    const std::unique_lock lock(*gate_);
    CUTOVER_CHECK(flow::deliberate_bug(flow::Bug::commit_ticket_skipped) ||
                  outstanding_.front().batch == part.batch);
    std::erase_if(outstanding_, [&](const Outstanding& one) { return one.batch == part.batch; });
    committed_ = std::move(part.marker);
    gate_->notify_all();
}

/// Waits until no earlier batch under way touches what this one touches.
bool Lanes::wait_until_free(std::uint64_t batch) {
    std::unique_lock lock(*gate_);
    for (;;) {
        if (failure_ || closing_) {
            return false;
        }
        if (flow::deliberate_bug(flow::Bug::lanes_ignore_footprint)) {
            return true;
        }
        std::size_t at = 0;
        while (outstanding_[at].batch != batch) {
            ++at;
        }
        const bool in_turn = context_.runtime.now() < in_turn_until_;
        bool free = !((outstanding_[at].alone || in_turn) && at > 0);
        for (std::size_t earlier = 0; earlier < at && free; ++earlier) {
            free = !outstanding_[earlier].alone &&
                   !outstanding_[earlier].footprint.meets(outstanding_[at].footprint);
        }
        if (free) {
            return true;
        }
        gate_->wait();
    }
}

Lanes::Turn Lanes::wait_for_turn(std::uint64_t batch, const std::string& holder) {
    std::unique_lock lock(*gate_);
    while (!failure_ && !closing_ && outstanding_.front().batch != batch) {
        if (holder.empty()) {
            gate_->wait();
            continue;
        }
        if (in_the_way(holder) && !flow::deliberate_bug(flow::Bug::later_batch_never_gives_way)) {
            in_turn_until_ = context_.runtime.now() + kInTurn;
            return Turn::give_way;
        }
        gate_->wait_until(context_.runtime.now() + kLook);
    }
    return failure_ || closing_ ? Turn::given_up : Turn::come;
}

/// Whether a wait of this task is told to end only when this holder lets go, or may well be: who is
/// in the way could not be found out.
bool Lanes::in_the_way(const std::string& holder) const {
    for (const flow::ToldWait& told : context_.waits.present()) {
        for (const model::Holder& one : told.wait.holders) {
            if (told.wait.side == model::Side::destination &&
                (one.id == holder || one.id.empty())) {
                return true;
            }
        }
    }
    return false;
}

void Lanes::fail(std::exception_ptr thrown) {
    const std::unique_lock lock(*gate_);
    if (!failure_) {
        failure_ = std::move(thrown);
    }
    gate_->notify_all();
    for (const auto& lane : lanes_) {
        lane->parts.abandon();
    }
}

void Lanes::throw_failure() const {
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

void Lanes::submit(Part part) {
    Lane& lane = *lanes_[part.batch % lanes_.size()];
    {
        const std::unique_lock lock(*gate_);
        throw_failure();
        if (part.first) {
            outstanding_.push_back({part.batch, part.alone, std::move(part.footprint)});
        }
        ++parts_pending_;
    }
    while (!lane.parts.wait_for_room(context_.runtime.now() + kTick)) {
        context_.tick();
    }
    if (!lane.parts.push(std::move(part))) {
        const std::unique_lock lock(*gate_);
        throw_failure();
    }
}

/// However long the lanes take, the operator is heard.
void Lanes::wait_and_tick(std::unique_lock<flow::Gate>& lock) {
    gate_->wait_until(context_.runtime.now() + kTick);
    lock.unlock();
    context_.tick();
    lock.lock();
}

void Lanes::wait_applied() {
    std::unique_lock lock(*gate_);
    while (parts_pending_ > 0) {
        throw_failure();
        wait_and_tick(lock);
    }
    throw_failure();
}

void Lanes::drain() {
    std::unique_lock lock(*gate_);
    while (!outstanding_.empty()) {
        throw_failure();
        wait_and_tick(lock);
    }
    throw_failure();
}

std::optional<model::Marker> Lanes::committed() {
    const std::unique_lock lock(*gate_);
    throw_failure();
    return std::exchange(committed_, std::nullopt);
}

bool Lanes::idle() const {
    const std::unique_lock lock(*gate_);
    return outstanding_.empty();
}

std::vector<model::ChunkReceipt> Lanes::take_repairs() {
    const std::unique_lock lock(*gate_);
    return std::exchange(repairs_, {});
}

}  // namespace cutover::stage
