#include "verify/compare/multiset.h"

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "migrator/model/check.h"

namespace cutover::verify {

namespace {

constexpr std::size_t kBlockBytes = 256 << 10;

}  // namespace

MultisetCompare::MultisetCompare(const TablePair& pair, const RuleSet& rules, Options options,
                                 ReadAgain read, Tally& tally)
    : pair_(pair),
      rules_(rules),
      options_(std::move(options)),
      read_(std::move(read)),
      tally_(tally) {
    CUTOVER_CHECK(pair.keyless());
}

void MultisetCompare::run() {
    add_up();
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        if (source_.buckets[bucket] == destination_.buckets[bucket]) {
            tally_.equal(source_.buckets[bucket].rows);
        }
    }
    for (const std::vector<bool>& group : differing_groups()) {
        narrow_group(group);
    }
}

void MultisetCompare::scan(Side side, bool first, const Visit& visit) {
    ReadLimit* const limit =
        side == Side::source ? options_.source_limit : options_.destination_limit;
    Sums& into = side == Side::source ? source_ : destination_;
    RowHasher hasher(pair_, side, options_.seed);
    const std::unique_ptr<RowStream> stream = read_(side);
    RowBlock block;
    std::vector<std::pair<std::size_t, Hash128>> hashes;
    for (; stream->fill(block, kBlockBytes); block.clear()) {
        // All hashes of a block come first and their use second, so that the waits for memory
        // overlap for many rows.
        hashes.clear();
        for (std::size_t at = 0; at < block.rows(); ++at) {
            bool uncomparable = false;
            const Hash128 hash = hasher.row(block.row(at), uncomparable);
            if (!uncomparable) {
                hashes.emplace_back(at, hash);
            }
            into.uncomparable += first && uncomparable ? 1 : 0;
        }
        for (const auto& [at, hash] : hashes) {
            visit(block.row(at), hash);
        }
        into.bytes += block.data.size();
        if (options_.progress) {
            options_.progress(side, first ? block.rows() : 0, block.data.size());
        }
        if (limit != nullptr) {
            std::this_thread::sleep_for(
                limit->charge(block.rows(), block.data.size(), std::chrono::steady_clock::now()));
        }
    }
}

void MultisetCompare::scan_both(bool first, const Visit& source, const Visit& destination) {
    auto other =
        std::async(std::launch::async, [&] { scan(Side::destination, first, destination); });
    scan(Side::source, first, source);
    other.get();
}

void MultisetCompare::add_up() {
    const auto into = [](Sums& sums) {
        return [&sums](std::string_view, const Hash128& hash) {
            Bucket& bucket = sums.buckets[bucket_of(hash)];
            ++bucket.rows;
            bucket.sum += hash;
            sums.digest.add(hash, hash);
        };
    };
    scan_both(true, into(source_), into(destination_));
    tally_.uncomparable(source_.uncomparable, destination_.uncomparable);
}

std::vector<std::vector<bool>> MultisetCompare::differing_groups() {
    std::vector<std::vector<bool>> groups;
    std::uint64_t source_rows = 0;
    std::uint64_t destination_rows = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        const Bucket& a = source_.buckets[bucket];
        const Bucket& b = destination_.buckets[bucket];
        if (a == b) {
            continue;
        }
        source_rows += a.rows;
        destination_rows += b.rows;
        const bool full = source_rows > options_.entries || destination_rows > options_.entries;
        if (groups.empty() || (full && groups.size() < kPasses)) {
            groups.emplace_back(kBuckets, false);
            source_rows = a.rows;
            destination_rows = b.rows;
        } else if (full) {
            not_narrowed_ += std::max(a.rows, b.rows);
            tally_.differ_uncounted(a.rows, b.rows);
            continue;
        }
        groups.back()[bucket] = true;
    }
    return groups;
}

MultisetCompare::Counts MultisetCompare::count(Side side, const std::vector<bool>& wanted) {
    Counts counts;
    scan(side, false, [&](std::string_view, const Hash128& hash) {
        if (wanted[bucket_of(hash)]) {
            ++counts[hash];
        }
    });
    return counts;
}

void MultisetCompare::narrow_group(const std::vector<bool>& wanted) {
    auto other = std::async(std::launch::async, [&] { return count(Side::destination, wanted); });
    const Counts source = count(Side::source, wanted);
    const Counts destination = other.get();
    Residuals residuals;
    for (const auto& [hash, rows] : source) {
        const auto found = destination.find(hash);
        const std::uint64_t there = found == destination.end() ? 0 : found->second;
        if (there == rows) {
            tally_.equal(rows);
        } else {
            residuals[hash] = {rows, there, false, {}};
        }
    }
    for (const auto& [hash, rows] : destination) {
        if (source.find(hash) == source.end()) {
            residuals[hash] = {0, rows, false, {}};
        }
    }
    if (!rules_.empty()) {
        fold(residuals);
    }
    report(residuals);
}

void MultisetCompare::fold(Residuals& residuals) {
    const auto visit = [&](Side side) {
        return [&residuals, this, hasher = std::make_shared<RowHasher>(pair_, side, options_.seed)](
                   std::string_view row, const Hash128& hash) {
            const auto found = residuals.find(hash);
            if (found != residuals.end()) {
                found->second.folded = hasher->folded(row, rules_);
            }
        };
    };
    scan(Side::source, false, visit(Side::source));
    scan(Side::destination, false, visit(Side::destination));
    // Rows left over at one end may still match rows left over at the other, under the rules.
    std::unordered_map<Hash128, std::vector<Residual*>, HashOfHash> groups;
    for (auto& [hash, residual] : residuals) {
        groups[residual.folded].push_back(&residual);
    }
    for (auto& [folded, members] : groups) {
        std::uint64_t source = 0;
        std::uint64_t destination = 0;
        for (const Residual* member : members) {
            source += member->source;
            destination += member->destination;
        }
        if (source == destination) {
            tally_.equal_by_rule(source);
            for (Residual* member : members) {
                member->reported = true;
            }
        }
    }
}

void MultisetCompare::report(Residuals& residuals) {
    if (std::all_of(residuals.begin(), residuals.end(),
                    [](const auto& entry) { return entry.second.reported; })) {
        return;
    }
    const Visit visit = [&](std::string_view row, const Hash128& hash) {
        const auto found = residuals.find(hash);
        if (found != residuals.end() && !found->second.reported) {
            report_row(found->second, row);
        }
    };
    scan(Side::source, false, visit);
    scan(Side::destination, false, visit);
}

void MultisetCompare::report_row(Residual& residual, std::string_view row) {
    residual.reported = true;
    if (residual.destination == 0) {
        tally_.missing(row, residual.source);
    } else if (residual.source == 0) {
        tally_.extra(row, residual.destination);
    } else {
        tally_.duplicate(row, row, residual.source, residual.destination);
    }
}

}  // namespace cutover::verify
