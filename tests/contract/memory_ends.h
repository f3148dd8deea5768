// The memory engine under the contract: two servers in this process, real threads' runtime, calm
// weather.
#pragma once

#include "tests/contract/end_under_test.h"

namespace cutover::contract {

/// `key_ranges`: the source reads chunks by key ranges, else by places. `destination`: what it can
/// do.
std::unique_ptr<EndUnderTest> make_memory_ends(bool key_ranges,
                                               const engine::SinkTraits& destination = {});

}  // namespace cutover::contract
