// Which transactions a read had seen: all below `horizon` that were not running. The bytes of a
// stamp are this, written down.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "migrator/model/position.h"

namespace cutover::memory {

using TransactionNumber = std::uint64_t;

struct Snapshot {
    TransactionNumber horizon = 1;
    std::vector<TransactionNumber> running;  ///< sorted, below the horizon, not seen

    bool sees(TransactionNumber transaction) const {
        return transaction < horizon &&
               !std::binary_search(running.begin(), running.end(), transaction);
    }
    model::Stamp stamp() const;
    /// Throws: corrupt.
    static Snapshot parse(const model::Stamp& stamp);
};

/// A place in the log: grows along a timeline; a failover begins a new timeline.
struct LogPlace {
    std::uint64_t offset = 0;
    std::uint32_t timeline = 1;

    model::Position position() const;
    /// An empty position is the beginning. Throws: corrupt.
    static LogPlace parse(const model::Position& position);
};

/// Where timelines ended: shared by a source and its streams, any thread.
class TimelineEnds {
public:
    /// `ends`: of timeline 1, 2, ...; the present one has none.
    void learn(std::vector<std::uint64_t> ends);
    /// False if the place lies on a timeline that ended before it: what was there has never
    /// happened.
    bool holds(const LogPlace& place) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::uint64_t> ends_;
};

}  // namespace cutover::memory
