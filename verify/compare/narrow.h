// Two rows of one key whose bytes differ: which columns differ, and is it a difference at all?
// Cells are compared strictly first, then under the declared rules; a sample is then described in
// words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verify/compare/pair.h"
#include "verify/result/result.h"

namespace cutover::verify {

struct RowDifference {
    RowVerdict verdict = RowVerdict::equal;  ///< equal, equal_by_rule, different or uncomparable
    std::vector<std::size_t> cells;  ///< the cells that differ, by index into the pair's cells
    std::array<std::uint32_t, kRuleCount> rules{};  ///< cells that passed by each rule
};

/// Keeps its buffers; for one thread.
class Narrower {
public:
    Narrower(const TablePair& pair, const RuleSet& rules);

    /// Valid until the next call.
    const RowDifference& compare(std::string_view source_row, std::string_view destination_row);
    /// The cells of `difference` with their values and a description.
    std::vector<CellDifference> describe(std::string_view source_row,
                                         std::string_view destination_row,
                                         const std::vector<std::size_t>& cells) const;

private:
    void compare_cell(std::size_t at, const Cell& source, const Cell& destination);
    bool equal_under(const PairCell& cell, const Cell& source, const Cell& destination,
                     const RuleSet& rules);
    /// Finds the declared rule by which two unequal cells pass; false if there is none.
    bool passes_by_rule(const PairCell& cell, const Cell& source, const Cell& destination);

    const TablePair& pair_;
    const RuleSet rules_;
    const std::vector<Rule> rule_list_;
    RowDifference difference_;
    bool decoded_ = true;
    std::string source_form_;
    std::string destination_form_;
};

/// A word on how two canonical cells differ.
std::string difference_kind(std::string_view source_cell, std::string_view destination_cell);

/// The row's key for people: `(id=5, day=2024-01-01)`; for a keyless table, all its columns.
std::string describe_key(const TablePair& pair, Side side, std::string_view row);

/// The canonical cell of one value.
std::string canonical_cell(const PairCell& cell, Side side, const Cell& value);

/// `text` cut, at the edge of a character, to a length that a report can carry.
std::string shortened(std::string text, std::size_t limit = 160);

}  // namespace cutover::verify
