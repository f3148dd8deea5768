// A failing seed made smaller: fewer tables, rows, transactions, workers, faults, as long as it
// still fails.
#pragma once

#include "tests/simulation/run.h"

namespace cutover::simulation {

struct Shrunk {
    Caps caps;
    std::string failure;
};

/// Requires: the seed fails with these caps.
Shrunk shrink(std::uint64_t seed, const Caps& caps);

}  // namespace cutover::simulation
