#include "verify/compare/pair.h"

#include <gtest/gtest.h>

#include "tests/unit/verify/fake_end.h"

namespace cutover::verify {
namespace {

TEST(PairTables, AreCutIntoRangesOnlyIfNoKeyCanBeNull) {
    TableShape source = testing_support::simple_table().shape;
    TableShape destination = source;
    source.columns[0].nullable = destination.columns[0].nullable = false;
    EXPECT_TRUE(pair_tables(source, destination, {}).splittable);
    destination.columns[0].nullable = true;
    EXPECT_FALSE(pair_tables(source, destination, {}).splittable);
    destination.columns[0].nullable = false;
    destination.columns[0].ordered_scan = false;
    EXPECT_FALSE(pair_tables(source, destination, {}).splittable);
}

}  // namespace
}  // namespace cutover::verify
