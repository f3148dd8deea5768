// Applies a backlog of pgbench transactions, once by us and once by a native subscription. Both
// start at the same slot position with the same data, and end when a row that was written last
// appears at the destination.
#pragma once

#include <cstdint>

#include "bench/throughput/figures.h"
#include "bench/throughput/ground.h"

namespace cutover::bench {

struct LogOptions {
    int runs = 5;
    std::uint64_t transactions = 200'000;
    double scale = 10;  ///< of pgbench
    int lanes = 2;
};

void log_bench(Ground& ground, const LogOptions& options, Figures& figures);

}  // namespace cutover::bench
