// Whether what differed between two snapshots counts: only if nothing brings rows to the
// destination any more. For a task of ours that is known; otherwise the ends are watched for a
// stated time.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "verify/live/carrier.h"
#include "verify/live/snapshot_pair.h"

namespace cutover::verify {

struct SettleOptions {
    std::string task;                   ///< a task of ours, by its name at the destination
    std::chrono::milliseconds watched;  ///< how long nobody may have written
    std::function<void(std::chrono::milliseconds)> pause;
};

/// Sets the proof; what has no verdict becomes pending. `tables`: all that were compared. Returns
/// why differing rows have no verdict; empty if they have one. Throws: connection.
std::string judge_standing_rows(const SettleOptions& options, SnapshotPair& snapshots,
                                const QuietTables& tables, const Applied& applied, Result& result);

}  // namespace cutover::verify
