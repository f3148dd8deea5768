// Tables without a key: a row may occur several times, and must occur equally often at both ends.
// Order does not matter: each side is read once in its cheapest order and added up per bucket of
// the row's hash; buckets that agree in count and sum are equal. Only if some do not agree, the
// rows of those buckets are counted by hash, as many buckets at a time as fit the memory bound, and
// read once more to show them.
//
// Memory: 65,536 buckets of 24 bytes per side, and at most kEntries counted rows per side. A table
// in which every row differs is read 2 * (rows / kEntries) + 1 times, in at most kPasses groups;
// whatever lies beyond is still counted as different, only not row by row.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/compare/gather.h"
#include "verify/compare/tally.h"

namespace cutover::verify {

/// Opens the side's rows once more, under the same snapshot.
using ReadAgain = std::function<std::unique_ptr<RowStream>(Side)>;

class MultisetCompare {
public:
    static constexpr std::size_t kBuckets = 65536;
    static constexpr std::uint64_t kEntries = 1'000'000;
    static constexpr std::size_t kPasses = 8;

    struct Options {
        std::uint64_t seed = 0;
        std::uint64_t entries = kEntries;
        ReadLimit* source_limit = nullptr;
        ReadLimit* destination_limit = nullptr;
        std::function<void(Side, std::uint64_t rows, std::uint64_t bytes)> progress;
    };

    MultisetCompare(const TablePair& pair, const RuleSet& rules, Options options, ReadAgain read,
                    Tally& tally);

    void run();

    const Digest& digest(Side side) const { return sums(side).digest; }
    std::uint64_t bytes() const { return source_.bytes + destination_.bytes; }
    /// Rows of buckets that were found different but not narrowed to rows.
    std::uint64_t not_narrowed() const { return not_narrowed_; }

private:
    struct Bucket {
        std::uint64_t rows = 0;
        Hash128 sum;
        bool operator==(const Bucket&) const = default;
    };
    struct Sums {
        std::vector<Bucket> buckets = std::vector<Bucket>(kBuckets);
        Digest digest;
        std::uint64_t uncomparable = 0;
        std::uint64_t bytes = 0;
    };
    struct HashOfHash {
        std::size_t operator()(const Hash128& hash) const { return hash.low; }
    };
    using Counts = std::unordered_map<Hash128, std::uint64_t, HashOfHash>;
    /// A row that does not occur equally often on both sides.
    struct Residual {
        std::uint64_t source = 0;
        std::uint64_t destination = 0;
        bool reported = false;
        Hash128 folded;
    };
    using Residuals = std::unordered_map<Hash128, Residual, HashOfHash>;
    using Visit = std::function<void(std::string_view row, const Hash128& hash)>;

    static std::size_t bucket_of(const Hash128& hash) { return hash.high >> 48; }
    const Sums& sums(Side side) const { return side == Side::source ? source_ : destination_; }

    void scan(Side side, bool first, const Visit& visit);
    void scan_both(bool first, const Visit& source, const Visit& destination);
    void add_up();
    /// Buckets that differ, in groups that fit the memory bound.
    std::vector<std::vector<bool>> differing_groups();
    void narrow_group(const std::vector<bool>& wanted);
    Counts count(Side side, const std::vector<bool>& wanted);
    void fold(Residuals& residuals);
    void report(Residuals& residuals);
    void report_row(Residual& residual, std::string_view row);

    const TablePair& pair_;
    const RuleSet rules_;
    const Options options_;
    const ReadAgain read_;
    Tally& tally_;
    Sums source_;
    Sums destination_;
    std::uint64_t not_narrowed_ = 0;
};

}  // namespace cutover::verify
