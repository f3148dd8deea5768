#include "tests/simulation/shrink.h"

#include <algorithm>

namespace cutover::simulation {

namespace {

constexpr std::uint64_t Caps::*kDials[] = {&Caps::alterations,  &Caps::outages, &Caps::commands,
                                           &Caps::faults,       &Caps::kills,   &Caps::writers,
                                           &Caps::transactions, &Caps::tables,  &Caps::rows,
                                           &Caps::workers,      &Caps::lanes};

/// What is the least sensible value of a dial.
std::uint64_t least(std::uint64_t Caps::*dial) {
    return dial == &Caps::tables || dial == &Caps::workers || dial == &Caps::lanes ? 1 : 0;
}

/// Values to try below `top`, the smallest first.
std::vector<std::uint64_t> values_below(std::uint64_t lowest, std::uint64_t top) {
    std::vector<std::uint64_t> values;
    for (std::uint64_t value = lowest; value < std::min<std::uint64_t>(top, 48); ++value) {
        values.push_back(value);
    }
    return values;
}

}  // namespace

Shrunk shrink(std::uint64_t seed, const Caps& caps) {
    Shrunk best{caps, run_seed(seed, caps).failure};
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (const auto dial : kDials) {
            for (const std::uint64_t value : values_below(least(dial), best.caps.*dial)) {
                Caps candidate = best.caps;
                candidate.*dial = value;
                const Life verdict = run_seed(seed, candidate);
                if (!verdict.good) {
                    best = {candidate, verdict.failure};
                    smaller = true;
                    break;
                }
            }
        }
    }
    return best;
}

}  // namespace cutover::simulation
