// Medians, ratios and targets of the throughput bench.
#include "bench/throughput/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::bench {
namespace {

using testing::HasSubstr;

Comparison comparison(Comparison::Ratio ratio, double target) {
    Comparison one;
    one.name = "copy";
    one.ours_seconds = {4, 5, 100};
    one.peer_seconds = {4, 4, 4};
    one.amount = 1000;
    one.unit = "rows";
    one.ratio = ratio;
    one.target = target;
    return one;
}

TEST(Figures, TakeTheMedian) {
    EXPECT_EQ(median({}), 0);
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

TEST(Comparison, ComparesSpeedsOrTimes) {
    EXPECT_DOUBLE_EQ(comparison(Comparison::Ratio::speed, 0.8).value(), 0.8);
    EXPECT_DOUBLE_EQ(comparison(Comparison::Ratio::time, 1.3).value(), 1.25);
}

TEST(Comparison, IsShortOfATargetOnTheWrongSide) {
    EXPECT_TRUE(comparison(Comparison::Ratio::speed, 0.8).met());
    EXPECT_FALSE(comparison(Comparison::Ratio::speed, 0.85).met());
    EXPECT_TRUE(comparison(Comparison::Ratio::time, 1.3).met());
    EXPECT_FALSE(comparison(Comparison::Ratio::time, 1.2).met());
}

TEST(FlatCost, NamesTheLargestDeviationFromTheMean) {
    FlatCost flat;
    flat.sizes = {{1000, {1}}, {10'000, {10}}};
    EXPECT_NEAR(flat.largest_deviation(), 0, 1e-9);
    flat.sizes.push_back({100'000, {160}});  // 1 ms, 1 ms, 1.6 ms: the mean is 1.2
    EXPECT_NEAR(flat.largest_deviation(), 1.0 / 3, 1e-9);
    EXPECT_FALSE(flat.met());
}

TEST(Figures, SayWhatIsShort) {
    Figures figures;
    figures.comparisons = {comparison(Comparison::Ratio::speed, 0.85)};
    figures.peak_memory_mb = 100;
    EXPECT_FALSE(figures.all_met());
    EXPECT_THAT(figures.table(), HasSubstr("short"));
    EXPECT_THAT(figures.json(), HasSubstr("\"met\": false"));
    figures.comparisons[0].target = 0.8;
    EXPECT_TRUE(figures.all_met());
    figures.peak_memory_mb = 600;
    EXPECT_FALSE(figures.all_met());
}

}  // namespace
}  // namespace cutover::bench
