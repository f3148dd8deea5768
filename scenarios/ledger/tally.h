// Which of a workload's transactions are there at one end, and whether each is there whole: filled
// row by row, in any order, from what the workload reads back from that end. Knows nothing of
// outcomes.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/ledger/ledger.h"

namespace cutover::scenarios {

/// A transaction leaves one row in each of `parts` places (a keyed table, a keyless one, ...). All
/// of them there once: whole. Memory: a quarter byte per transaction and part, and one more for the
/// chain. One thread.
class TransactionTally {
public:
    explicit TransactionTally(const Ledger& ledger, std::uint32_t parts = 1);

    /// A row with this writer, number and "previous number that the writer saw in the same
    /// transaction" (0: none). The chain counts for part 0 only.
    void see(std::uint32_t part, std::uint64_t writer, WriteNumber number, WriteNumber previous);

    std::uint32_t parts() const { return static_cast<std::uint32_t>(seen_.size()); }
    /// How often the transaction's row was seen in that part; 3 means three or more.
    std::uint8_t times(std::uint32_t part, WriterNumber writer, WriteNumber number) const;
    bool seen(WriterNumber writer, WriteNumber number) const;
    bool whole(WriterNumber writer, WriteNumber number) const;
    bool doubled(WriterNumber writer, WriteNumber number) const;
    /// True if another transaction names this one as the one it saw before itself: then it was
    /// committed, whatever its writer was told.
    bool vouched(WriterNumber writer, WriteNumber number) const;

    std::uint64_t rows() const { return rows_; }
    /// Rows that no ledger entry can have made: an unknown writer, a number never given out, a
    /// previous number that is not smaller.
    std::uint64_t strangers() const { return strangers_; }

private:
    std::vector<WriteNumber> last_;                ///< by writer, when the tally was opened
    std::vector<std::vector<PackedCounts>> seen_;  ///< by part and writer
    std::vector<PackedCounts> vouched_;            ///< by writer
    std::uint64_t rows_ = 0;
    std::uint64_t strangers_ = 0;
};

}  // namespace cutover::scenarios
