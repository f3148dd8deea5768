#include "migrator/flow/throttle.h"

#include <algorithm>

namespace cutover::flow {

Throttle::Throttle(Runtime& runtime, plan::Throttle limits)
    : runtime_(runtime), gate_(runtime.make_gate()), limits_(limits) {}

void Throttle::set(plan::Throttle limits) {
    const std::unique_lock lock(*gate_);
    limits_ = limits;
    rows_ = bytes_ = queries_ = {};
    gate_->notify_all();
}

plan::Throttle Throttle::limits() const {
    const std::unique_lock lock(*gate_);
    return limits_;
}

void Throttle::pause(bool paused) {
    const std::unique_lock lock(*gate_);
    paused_ = paused;
    gate_->notify_all();
}

void Throttle::Meter::charge(TimePoint now, std::uint64_t amount,
                             std::optional<std::uint64_t> per_second) {
    if (!per_second || amount == 0) {
        return;
    }
    const std::uint64_t rate = std::max<std::uint64_t>(1, *per_second);
    const double seconds = static_cast<double>(amount) / static_cast<double>(rate);
    free_at = std::max(free_at, now) + Duration(static_cast<std::int64_t>(seconds * 1e6));
}

TimePoint Throttle::free_at() const {
    return std::max({rows_.free_at, bytes_.free_at, queries_.free_at});
}

bool Throttle::pass(model::Rows rows, model::Bytes bytes, std::uint64_t queries,
                    const std::function<bool()>& given_up) {
    constexpr Duration kSlice = std::chrono::milliseconds(250);
    std::unique_lock lock(*gate_);
    while (paused_ || runtime_.now() < free_at()) {
        if (given_up()) {
            return false;
        }
        const TimePoint slice = runtime_.now() + kSlice;
        gate_->wait_until(paused_ ? slice : std::min(free_at(), slice));
    }
    const TimePoint now = runtime_.now();
    rows_.charge(
        now, rows.count,
        limits_.rows_per_second ? std::optional(limits_.rows_per_second->count) : std::nullopt);
    bytes_.charge(
        now, bytes.count,
        limits_.bytes_per_second ? std::optional(limits_.bytes_per_second->count) : std::nullopt);
    queries_.charge(now, queries, limits_.queries_per_second);
    return true;
}

}  // namespace cutover::flow
