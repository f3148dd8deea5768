// Random numbers for one transaction of one writer. Seeded from (seed, workload, writer, number),
// so that a transaction's statements do not depend on how many numbers the ones before have drawn.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cutover::scenarios {

/// splitmix64. One thread.
class Draw {
public:
    Draw(std::uint64_t seed, std::string_view workload, std::uint64_t writer, std::uint64_t number)
        : state_(seed) {
        for (const char letter : workload) {
            state_ = state_ * 1099511628211ULL + static_cast<unsigned char>(letter);
        }
        state_ = next() ^ (writer * 0x9e3779b97f4a7c15ULL);
        state_ = next() ^ (number * 0xbf58476d1ce4e5b9ULL);
    }

    std::uint64_t next() {
        std::uint64_t value = (state_ += 0x9e3779b97f4a7c15ULL);
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
        return value ^ (value >> 31);
    }

    /// 0 .. n-1; 0 if n is 0.
    std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }
    /// low .. high
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
    }
    bool chance(std::uint64_t percent) { return below(100) < percent; }
    template <typename T, std::size_t N>
    const T& pick(const std::array<T, N>& choices) {
        return choices[below(N)];
    }

private:
    std::uint64_t state_;
};

}  // namespace cutover::scenarios
