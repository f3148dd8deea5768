// What a run reports beside its comparison: which ends these were, what the comparison does not
// cover, which transactions have written and not committed, and what was changed at the source
// after the cutover.
#pragma once

#include "verify/live/snapshot_pair.h"
#include "verify/result/conclusion.h"
#include "verify/run/agenda.h"

namespace cutover::verify {

/// Names both ends in `result`, and what was not compared. Throws: connection, operation.
void describe_ends(SnapshotPair& snapshots, Result& result);

/// No snapshot sees the rows of open transactions yet. `brought`: replication will bring them, so
/// they cause no doubt.
void name_open_writers(const SnapshotPair& snapshots, const Agenda& agenda, bool brought,
                       Result& result, Doubts& doubts);

/// After a cutover nobody may write at the source, whatever the rows look like; so this comes after
/// the verdict on the rows. An end that is away for a moment does not spoil what hours of comparing
/// have found.
void add_late_writes(const Request& request, Result& result);

}  // namespace cutover::verify
