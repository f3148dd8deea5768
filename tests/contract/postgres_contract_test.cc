#include "tests/contract/postgres_ends.h"
#include "tests/contract/sink_contract.h"
#include "tests/contract/source_contract.h"

namespace cutover::contract {
namespace {

const Engine kFifteen{"15", [] { return make_postgres_ends(15); }};
const Engine kSeventeen{"17", [] { return make_postgres_ends(17); }};

std::string name_of(const ::testing::TestParamInfo<Engine>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Postgres, SourceContract, ::testing::Values(kFifteen, kSeventeen),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Postgres, SinkContract, ::testing::Values(kFifteen, kSeventeen), name_of);

}  // namespace
}  // namespace cutover::contract
