#include "verify/compare/gather.h"

#include <gtest/gtest.h>

#include "tests/unit/verify/fake_end.h"

namespace cutover::verify {
namespace {

using namespace std::chrono_literals;

TEST(ReadLimit, DelaysRowsBeyondTheLimit) {
    ReadLimit limit(1000, 0);
    const std::chrono::steady_clock::time_point start(1h);
    EXPECT_EQ(limit.charge(500, 1, start), 500ms);
    EXPECT_EQ(limit.charge(500, 1, start + 500ms), 500ms);
    EXPECT_EQ(limit.charge(100, 1, start + 10s), 100ms);
}

TEST(ReadLimit, TakesTheSlowerOfRowsAndBytes) {
    ReadLimit limit(1000, 1000);
    const std::chrono::steady_clock::time_point start(1h);
    EXPECT_EQ(limit.charge(10, 2000, start), 2s);
    EXPECT_EQ(limit.charge(4000, 10, start + 2s), 4s);
}

TEST(ReadLimit, IsUnlimitedAtZero) {
    ReadLimit limit(0, 0);
    EXPECT_EQ(limit.charge(1u << 30, 1u << 30, std::chrono::steady_clock::time_point(1h)), 0s);
}

TEST(Gatherer, StopsWhenNobodyTakesItsRows) {
    using namespace testing_support;
    const TablePair pair = pair_tables(simple_table().shape, simple_table().shape, {});
    std::vector<std::string> rows;
    for (int id = 0; id < 10000; ++id) {
        rows.push_back(row_bytes(simple_row(id, "value")));
    }
    FakeStream stream(std::move(rows), 64);
    Gatherer gatherer(pair, Side::source, stream, {});
    EXPECT_NE(gatherer.take(), nullptr);  // and the destructor must not hang
}

TEST(GathererDeathTest, EndsTheProcessIfRowsAreAddedUpBeforeAllHaveCome) {
    using namespace testing_support;
    const TablePair pair = pair_tables(simple_table().shape, simple_table().shape, {});
    FakeStream stream({row_bytes(simple_row(1, "value"))}, 64);
    Gatherer gatherer(pair, Side::source, stream, {});
    EXPECT_DEATH(gatherer.digest(), "taken_all_");
    EXPECT_DEATH(gatherer.bytes(), "taken_all_");
    while (auto block = gatherer.take()) {
        gatherer.give_back(std::move(block));
    }
    EXPECT_EQ(gatherer.digest().rows, 1u);
}

}  // namespace
}  // namespace cutover::verify
