// What the first pass leaves to the rounds: kept by key, each once, and given away once.
#include "verify/live/candidates.h"

#include <gtest/gtest.h>

#include "tests/unit/verify/fake_end.h"

namespace cutover::verify {
namespace {

using namespace testing_support;

struct CandidatesTest : testing::Test {
    void find(int id, const TablePair& table) {
        const std::string row = row_bytes(simple_row(id, "x"));
        const std::vector<std::size_t> none;
        collector.found(table, {RowVerdict::missing, row, {}, none, 1, 0});
    }

    const TablePair pair =
        pair_tables(simple_table(true).shape, simple_table(true).shape, plan::NameMapping());
    const TablePair keyless =
        pair_tables(simple_table(false).shape, simple_table(false).shape, plan::NameMapping());
    CandidateCollector collector{3};
};
using CandidatesDeathTest = CandidatesTest;

TEST_F(CandidatesTest, KeepsEachKeyOnceAsAnEndMayBeAskedForIt) {
    find(7, pair);
    find(5, pair);
    find(7, pair);
    find(5, keyless);
    const CandidateCollector::Kept kept = collector.take(pair);
    ASSERT_EQ(kept.candidates.size(), 2u);
    EXPECT_EQ(kept.candidates[0].shown, "(id=5)");
    ASSERT_EQ(kept.candidates[0].cells.size(), 1u);
    EXPECT_EQ(printable(kept.candidates[0].cells[0]), "5");
    EXPECT_TRUE(kept.candidates[0].at_source);
    EXPECT_FALSE(kept.candidates[0].at_destination);
    EXPECT_TRUE(collector.take(keyless).candidates.empty());
}

TEST_F(CandidatesDeathTest, EndsTheProcessIfWhatWasFoundIsTakenTwiceOrTooEarly) {
    find(7, pair);
    collector.take(pair);
    EXPECT_DEATH(collector.take(pair), "taken_");
    EXPECT_DEATH(find(8, pair), "taken_");
    EXPECT_DEATH(candidate_of(keyless, Side::source, row_bytes(simple_row(1, "x"))), "keyless");
}

}  // namespace
}  // namespace cutover::verify
