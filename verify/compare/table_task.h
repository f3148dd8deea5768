// Comparing one table, or one key range of it, with a pair of sessions: opens the two streams, lets
// the merge or the multiset run, and adds what came out to the table's result.
#pragma once

#include <mutex>
#include <optional>

#include "verify/compare/compare.h"
#include "verify/compare/multiset.h"

namespace cutover::verify {

/// What all comparisons of a run share.
struct RunContext {
    RuleSet rules;
    std::uint64_t seed = 0;
    std::size_t samples = 20;
    ReadLimit* source_limit = nullptr;
    ReadLimit* destination_limit = nullptr;
    FindingListener* listener = nullptr;
    /// May be called by any thread.
    std::function<void(const TablePair& pair, Side side, std::uint64_t rows, std::uint64_t bytes)>
        progress;
};

/// Compares `range` of the pair (all of it by default) and adds to `result` under `mutex`.
/// Throws: connection, operation; corrupt `verify.self_check` if merge and digests contradict each
/// other.
void compare_range(const RunContext& context, const TablePair& pair, const KeyRange& range,
                   End& source, End& destination, TableResult& result, std::mutex& mutex);

/// Settles verdict and reason from what was counted.
void conclude(TableResult& result);

}  // namespace cutover::verify
