// Holds what is at an end against what the writers were told, and one end against the other. The
// three questions are kept apart on purpose: after the failover to an asynchronous standby the
// *source* may have lost acknowledged writes, and a faithful destination then lacks them too.
//   ledger -> source:       did the source keep what it acknowledged?
//   source -> destination:  is every write the source has at the destination, and no other?
//   ledger -> destination:  is every acknowledged write that survived at the destination?
#pragma once

#include <string>
#include <vector>

#include "scenarios/evidence/evidence.h"
#include "scenarios/ledger/ledger.h"
#include "scenarios/ledger/tally.h"

namespace cutover::scenarios {

/// How much an acknowledgement of this source is worth.
enum class SourceDurability : std::uint8_t {
    kept,      ///< no failover, or to a synchronous standby: acknowledged writes must be there
    may_lose,  ///< failover to an asynchronous standby: what the promoted server has is what counts
};

/// One workload's part of the evidence. Checks per side: `<prefix>.lost`, `.phantom`, `.partial`,
/// `.doubled`, `.stranger`; for the destination against the source: `<prefix>.missing`, `.extra`.
/// With SourceDurability::may_lose, losses of the source itself are said but pass, and the
/// destination is held against what the source has. Requires: nobody writes any more, both tallies
/// are complete.
LedgerRecord judge_ledger(const std::string& prefix, const Ledger& ledger,
                          const TransactionTally& source, const TransactionTally& destination,
                          SourceDurability durability);

/// Several workloads' records as one.
void add_to(LedgerRecord& total, const LedgerRecord& more);

}  // namespace cutover::scenarios
