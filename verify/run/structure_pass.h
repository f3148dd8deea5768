// Structure and sequences of a run: the facts of both ends, read under the snapshots of the rows
// and compared as far as that was asked for.
#pragma once

#include "verify/live/snapshot_pair.h"
#include "verify/result/conclusion.h"
#include "verify/run/agenda.h"
#include "verify/structure/schema_compare.h"

namespace cutover::verify {

/// Sets `result.schema` and `result.sequences`, or says in `result` and `doubts` why not.
/// Throws: connection.
void compare_structure_of(const Agenda& agenda, const Request& request,
                          const SnapshotPair& snapshots, const Builder& builder, Result& result,
                          Doubts& doubts);

}  // namespace cutover::verify
