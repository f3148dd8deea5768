// Whether what differed between two snapshots counts: only if nobody brings rows to the destination
// any more. That is known of a task of ours; of everybody else the ends are watched for a stated
// time.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "verify/live/carrier.h"
#include "verify/live/snapshot_pair.h"

namespace cutover::verify {

struct SettleOptions {
    std::string task;                   ///< of ours, as the destination has it
    std::chrono::milliseconds watched;  ///< so long nobody may have written
    std::function<void(std::chrono::milliseconds)> pause;
};

/// Sets the proof; what has no verdict becomes pending. `tables`: all that were compared. Returns
/// why rows have none; empty: they have. Throws: connection.
std::string judge_standing_rows(const SettleOptions& options, SnapshotPair& snapshots,
                                const QuietTables& tables, const Applied& applied, Result& result);

}  // namespace cutover::verify
