// What a range of rows adds up to: how many, the sum of their hashes and the sum of their keys'
// hashes, modulo 2^128. Sums keep multiplicity, where XOR would lose every pair; the hash is
// XXH3-128 with a seed drawn per run. Two sums tell "other keys" from "other values" at a glance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cutover::verify {

struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    bool operator==(const Hash128&) const = default;
    Hash128& operator+=(const Hash128& other) {
        low += other.low;
        high += other.high + (low < other.low ? 1 : 0);
        return *this;
    }
    /// 32 hexadecimal digits.
    std::string text() const;
};

/// XXH3-128 of the bytes under the run's seed.
Hash128 hash128(std::string_view bytes, std::uint64_t seed);

struct Digest {
    std::uint64_t rows = 0;
    Hash128 row_sum;
    Hash128 key_sum;

    bool operator==(const Digest&) const = default;
    void add(const Hash128& row, const Hash128& key) {
        ++rows;
        row_sum += row;
        key_sum += key;
    }
    Digest& operator+=(const Digest& other) {
        rows += other.rows;
        row_sum += other.row_sum;
        key_sum += other.key_sum;
        return *this;
    }
};

}  // namespace cutover::verify
