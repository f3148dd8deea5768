#include "tests/simulation/storm.h"

#include <numeric>
#include <utility>

namespace cutover::simulation {

using memory::CallKind;
using memory::Fate;

Storm::Storm(const Shape& shape, memory::Server& source, memory::Server& destination,
             Process& world)
    : shape_(shape),
      source_(source),
      destination_(destination),
      world_(world),
      random_(shape.seed, "storm"),
      open_troubles_(shape.troubles.size()),
      open_outages_(shape.outages.size()),
      gate_(world.make_gate()) {
    std::iota(open_troubles_.begin(), open_troubles_.end(), 0);
    std::iota(open_outages_.begin(), open_outages_.end(), 0);
}

Fate Storm::fate(std::string_view call, CallKind kind) {
    ++calls_;
    commits_ += kind == CallKind::commit ? 1 : 0;
    for (const std::size_t number : open_outages_) {
        if (shape_.outages[number].at_call <= calls_) {
            std::erase(open_outages_, number);
            begin_outage(shape_.outages[number]);
            return Fate::lose_before;
        }
    }
    for (const std::size_t number : open_troubles_) {
        const Trouble& trouble = shape_.troubles[number];
        if (trouble.commits_only ? kind == CallKind::commit && trouble.at_call <= commits_
                                 : trouble.at_call <= calls_) {
            std::erase(open_troubles_, number);
            ++troubles_met_;
            const bool late = trouble.fate == Fate::lose_late && kind != CallKind::commit;
            const Fate fate = late ? Fate::lose_before : trouble.fate;
            if (world_.scheduler().tracing()) {
                world_.scheduler().trace("trouble " + std::to_string(static_cast<int>(fate)) +
                                         " at " + std::string(call));
            }
            return fate;
        }
    }
    return Fate::pass;
}

flow::Duration Storm::delay(std::string_view) {
    if (shape_.slow_call_chance == 0 || !random_.chance(shape_.slow_call_chance)) {
        return flow::Duration(0);
    }
    return flow::Duration(random_.below(random_.chance(0.05) ? 4'000'000 : 100'000));
}

std::uint64_t Storm::choose(std::string_view, std::uint64_t end) {
    return random_.below(end);
}

void Storm::after(flow::Duration delay, std::function<void()> action) {
    late_.emplace(world_.now() + delay, std::move(action));
    const std::unique_lock lock(*gate_);
    gate_->notify_all();
}

void Storm::later(const std::function<void()>& action) {
    after(flow::Duration(random_.below(random_.chance(0.3) ? 20'000'000 : 50'000)), action);
}

void Storm::begin_outage(const Outage& outage) {
    ++outages_met_;
    world_.scheduler().trace("outage " + std::to_string(static_cast<int>(outage.kind)));
    memory::Server& server =
        outage.kind == Outage::Kind::destination_restart ? destination_ : source_;
    switch (outage.kind) {
        case Outage::Kind::source_restart:
        case Outage::Kind::destination_restart:
            server.break_sessions();
            server.up = false;
            after(outage.down, [&server] { server.up = true; });
            break;
        case Outage::Kind::source_failover:
            fail_over();
            break;
        case Outage::Kind::slot_dropped:
            excused_ = true;
            source_.database.slots().clear();
            break;
        case Outage::Kind::log_lost:
            excused_ = true;
            source_.database.trim_log(true);
            break;
    }
    server.ring();
}

/// True if something is lost that a view of the copy may have seen.
bool Storm::copy_is_ahead() const {
    const std::uint64_t received = source_.database.standby_received();
    if (source_.database.end_of_log().offset <= received) {
        return false;
    }
    const auto rows = destination_.tasks.find(shape_.spec.name);
    if (rows == destination_.tasks.end() ||
        rows->second.record.phase != engine::TaskPhase::incremental) {
        return true;
    }
    const std::uint64_t marker =
        memory::LogPlace::parse(rows->second.record.marker.position).offset;
    for (const model::ChunkReceipt& receipt : rows->second.receipts) {
        if (memory::LogPlace::parse(receipt.view.settled).offset > std::min(marker, received)) {
            return true;
        }
    }
    return false;
}

void Storm::fail_over() {
    for (const auto& [name, slot] : source_.database.slots()) {
        // A slot that the standby does not have is gone; the task cannot know what it missed.
        excused_ = excused_ || !slot.standby_confirmed;
    }
    excused_ = excused_ || !shape_.synchronized || copy_is_ahead();
    source_.break_sessions();
    source_.database.fail_over();
}

void Storm::run() {
    std::unique_lock lock(*gate_);
    while (!over_ || !late_.empty()) {
        const flow::TimePoint now = world_.now();
        const auto next = late_.begin();
        if (next != late_.end() && (over_ || next->first <= now)) {
            const std::function<void()> action = std::move(next->second);
            late_.erase(next);
            lock.unlock();
            action();
            lock.lock();
        } else if (next != late_.end()) {
            gate_->wait_until(next->first);
        } else {
            // Whoever adds something may be killed before it has rung.
            gate_->wait_until(now + std::chrono::seconds(1));
        }
    }
}

void Storm::calm() {
    const std::unique_lock lock(*gate_);
    over_ = true;
    gate_->notify_all();
}

}  // namespace cutover::simulation
