// Rows by key, from one end in its open snapshot: what the live mode reads again. It asks for a few
// hundred keys at once; it needs no order and no threads, unlike the first pass. Where an end
// cannot tell versions of rows apart, their content stands in for a version: that proves nothing,
// but lets a row be settled.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/compare/gather.h"
#include "verify/compare/row_hash.h"
#include "verify/end/end.h"
#include "verify/live/candidates.h"

namespace cutover::verify {

/// All rows of one key at one end.
struct Image {
    Look look;
    bool free = true;           ///< as reported, nobody changes, locks or has locked any of them
    bool uncomparable = false;  ///< a value could not be decoded
    std::string row;            ///< the first of them
};

/// By Candidate::key; a key that is not there has no row.
using Images = std::unordered_map<std::string, Image>;

/// One table at one end, for one thread.
class RowLookup {
public:
    /// Requires: `pair` has a key. `limit` may be null; `pause` waits for it.
    RowLookup(const TablePair& pair, Side side, std::uint64_t seed, ReadLimit* limit,
              std::function<void(std::chrono::milliseconds)> pause);

    /// The rows of these candidates; other rows may be among them. Throws: connection, operation.
    Images read(End& end, const std::vector<Candidate*>& candidates);

private:
    void add(Images& images, std::string_view row, bool with_version);

    const TablePair& pair_;
    const Side side_;
    RowHasher hasher_;
    ReadLimit* const limit_;
    std::function<void(std::chrono::milliseconds)> pause_;
};

}  // namespace cutover::verify
