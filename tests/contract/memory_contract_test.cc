#include "tests/contract/memory_ends.h"
#include "tests/contract/sink_contract.h"
#include "tests/contract/source_contract.h"

namespace cutover::contract {
namespace {

const Engine kPlaces{"places", [] { return make_memory_ends(false); }};
const Engine kKeyRanges{"key_ranges", [] { return make_memory_ends(true); }};

std::string name_of(const ::testing::TestParamInfo<Engine>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Memory, SourceContract, ::testing::Values(kPlaces, kKeyRanges), name_of);
INSTANTIATE_TEST_SUITE_P(Memory, SinkContract, ::testing::Values(kPlaces), name_of);

}  // namespace
}  // namespace cutover::contract
