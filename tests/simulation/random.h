// The simulation's only source of chance: splitmix64, with independent streams drawn from one seed
// by name, so that dropping one kind of fault while shrinking leaves every other choice as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cutover::simulation {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// A stream of its own: the same for the same seed and name.
    Random(std::uint64_t seed, std::string_view name) : state_(seed) {
        for (const char letter : name) {
            state_ = (state_ ^ static_cast<unsigned char>(letter)) * 0x100000001b3ull;
            next();
        }
    }

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ull;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
        return mixed ^ (mixed >> 31);
    }
    /// 0 .. end - 1; `end` must not be 0.
    std::uint64_t below(std::uint64_t end) { return next() % end; }
    /// Both ends included.
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    bool chance(double probability) {
        return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
    }
    template <typename Container>
    auto& pick(Container& from) {
        return from[static_cast<std::size_t>(below(from.size()))];
    }

private:
    std::uint64_t state_;
};

}  // namespace cutover::simulation
