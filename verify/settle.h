// Whether what differed between two snapshots counts: only if nobody brings rows to the destination
// any more. That is known of a task of ours; of everybody else the ends are watched for a stated
// time.
#pragma once

#include <string>

#include "verify/carrier.h"
#include "verify/snapshot_pair.h"
#include "verify/verify.h"

namespace cutover::verify {

/// Sets the proof; what has no verdict becomes pending. `tables`: all that were compared. Returns
/// why rows have none; empty: they have. Throws: connection.
std::string judge_standing_rows(const Request& request, SnapshotPair& snapshots,
                                const QuietTables& tables, const Applied& applied, Result& result);

}  // namespace cutover::verify
