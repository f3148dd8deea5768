// A resumed copy, caught up with. The program is killed at half of the copy, a backlog of single
// transactions is written, and it is started again: all of the backlog lies before the position at
// which the copy is consistent, and rows that changed since the copy began are holes that only the
// source can fill. The same backlog once more, after consistency, is what it is compared with: both
// are our own times, so this says what a resumed copy costs, not how fast we are.
#pragma once

#include <cstdint>

#include "bench/throughput/figures.h"
#include "bench/throughput/ground.h"

namespace cutover::bench {

struct CatchUpOptions {
    int runs = 5;
    std::uint64_t rows = 60'000;  ///< of 3 KB, out of line
    std::uint64_t transactions = 40'000;
    int lanes = 2;
};

void catch_up_bench(Ground& ground, const CatchUpOptions& options, Figures& figures);

}  // namespace cutover::bench
