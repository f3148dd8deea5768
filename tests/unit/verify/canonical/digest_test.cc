#include "verify/canonical/digest.h"

#include <gtest/gtest.h>

namespace cutover::verify {
namespace {

Digest of(std::initializer_list<std::string_view> rows, std::uint64_t seed = 1) {
    Digest digest;
    for (const std::string_view row : rows) {
        digest.add(hash128(row, seed), hash128(row.substr(0, 1), seed));
    }
    return digest;
}

TEST(Digest, DoesNotCountOrder) {
    EXPECT_EQ(of({"a1", "b2", "c3"}), of({"c3", "a1", "b2"}));
}

TEST(Digest, CountsPairsThatXorWouldLose) {
    EXPECT_NE(of({"a", "a", "b"}), of({"c", "c", "b"}));
    EXPECT_NE(of({"a", "a"}), of({}));
}

TEST(Digest, TellsOtherKeysFromOtherValues) {
    const Digest one = of({"a1", "b2"});
    const Digest values = of({"a2", "b1"});
    EXPECT_EQ(one.key_sum, values.key_sum);
    EXPECT_NE(one.row_sum, values.row_sum);
    EXPECT_NE(one.key_sum, of({"a1", "c2"}).key_sum);
}

TEST(Digest, DependsOnTheSeed) {
    EXPECT_NE(of({"a"}, 1).row_sum, of({"a"}, 2).row_sum);
}

TEST(Digest, CarriesIntoTheHighHalf) {
    Hash128 sum{0, ~std::uint64_t{0}};
    sum += Hash128{0, 1};
    EXPECT_EQ(sum, (Hash128{1, 0}));
    EXPECT_EQ(sum.text(), "00000000000000010000000000000000");
}

}  // namespace
}  // namespace cutover::verify
