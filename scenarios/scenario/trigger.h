// When a step of a timeline happens: at a logical place of the migration, never at a time of day. A
// trigger is parsed with its scenario, its amounts are drawn from the seed before the run, and it
// is asked with what the runner has observed. Pure; it watches nothing itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace cutover::scenarios {

/// A number, or a range out of which the seed draws one (`500..3000`).
struct Amount {
    double least = 0;
    double most = 0;

    bool is_range() const { return least != most; }
    bool operator==(const Amount&) const = default;
};

/// Where the run stands, as far as it was seen. Counters never go back.
struct Observed {
    std::string phase;               ///< the furthest phase the migrator has named
    double fraction = 0;             ///< of the full copy, 0..1
    std::uint64_t chunks = 0;        ///< durable
    std::uint64_t transactions = 0;  ///< applied by the task
    std::uint64_t acknowledged = 0;  ///< transactions the workloads had acknowledged
    std::uint64_t recoveries = 0;    ///< outages after which it went on
    bool failing = false;            ///< an attempt has failed, and its process has not gone on yet
    std::optional<std::chrono::milliseconds> lag;  ///< none while nothing is applied
    bool consistent =
        false;  ///< the destination equals some state of the source, the migrator says
    std::map<std::string, std::uint64_t> link_bytes;  ///< through each link, both ways
    std::set<std::string> milestones;  ///< `started`, `writers_stopped`, `drained`, `cut_over`, ...
    bool ended = false;                ///< the migrator has ended by itself
};

struct Trigger {
    enum class Kind : std::uint8_t {
        start,     ///< before the migrator's first start
        phase,     ///< `name` was reached
        progress,  ///< `amount` is a fraction of the full copy
        chunks,
        transactions,  ///< applied by the migrator, while nothing fails
        acknowledged,  ///< committed by the workloads
        recoveries,    ///< outages after which the migrator went on
        lag_below,     ///< `amount` in milliseconds, in the incremental phase, while nothing fails
        link_bytes,    ///< through the link `name`
        sync_point,    ///< the migrator dies there at the `amount`-th pass (build with hooks)
        milestone,     ///< of the closing: `name`
        ended,         ///< the migrator has ended by itself
        previous,      ///< at once after the previous step has landed and healed
    };

    Kind kind = Kind::start;
    std::string name;
    Amount amount;
    /// Counted from the previous step on, not from the start.
    bool relative = false;

    /// As people read it: `copy at 40 %`, `1200 transactions after the previous step`.
    std::string text() const;
};

/// True once `now` has come to the place; `base` is what was seen when the previous step was done.
/// A sync point is never reached by observation: the process's death tells it.
bool reached(const Trigger& trigger, const Observed& base, const Observed& now);

/// True if the place has gone by unseen and cannot come any more: a copy that ended before it was
/// found at that fraction, a sync point of a phase that is over, a lag after the end.
bool missed(const Trigger& trigger, const Observed& base, const Observed& now);

/// Order of a phase's name; 0 for one that is not known.
int phase_rank(const std::string& phase);

}  // namespace cutover::scenarios
