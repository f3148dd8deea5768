// Log positions, timelines, snapshots and transaction ids of PostgreSQL, and their opaque forms in
// model/position.h. Pure. A position carries the timeline it was met on, so that after a failover
// it can be told from the server's history whether it is still part of what happened.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/position.h"

namespace cutover::postgres {

using Lsn = std::uint64_t;
using Timeline = std::uint32_t;
using Xid8 = std::uint64_t;  ///< a transaction id with its epoch

/// `16/B374D848`.
std::string to_text(Lsn lsn);
std::optional<Lsn> parse_lsn(std::string_view text);

struct LogPoint {
    Timeline timeline = 0;
    Lsn lsn = 0;
};

/// bytes `timeline:lsn`, text the LSN alone.
model::Position to_position(LogPoint point);
/// Throws: corrupt (bytes that to_position() has not made).
LogPoint to_log_point(const model::Position& position);

/// What a snapshot had seen, as pg_current_snapshot() prints it: `xmin:xmax:xip,...`.
struct Snapshot {
    Xid8 xmin = 0;                 ///< everything below has ended
    Xid8 xmax = 0;                 ///< nothing from here on is seen
    std::string_view in_progress;  ///< the list as printed, into the parsed text

    /// Throws: corrupt.
    static Snapshot parse(std::string_view text);
    /// True if a transaction that has committed was seen.
    bool sees(Xid8 xid) const;
    /// The list, sorted, for whoever asks often.
    std::vector<Xid8> running() const;
    /// A transaction that `earlier` had seen and this one has not; nothing if there is none.
    std::optional<Xid8> lacks(const Snapshot& earlier) const;
};

/// The full id nearest to `reference` whose low 32 bits are `xid`.
Xid8 widen(std::uint32_t xid, Xid8 reference);

/// Where each timeline that led to the present one has ended.
class TimelineHistory {
public:
    TimelineHistory() = default;
    explicit TimelineHistory(Timeline current) : current_(current) {}
    /// `file` as TIMELINE_HISTORY gives it. Throws: corrupt.
    TimelineHistory(Timeline current, std::string_view file);

    Timeline current() const { return current_; }
    /// True if what was at `point` is part of this server's past: the point lies on the present
    /// timeline, or on an earlier one before it was left.
    bool holds(LogPoint point) const;
    /// Where the timeline was left; nothing if it is not an ancestor.
    std::optional<Lsn> end_of(Timeline timeline) const;

private:
    Timeline current_ = 0;
    std::map<Timeline, Lsn> ends_;
};

}  // namespace cutover::postgres
