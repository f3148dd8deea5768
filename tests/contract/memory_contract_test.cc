#include "tests/contract/memory_ends.h"
#include "tests/contract/sink_contract.h"
#include "tests/contract/source_contract.h"

namespace cutover::contract {
namespace {

const Engine kPlaces{"places", [] { return make_memory_ends(false); }};
const Engine kKeyRanges{"key_ranges", [] { return make_memory_ends(true); }};

engine::SinkTraits traits(bool atomic, std::uint64_t largest, engine::ForeignKeys foreign_keys,
                          bool sequences) {
    return {atomic, {largest}, foreign_keys, sequences};
}

const Engine kRowByRow{
    "row_by_row",
    [] { return make_memory_ends(false, traits(false, 12, engine::ForeignKeys::none, false)); }};
const Engine kHeld{
    "held",
    [] { return make_memory_ends(false, traits(true, 20, engine::ForeignKeys::held, true)); }};

std::string name_of(const ::testing::TestParamInfo<Engine>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Memory, SourceContract, ::testing::Values(kPlaces, kKeyRanges), name_of);
INSTANTIATE_TEST_SUITE_P(Memory, SinkContract, ::testing::Values(kPlaces, kRowByRow, kHeld),
                         name_of);

}  // namespace
}  // namespace cutover::contract
