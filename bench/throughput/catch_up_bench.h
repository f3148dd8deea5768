// Catching up with a resumed copy. The program is killed at half of the copy, a backlog of single
// transactions is written, and the program is started again. All of the backlog lies before the
// position at which the copy is consistent, and rows that changed since the copy began are holes
// that only the source can fill. The time is compared with that of the same backlog after
// consistency. Both are our own times, so the result says what a resumed copy costs, not how fast
// we are.
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
