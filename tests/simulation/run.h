// One seed, one whole life of a task: world, writers, processes that are started, killed and
// started again, until the task is finished, or has failed loudly, or the oracle has found
// something.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/shape.h"

namespace cutover::simulation {

struct Life {
    bool good = true;
    std::string failure;
    std::string outcome;  ///< finished, completed, refused loudly
    std::uint64_t steps = 0, trace_hash = 0;
    std::uint64_t starts = 0, kills = 0, troubles = 0, outages = 0;
    std::uint64_t calls = 0, chunk_opens = 0, rework = 0, states_checked = 0, transactions = 0;
};

Life run_seed(std::uint64_t seed, const Caps& caps, bool trace = false);

}  // namespace cutover::simulation
