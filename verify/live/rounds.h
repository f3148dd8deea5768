// The live mode's second part: rows that differed in the first pass are looked at again, in rounds,
// until each is equal, differs for good, or nothing can be learned any more.
//
//   source, snapshot 1, position p   -> wait until the destination has applied p ->
//   destination, one snapshot with its marker m >= p                             ->
//   source, snapshot 2 (which sees every transaction that can have been applied by then)
//
//   equal      the destination's row is the row of snapshot 1
//   different  it is not, and the source's row is of one and the same version in both snapshots, so
//              there was nothing else it could have been at m
//   extra      snapshots 1 and 2 have no such row, and the destination's is the same version as in
//              the round before: at p it should not have been there
//   else       the row moves: next round, with snapshot 2 as its snapshot 1
//
// Without our migrator's marker, or where an end has no witness of positions and versions, the same
// rounds run without them, and what they find is settled, not proved. No verdict depends on a
// clock.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "verify/compare/table_task.h"
#include "verify/live/barrier.h"
#include "verify/live/candidates.h"
#include "verify/live/row_lookup.h"

namespace cutover::verify {

inline constexpr std::size_t kKeysAtOnce = 200;  ///< in one statement

/// One table's candidates and what has become of them.
struct LiveTable {
    LiveTable(const TablePair& table, std::vector<Candidate> rows, const RunContext& context,
              const LiveOptions& options);

    const TablePair& pair;
    std::vector<Candidate> left;  ///< without a verdict
    std::uint64_t candidates = 0;
    std::uint64_t equal = 0;
    std::uint64_t gone = 0;  ///< at neither end
    Tally tally;             ///< of the verdicts
    Narrower narrower;
    RowLookup source;
    RowLookup destination;
    std::string failure;  ///< why the table could not be read; what is left stays without a verdict
    std::string quote;    ///< the part of `failure` that may show values of rows
};

class LiveRounds {
public:
    /// The ends must outlive the rounds; no snapshot is open in them yet.
    LiveRounds(End& source, End& destination, const LiveOptions& options);

    /// Settles what can be settled; the rest stays in LiveTable::left. Adds the counts to `result`.
    /// Throws: connection; refused `verify.live_standby`.
    void run(std::vector<std::unique_ptr<LiveTable>>& tables, LiveResult& result);

private:
    using Tables = std::vector<std::unique_ptr<LiveTable>>;

    void first_look(Tables& tables);
    void round(Tables& tables);
    void take_later_source_view();
    void settle_equal(LiveTable& table);
    void judge_rest(LiveTable& table);
    void judge(LiveTable& table, Candidate& candidate, const Image& here, const Image& there);
    bool is_final(Candidate& candidate, const Image& here, const Image& there) const;
    void settle(LiveTable& table, const Candidate& candidate, const Image& here,
                const Image& there);
    std::string evidence(const Candidate& candidate) const;

    End& source_;
    End& destination_;
    const LiveOptions& options_;
    LiveBarrier barrier_;
    std::vector<Evidence> positions_;  ///< of the source's snapshots, one per round; may be empty
    bool sees_all_ =
        false;  ///< the last of the positions covers whatever was applied before it was taken
};

}  // namespace cutover::verify
