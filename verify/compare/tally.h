// What one comparison of rows adds up: counts per verdict, which columns differ, which rules were
// used, a few samples per verdict. Constant in size even if every row differs. One thread; tallies
// of key ranges are merged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/compare/narrow.h"
#include "verify/compare/pair.h"
#include "verify/result/result.h"

namespace cutover::verify {

/// One row (or key) that is not equal, with the rows themselves.
struct RowFinding {
    RowVerdict verdict = RowVerdict::different;
    std::string_view source_row;            ///< empty: not at that end
    std::string_view destination_row;       ///< empty: not at that end
    const std::vector<std::size_t>& cells;  ///< the cells that differ
    std::uint64_t source_count = 0;
    std::uint64_t destination_count = 0;
};

/// Is told of every finding, from several threads.
class FindingListener {
public:
    virtual ~FindingListener() = default;
    virtual void found(const TablePair& pair, const RowFinding& finding) = 0;
};

class Tally {
public:
    Tally(const TablePair& pair, std::size_t samples_per_verdict, FindingListener* listener);

    void equal(std::uint64_t rows = 1) {
        counts_.source += rows;
        counts_.destination += rows;
        counts_.equal += rows;
    }
    void missing(std::string_view source_row, std::uint64_t copies = 1);
    void extra(std::string_view destination_row, std::uint64_t copies = 1);
    /// A pair of rows with one key that a Narrower has looked at.
    void compared(std::string_view source_row, std::string_view destination_row,
                  const RowDifference& difference, const Narrower& narrower);
    /// One key, several rows.
    void duplicate(std::string_view source_row, std::string_view destination_row,
                   std::uint64_t source_count, std::uint64_t destination_count);
    /// The evidence that findings carry from here on.
    void set_evidence(std::string evidence) { evidence_ = std::move(evidence); }
    void passed_by_rule(Rule rule, std::uint64_t cells) {
        rules_[static_cast<std::size_t>(rule)] += cells;
    }
    /// Rows of a multiset that a set of rules makes equal.
    void equal_by_rule(std::uint64_t rows);

    /// Counts rows that could not be decoded, without looking at them again.
    void uncomparable(std::uint64_t source_rows, std::uint64_t destination_rows);
    /// Counts the rows of a part that is known to differ but is not narrowed: the surplus counts as
    /// missing or extra.
    void differ_uncounted(std::uint64_t source_rows, std::uint64_t destination_rows);

    const RowCounts& counts() const { return counts_; }
    /// Counts rows that are equal although their bytes are not (two bit patterns of NaN).
    std::uint64_t equal_in_value_only() const { return equal_in_value_only_; }
    /// Adds everything to the table's result.
    void add_to(TableResult& result, std::size_t samples_per_verdict) const;

private:
    bool wants_sample(RowVerdict verdict) const;
    void report(const RowFinding& finding, std::vector<CellDifference> cells);

    const TablePair& pair_;
    const std::size_t samples_per_verdict_;
    FindingListener* const listener_;
    RowCounts counts_;
    std::uint64_t equal_in_value_only_ = 0;
    std::vector<std::uint64_t> columns_;  ///< per cell of the pair
    std::vector<std::uint64_t> rules_;
    std::vector<RowSample> samples_;
    std::string evidence_;
};

}  // namespace cutover::verify
