// What may be bringing rows to the destination while a run reads, and what becomes of the rows that
// differed in its first pass: they are looked at again while rows move, and judged as they are once
// nothing brings any. live.h and settle.h decide; this file chooses which of them is asked, and
// about what.
#pragma once

#include <string>

#include "verify/live/carrier.h"
#include "verify/live/live.h"
#include "verify/live/snapshot_pair.h"
#include "verify/run/agenda.h"

namespace cutover::verify {

struct Replication {
    Applied applied;  ///< what the destination's snapshot tells of the task
    Carrier carrier = Carrier::unknown;
    bool live = false;  ///< rows that differ are looked at again, not counted at once
};

/// Throws: connection, operation.
Replication find_replication(End& destination, const LiveOptions& options);

/// For a live run, before the tables' results are put together. `context.listener` is told of final
/// findings only. Throws: connection; refused (a standby as the source, if live was asked for).
void judge_moving_rows(const Request& request, const Replication& replication,
                       SnapshotPair& snapshots, const RunContext& context,
                       CandidateCollector& candidates, const Agenda& agenda, LiveResult& live);

/// For every run, after the tables' results are put together: sets the proof. Returns why differing
/// rows have no verdict; empty if they have one or were judged live. Throws: connection.
std::string prove_rows(const Request& request, const Replication& replication,
                       SnapshotPair& snapshots, const Agenda& agenda, Result& result);

}  // namespace cutover::verify
