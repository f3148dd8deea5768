// Both ends under snapshots that belong together: taken close to each other, with evidence whether
// anybody wrote at either end while they were taken. If nobody did, the two snapshots show one
// moment, however long the reading takes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "verify/end/end.h"
#include "verify/result/result.h"

namespace cutover::verify {

/// Tables of each end, by the end's own shapes.
struct QuietTables {
    std::vector<const TableShape*> source;
    std::vector<const TableShape*> destination;
};

class SnapshotPair {
public:
    SnapshotPair(const OpenEnd& open_source, const OpenEnd& open_destination);

    /// The sessions that hold the snapshots.
    End& source() { return *source_; }
    End& destination() { return *destination_; }
    /// New sessions that see the same snapshots.
    std::unique_ptr<End> another_source() const;
    std::unique_ptr<End> another_destination() const;

    /// Whether all sessions of an end see one and the same snapshot.
    bool shared() const { return !source_id_.empty() && !destination_id_.empty(); }
    /// New sessions without a snapshot.
    std::unique_ptr<End> new_source() const { return open_source_(); }
    std::unique_ptr<End> new_destination() const { return open_destination_(); }

    /// True if no transaction that writes ended at either end while the snapshots were taken. Where
    /// a server cannot share a snapshot, each session has its own; then none may have ended until
    /// now.
    bool quiet();
    /// Watches both ends for this long. True if nobody has written to these tables since the
    /// snapshots: the source's tables and the destination's. Rows are looked at only if some
    /// transaction has ended.
    bool stays_quiet(const QuietTables& tables, std::chrono::milliseconds watched,
                     const std::function<void(std::chrono::milliseconds)>& pause);
    /// The ends' standings right after the snapshots were taken.
    const Standing& source_standing() const { return source_standing_; }
    const Standing& destination_standing() const { return destination_standing_; }

private:
    bool take();
    bool unchanged();
    /// Whether something was written to one of the tables at this end between the snapshot of
    /// `first` and the standing `now`.
    static bool touched(End& first, const OpenEnd& open,
                        const std::vector<const TableShape*>& tables, const Evidence& now);

    OpenEnd open_source_;
    OpenEnd open_destination_;
    std::unique_ptr<End> source_;
    std::unique_ptr<End> destination_;
    std::unique_ptr<End> source_watch_;  ///< outside the snapshot: sees the end as it is now
    std::unique_ptr<End> destination_watch_;
    std::string source_id_;
    std::string destination_id_;
    Standing source_standing_;
    Standing destination_standing_;
    bool quiet_ = false;
};

}  // namespace cutover::verify
