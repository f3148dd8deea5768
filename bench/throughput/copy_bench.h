// The full copy against COPY ... BINARY | COPY ... BINARY, the judge against reading to nowhere,
// and what a row costs in a small and in a large table.
#pragma once

#include <cstdint>

#include "bench/throughput/figures.h"
#include "bench/throughput/ground.h"

namespace cutover::bench {

struct CopyOptions {
    int runs = 5;
    std::uint64_t rows = 3'000'000;
    int streams = 2;
    bool copy = true;
    bool verify = true;
    std::vector<std::uint64_t> flat_sizes = {100'000, 1'000'000,
                                             10'000'000};  ///< empty: not measured
};

void copy_benches(Ground& ground, const CopyOptions& options, Figures& figures);

}  // namespace cutover::bench
