// What of the workloads needs no server: the numbers that a seed gives, options, percentiles.
#include "scenarios/workload/workload.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"
#include "scenarios/workload/draw.h"
#include "scenarios/workload/latency.h"

namespace cutover::scenarios {
namespace {

TEST(Draw, GivesTheSameNumbersForTheSameTransaction) {
    Draw one(7, "bank", 2, 99);
    Draw two(7, "bank", 2, 99);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(one.next(), two.next());
    }
}

TEST(Draw, GivesOtherNumbersForAnotherSeedWorkloadWriterOrNumber) {
    const std::uint64_t first = Draw(7, "bank", 2, 99).next();
    EXPECT_NE(first, Draw(8, "bank", 2, 99).next());
    EXPECT_NE(first, Draw(7, "ring", 2, 99).next());
    EXPECT_NE(first, Draw(7, "bank", 3, 99).next());
    EXPECT_NE(first, Draw(7, "bank", 2, 100).next());
}

TEST(Draw, StaysWithinItsBounds) {
    Draw draw(1, "x", 0, 0);
    for (int i = 0; i < 1000; ++i) {
        const std::int64_t value = draw.between(-3, 3);
        EXPECT_GE(value, -3);
        EXPECT_LE(value, 3);
    }
    EXPECT_EQ(draw.below(0), 0U);
}

TEST(Latency, NamesAPercentileWithinFivePercent) {
    Latency latency;
    EXPECT_EQ(latency.percentile_ms(0.99), 0);
    for (int i = 1; i <= 1000; ++i) {
        latency.add(std::chrono::milliseconds(i));
    }
    EXPECT_NEAR(latency.percentile_ms(0.5), 500, 30);
    EXPECT_NEAR(latency.percentile_ms(0.99), 990, 60);
}

WorkloadOptions with(const std::string& name, std::map<std::string, std::string> more) {
    WorkloadOptions options;
    options.name = name;
    options.more = std::move(more);
    return options;
}

TEST(MakeWorkload, KnowsEveryName) {
    for (const std::string& name : workload_names()) {
        EXPECT_EQ(make_workload(with(name, {}))->name(), name);
    }
}

TEST(MakeWorkload, RefusesUnknownNamesAndOptions) {
    EXPECT_THROW(make_workload(with("bnk", {})), model::Error);
    EXPECT_THROW(make_workload(with("bank", {{"acounts", "5"}})), model::Error);
    EXPECT_THROW(make_workload(with("bank", {{"accounts", "1"}})), model::Error);
    EXPECT_THROW(make_workload(with("bank", {{"accounts", "many"}})), model::Error);
    EXPECT_THROW(make_workload(with("random_dml", {{"without", "no_such_act"}})), model::Error);
    EXPECT_NO_THROW(
        make_workload(with("random_dml", {{"without", "scratch_truncate, keyless_update"}})));
}

TEST(MakeWorkload, NamesTheTablesThatMustBeMigrated) {
    const auto tables = make_workload(with("bank", {}))->tables();
    ASSERT_EQ(tables.size(), 4U);
    EXPECT_EQ(tables[0].display(), "work.bank_account");
}

}  // namespace
}  // namespace cutover::scenarios
