// A growing row of numbers 0..3 in two bits each: outcomes of writes, or how often something was
// seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cutover::scenarios {

/// Indexes that were never set read as 0. One thread.
class PackedCounts {
public:
    std::uint8_t get(std::uint64_t index) const {
        const std::size_t byte = index / 4;
        return byte < bytes_.size() ? (bytes_[byte] >> shift(index)) & 3U : 0;
    }

    void set(std::uint64_t index, std::uint8_t value) {
        const std::size_t byte = index / 4;
        if (byte >= bytes_.size()) {
            bytes_.resize(byte + 1 + byte / 8, 0);
        }
        const unsigned kept = bytes_[byte] & ~(3U << shift(index));
        bytes_[byte] = static_cast<std::uint8_t>(kept | ((value & 3U) << shift(index)));
    }

    /// Counts one more; stays at 3, which therefore means "three or more".
    void add(std::uint64_t index) {
        const std::uint8_t now = get(index);
        if (now < 3) {
            set(index, static_cast<std::uint8_t>(now + 1));
        }
    }

    std::size_t footprint() const { return bytes_.capacity(); }

private:
    static unsigned shift(std::uint64_t index) { return static_cast<unsigned>(index % 4) * 2; }

    std::vector<std::uint8_t> bytes_;
};

}  // namespace cutover::scenarios
