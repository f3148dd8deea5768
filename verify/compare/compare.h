// The merge: two streams of rows in key order, walked side by side once. Rows with the same key
// meet here. A row without a partner is missing or extra; a pair that is not the same is narrowed
// to columns. Keys that repeat (a destination that lost its unique index) are compared as groups.
#pragma once

#include <memory>

#include "verify/compare/gather.h"
#include "verify/compare/narrow.h"
#include "verify/compare/tally.h"

namespace cutover::verify {

/// The rows of a Gatherer one by one. It looks one row ahead, so that it knows whether the key
/// repeats.
class RowCursor {
public:
    explicit RowCursor(Gatherer& rows);

    bool done() const { return block_ == nullptr; }
    std::string_view row() const { return block_->row(at_); }
    bool uncomparable() const { return (block_->flags[at_] & RowBlock::kUncomparable) != 0; }
    /// The next row has the same key.
    bool key_repeats();
    /// The row left behind stays valid at least until the following call, if key_repeats() was
    /// asked.
    void next();

private:
    void look_ahead();

    Gatherer& rows_;
    std::unique_ptr<RowBlock> block_;
    std::unique_ptr<RowBlock> ahead_;
    bool looked_ahead_ = false;
    std::size_t at_ = 0;
};

/// Rows of one key on one side; at most kKept of them are kept.
struct KeyGroup {
    static constexpr std::size_t kKept = 256;

    std::uint64_t count = 0;
    std::vector<std::string> rows;
    Digest digest;
};

/// Compares everything that the two cursors deliver. Requires: `pair` has a key.
class Merge {
public:
    Merge(const TablePair& pair, const RuleSet& rules, std::uint64_t seed, Tally& tally);

    void run(RowCursor& source, RowCursor& destination);

private:
    void meet(RowCursor& source, RowCursor& destination);
    void meet_rows(std::string_view source, std::string_view destination, bool uncomparable);
    void meet_groups(const KeyGroup& source, const KeyGroup& destination);
    void missing(RowCursor& source);
    void extra(RowCursor& destination);
    KeyGroup take_group(RowCursor& cursor, RowHasher& hasher);

    const TablePair& pair_;
    Narrower narrower_;
    RowHasher source_hasher_;
    RowHasher destination_hasher_;
    Tally& tally_;
};

}  // namespace cutover::verify
