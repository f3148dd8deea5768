// What is hashed of a row: its compared form. If the bytes of every column can be trusted, that is
// the row as it came; else each cell is its bytes (trusted) or its strict canonical form. There is
// one definition for digests, multisets and groups of equal keys, so that they cannot disagree.
#pragma once

#include <string>
#include <string_view>

#include "verify/canonical/digest.h"
#include "verify/compare/pair.h"

namespace cutover::verify {

/// Appends the canonical row of one end: every compared cell decoded, under the given rules.
/// False if a cell could not be decoded.
bool put_canonical_row(const TablePair& pair, Side side, std::string_view row, const RuleSet& rules,
                       std::string& out);

/// Hashes rows of one end. Keeps its buffer; one thread.
class RowHasher {
public:
    RowHasher(const TablePair& pair, Side side, std::uint64_t seed);

    /// Hash of the strict compared form. Sets `uncomparable` if a cell could not be decoded.
    Hash128 row(std::string_view row, bool& uncomparable);
    /// Hash of the key; of the whole row if there is no key.
    Hash128 key(std::string_view row, const Hash128& row_hash);
    /// Hash of the canonical form under rules.
    Hash128 folded(std::string_view row, const RuleSet& rules);

private:
    const TablePair& pair_;
    Side side_;
    std::uint64_t seed_;
    std::string buffer_;
};

}  // namespace cutover::verify
