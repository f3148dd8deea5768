// The live mode around its rounds: takes what the first pass has found, lets the rounds settle it,
// and puts the verdicts into the tables' results. What cannot be judged while replication runs
// (tables without a key, too many differences) is pending, never equal and never different.
#pragma once

#include <utility>
#include <vector>

#include "verify/compare/table_task.h"
#include "verify/live/candidates.h"
#include "verify/live/options.h"

namespace cutover::verify {

/// A table after the first pass.
struct LiveSubject {
    const TablePair* pair = nullptr;
    TableResult* result = nullptr;
    bool readable = true;  ///< false: the first pass failed on it, so its rows have no verdict
};

/// The sessions that hold the first pass's snapshots, if all of the pass saw the same; else null.
struct FirstPass {
    End* source = nullptr;
    End* destination = nullptr;
};

/// `source` and `destination` are new sessions; `context.listener` is told of final findings only.
/// Counts and positions go to `live`. Throws: connection; refused (a standby as the source).
void judge_live(End& source, End& destination, const LiveOptions& options,
                const RunContext& context, const FirstPass& first, CandidateCollector& collector,
                const std::vector<LiveSubject>& subjects, LiveResult& live);

/// Kind and wording of the proof that the live mode gives.
std::pair<Proof, std::string> live_proof(const LiveResult& live);

}  // namespace cutover::verify
