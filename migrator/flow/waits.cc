#include "migrator/flow/waits.h"

#include <algorithm>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::flow {

namespace {

/// A change of ages alone is not worth telling.
bool same(const std::vector<model::Holder>& a, const std::vector<model::Holder>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const model::Holder& one, const model::Holder& other) {
                          return one.kind == other.kind && one.id == other.id;
                      });
}

}  // namespace

Waits::Waits(Runtime& runtime, const StopSignal& stop, Duration grace, Listener listener)
    : runtime_(runtime),
      stop_(stop),
      allowance_{grace, std::nullopt},
      listener_(std::move(listener)),
      gate_(runtime.make_gate()) {}

bool Waits::over() {
    if (!stop_.requested()) {
        return false;
    }
    const std::unique_lock lock(*gate_);
    const TimePoint now = runtime_.now();
    stop_seen_ = stop_seen_.value_or(now);
    return now - std::max(*stop_seen_, allowance_.since.value_or(*stop_seen_)) >=
           allowance_.duration;
}

void Waits::throw_if_over(const std::string& what) {
    if (over()) {
        throw model::Error(model::ErrorClass::stopped, "task.stopped",
                           "stopped on request while waiting for " + what);
    }
}

std::vector<ToldWait> Waits::present() const {
    const std::unique_lock lock(*gate_);
    std::vector<ToldWait> out;
    for (const auto& [number, wait] : present_) {
        out.push_back({number, wait});
    }
    return out;
}

void Waits::tell(const ToldWait& told) {
    bool news = false;
    {
        const std::unique_lock lock(*gate_);
        const auto known = present_.find(told.number);
        news = known == present_.end() || !same(known->second.holders, told.wait.holders);
        present_[told.number] = told.wait;
    }
    if (news && listener_) {
        listener_(told, false);
    }
}

void Waits::end(std::uint64_t number) {
    ToldWait told{number, {}};
    {
        const std::unique_lock lock(*gate_);
        told.wait = std::move(present_.at(number));
        present_.erase(number);
    }
    if (listener_) {
        listener_(told, true);
    }
}

Reprieve::Reprieve(Waits& waits, Duration bound) : waits_(waits) {
    const std::unique_lock lock(*waits_.gate_);
    before_ = std::exchange(waits_.allowance_, {bound, waits_.runtime_.now()});
}

Reprieve::~Reprieve() {
    const std::unique_lock lock(*waits_.gate_);
    waits_.allowance_ = before_;
}

Notice::Notice(Waits* waits) : waits_(waits) {
    if (waits_ != nullptr) {
        due_at_ = waits_->runtime_.now() + Waits::kTellAfter;
        since_ = waits_->runtime_.wall();
    }
}

Notice::~Notice() {
    if (number_ != 0) {
        waits_->end(number_);
    }
}

bool Notice::due() {
    if (waits_ == nullptr || waits_->runtime_.now() < due_at_) {
        return false;
    }
    due_at_ = waits_->runtime_.now() + Waits::kTellAfter;
    return true;
}

void Notice::tell(model::Side end, const std::string& what, std::vector<model::Holder> holders) {
    if (waits_ == nullptr) {
        return;
    }
    if (number_ == 0) {
        const std::unique_lock lock(*waits_->gate_);
        number_ = ++waits_->last_number_;
    }
    waits_->tell({number_, {end, what, since_, std::move(holders)}});
}

}  // namespace cutover::flow
