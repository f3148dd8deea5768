// What a run says beside its comparison: which ends these were, what nothing of it covers, who has
// written and not committed, and what came at the source behind the cutover.
#pragma once

#include "verify/live/snapshot_pair.h"
#include "verify/result/conclusion.h"
#include "verify/run/agenda.h"

namespace cutover::verify {

/// Names both ends in `result`, and what was not compared. Throws: connection, operation.
void describe_ends(SnapshotPair& snapshots, Result& result);

/// The rows of open transactions are seen by no snapshot yet. `brought`: replication will bring
/// them, so that they are no doubt.
void name_open_writers(const SnapshotPair& snapshots, const Agenda& agenda, bool brought,
                       Result& result, Doubts& doubts);

/// Behind a cutover nobody may write at the source, whatever the rows look like: after the verdict
/// on them. An end that is away for a moment does not cost what hours of comparing have found.
void add_late_writes(const Request& request, Result& result);

}  // namespace cutover::verify
