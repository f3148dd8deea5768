#include "scenarios/run/timeline.h"

#include <fmt/format.h>

#include "scenarios/evidence/journal.h"

namespace cutover::scenarios {

namespace {

/// A fault that is not seen to land within this has not happened.
constexpr std::chrono::seconds kLandsWithin{60};
/// A standby may take its time over a slot, not more than this.
constexpr std::chrono::seconds kReadyWithin{180};
constexpr std::chrono::milliseconds kAskEvery{300};

std::string shown(const Step& step) {
    std::string with;
    for (const auto& [key, value] : step.with) {
        with += fmt::format("{}{}: {}", with.empty() ? "" : ", ", key, value);
    }
    return with.empty() ? step.action : fmt::format("{} {{{}}}", step.action, with);
}

std::string details(const Step& step) {
    std::string with;
    for (const auto& [key, value] : step.with) {
        with += fmt::format("{}{} {}", with.empty() ? "" : ", ", key, value);
    }
    return with;
}

}  // namespace

Timeline::Timeline(const Scenario& scenario, Evidence& evidence,
                   const std::map<std::uint32_t, std::map<std::string, std::string>>& drawn)
    : scenario_(scenario), evidence_(evidence) {
    for (const Step& step : scenario.timeline) {
        steps_.push_back(make_fault(step));
        ScheduleStep record;
        record.number = static_cast<std::uint32_t>(steps_.size());
        record.trigger = step.at.text();
        record.action = shown(step);
        if (const auto found = drawn.find(record.number); found != drawn.end()) {
            record.drawn = found->second;
        }
        evidence_.schedule.push_back(std::move(record));
    }
}

bool Timeline::waits_for_closing() const {
    if (done()) {
        return true;
    }
    const Trigger& at = step().at;
    return state_ == State::waiting &&
           (at.kind == Trigger::Kind::milestone ||
            (at.kind == Trigger::Kind::sync_point && at.name.starts_with("finish.")));
}

std::optional<std::string> Timeline::kill_at() const {
    if (done() || step().at.kind != Trigger::Kind::sync_point) {
        return std::nullopt;
    }
    return fmt::format("{}:{:.0f}", step().at.name, step().at.amount.least);
}

bool Timeline::died_at_sync_point(const std::string& said, const Observed& observed) {
    if (state_ != State::waiting || kill_at() != said) {
        return false;
    }
    note_fired(observed, steps_[current_]->target());
    state_ = State::landing;
    deadline_ = std::chrono::steady_clock::now() + kLandsWithin;
    return true;
}

void Timeline::poll(Scene& scene, const Observed& observed) {
    while (!done() && advance(scene, observed)) {
    }
}

/// True if something was done, so that the next thing may be due at once.
bool Timeline::advance(Scene& scene, const Observed& observed) {
    switch (state_) {
        case State::waiting:
            return try_to_inject(scene, observed);
        case State::landing:
            return try_to_land(scene);
        case State::holding:
            return try_to_heal(scene, observed);
    }
    return false;
}

bool Timeline::try_to_inject(Scene& scene, const Observed& observed) {
    if (missed(step().at, base_, observed)) {
        skip("its phase was over before that place was seen");
        return true;
    }
    if (!reached(step().at, base_, observed)) {
        return false;
    }
    if (!became_ready(scene)) {
        return false;
    }
    note_fired(observed, steps_[current_]->target());
    steps_[current_]->inject(scene);
    state_ = State::landing;
    deadline_ = std::chrono::steady_clock::now() + kLandsWithin;
    return true;
}

/// Asks a fault whether its ground is fair, now and then and not for ever.
bool Timeline::became_ready(Scene& scene) {
    const auto now = std::chrono::steady_clock::now();
    if (now < ask_at_) {
        return false;
    }
    ask_at_ = now + kAskEvery;
    if (!steps_[current_]->ready(scene)) {
        if (deadline_ == std::chrono::steady_clock::time_point{}) {
            deadline_ = now + kReadyWithin;
        }
        if (now > deadline_) {
            skip(fmt::format("the ground was not ready for it within {} s", kReadyWithin.count()));
        }
        return false;
    }
    ask_at_ = {};
    return true;
}

bool Timeline::try_to_land(Scene& scene) {
    const std::optional<std::string> proof = steps_[current_]->landed(scene);
    if (!proof) {
        if (std::chrono::steady_clock::now() < deadline_) {
            return false;
        }
        problems_.push_back(fmt::format("step {} ({}) was not seen to land within {} s",
                                        current_ + 1, step().action, kLandsWithin.count()));
    } else {
        fault_record().landed = wall_now();
        fault_record().landed_proof = *proof;
    }
    state_ = State::holding;
    deadline_ = std::chrono::steady_clock::now() + steps_[current_]->hold();
    return true;
}

bool Timeline::try_to_heal(Scene& scene, const Observed& observed) {
    if (std::chrono::steady_clock::now() < deadline_) {
        return false;
    }
    // A restart at this point must already know of a sync point that comes next.
    const std::size_t healing = current_;
    next(observed);
    if (const std::optional<std::string> proof = steps_[healing]->heal(scene)) {
        fault_record().healed = wall_now();
        fault_record().healed_proof = *proof;
    }
    return true;
}

void Timeline::note_fired(const Observed& observed, const std::string& target) {
    ScheduleStep& step_record = record();
    step_record.fired = true;
    step_record.at = wall_now();
    step_record.phase = observed.phase;
    step_record.fraction = observed.fraction;
    step_record.chunks = observed.chunks;
    step_record.transactions = observed.transactions;
    step_record.acknowledged = observed.acknowledged;
    const auto bytes = observed.link_bytes.find(step().at.name);
    step_record.link_bytes = bytes == observed.link_bytes.end() ? 0 : bytes->second;

    FaultRecord fault;
    fault.step = step_record.number;
    fault.name = step().action;
    fault.target = target;
    fault.detail = details(step());
    fault.injected = *step_record.at;
    evidence_.faults.push_back(std::move(fault));
}

void Timeline::skip(const std::string& because) {
    record().not_fired_because = because;
    problems_.push_back(fmt::format("step {} ({} at {}) did not happen: {}", current_ + 1,
                                    step().action, step().at.text(), because));
    deadline_ = {};
    ask_at_ = {};
    ++current_;
}

void Timeline::next(const Observed& observed) {
    base_ = observed;
    deadline_ = {};
    state_ = State::waiting;
    ++current_;
}

void Timeline::heal_now(Scene& scene, const Observed& observed) {
    if (state_ == State::holding) {
        deadline_ = {};
        try_to_heal(scene, observed);
    }
}

void Timeline::give_up(const std::string& because) {
    if (state_ != State::waiting) {
        next({});
    }
    while (!done()) {
        skip(because);
    }
}

}  // namespace cutover::scenarios
