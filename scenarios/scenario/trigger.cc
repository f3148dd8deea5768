#include "scenarios/scenario/trigger.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "migrator/flow/sync_points.h"

namespace cutover::scenarios {

namespace {

constexpr std::array<const char*, 7> kPhases = {"schema",      "full",      "keys",    "validation",
                                                "incremental", "finishing", "finished"};

bool enough(const Trigger& trigger, std::uint64_t base, std::uint64_t now) {
    const auto wanted = static_cast<std::uint64_t>(std::llround(trigger.amount.least));
    return now >= (trigger.relative ? base + wanted : wanted);
}

std::uint64_t bytes_of(const Observed& observed, const std::string& link) {
    const auto found = observed.link_bytes.find(link);
    return found == observed.link_bytes.end() ? 0 : found->second;
}

std::string amount_text(const Amount& amount) {
    return amount.is_range() ? fmt::format("{:.0f}..{:.0f}", amount.least, amount.most)
                             : fmt::format("{:.0f}", amount.least);
}

std::string place(const Trigger& trigger) {
    const std::string amount = amount_text(trigger.amount);
    switch (trigger.kind) {
        case Trigger::Kind::start:
            return "before the migrator's start";
        case Trigger::Kind::phase:
            return "phase " + trigger.name;
        case Trigger::Kind::progress:
            return fmt::format("copy at {} %", amount_text({trigger.amount.least * 100,
                                                            trigger.amount.most * 100}));
        case Trigger::Kind::chunks:
            return amount + " chunks copied";
        case Trigger::Kind::transactions:
            return amount + " transactions applied";
        case Trigger::Kind::acknowledged:
            return amount + " transactions committed at the source";
        case Trigger::Kind::recoveries:
            return amount + " outages survived";
        case Trigger::Kind::lag_below:
            return "lag below " + amount + " ms";
        case Trigger::Kind::link_bytes:
            return fmt::format("{} bytes through link {}", amount, trigger.name);
        case Trigger::Kind::sync_point:
            return fmt::format("sync point {}, pass {}", trigger.name, amount);
        case Trigger::Kind::milestone:
            return trigger.name;
        case Trigger::Kind::ended:
            return "the migrator has ended";
        case Trigger::Kind::previous:
            return "at once";
    }
    return {};
}

/// The last phase in which a sync point can be passed. One that is left in the dark (a step of the
/// schema is done in nearly every phase) can be passed until the end.
const char* last_phase_of(const std::string& sync_point) {
    if (sync_point == flow::sync::kCaptureCreated) {
        return "";  // before the first phase that has a name
    }
    // A table that is copied again is so long after the copy; nobody dies there by appointment.
    const bool of_the_copy =
        sync_point.starts_with("chunk.") || sync_point == flow::sync::kFullDone;
    return of_the_copy ? "full" : sync_point.starts_with("batch.") ? "finishing" : "finished";
}

}  // namespace

int phase_rank(const std::string& phase) {
    const auto found = std::find(kPhases.begin(), kPhases.end(), phase);
    return found == kPhases.end() ? 0 : static_cast<int>(found - kPhases.begin()) + 1;
}

std::string Trigger::text() const {
    return place(*this) + (relative ? ", after the previous step" : "");
}

bool reached(const Trigger& trigger, const Observed& base, const Observed& now) {
    const int incremental = phase_rank("incremental");
    switch (trigger.kind) {
        case Trigger::Kind::start:
        case Trigger::Kind::previous:
            return true;
        case Trigger::Kind::phase:
            return phase_rank(now.phase) >= phase_rank(trigger.name);
        case Trigger::Kind::progress:
            return now.fraction >= trigger.amount.least;
        case Trigger::Kind::chunks:
            return enough(trigger, base.chunks, now.chunks);
        case Trigger::Kind::transactions:
            // What was applied before an outage is often told only during it.
            return !now.failing && enough(trigger, base.transactions, now.transactions);
        case Trigger::Kind::acknowledged:
            return enough(trigger, base.acknowledged, now.acknowledged);
        case Trigger::Kind::recoveries:
            return enough(trigger, base.recoveries, now.recoveries);
        case Trigger::Kind::lag_below:
            return phase_rank(now.phase) >= incremental && now.lag && !now.failing &&
                   static_cast<double>(now.lag->count()) < trigger.amount.least;
        case Trigger::Kind::link_bytes:
            return enough(trigger, bytes_of(base, trigger.name), bytes_of(now, trigger.name));
        case Trigger::Kind::sync_point:
            return false;
        case Trigger::Kind::milestone:
            return now.milestones.contains(trigger.name);
        case Trigger::Kind::ended:
            return now.ended;
    }
    return false;
}

bool missed(const Trigger& trigger, const Observed& base, const Observed& now) {
    const auto after = [&](const char* phase) {
        return phase_rank(now.phase) > phase_rank(phase) && !reached(trigger, base, now);
    };
    switch (trigger.kind) {
        case Trigger::Kind::progress:
        case Trigger::Kind::chunks:
            return after("full");
        case Trigger::Kind::lag_below:
            return after("incremental") || now.ended;
        case Trigger::Kind::sync_point:
            return now.ended || after(last_phase_of(trigger.name));
        default:
            return false;
    }
}

}  // namespace cutover::scenarios
