// The verdict of a run: nothing passes that has something left.
#include "verify/result/conclusion.h"

#include <gtest/gtest.h>

namespace cutover::verify {
namespace {

Result of_one_table(Verdict verdict) {
    Result result;
    result.tables.emplace_back();
    result.tables[0].verdict = verdict;
    result.tables[0].rows.source = result.tables[0].rows.destination = 5;
    return result;
}

TEST(Conclusion, FollowsItsTables) {
    for (const Verdict verdict :
         {Verdict::consistent, Verdict::inconsistent, Verdict::could_not_tell}) {
        Result result = of_one_table(verdict);
        conclude_run(result, {});
        EXPECT_EQ(result.verdict, verdict);
        EXPECT_EQ(result.rows.source, 5u);
    }
    Result nothing;
    conclude_run(nothing, {});
    EXPECT_EQ(nothing.verdict, Verdict::could_not_tell);
}

TEST(ConclusionDeathTest, EndsTheProcessBeforeARunPassesThatHasSomethingLeft) {
    for (std::uint64_t RowCounts::*const left :
         {&RowCounts::missing, &RowCounts::pending, &RowCounts::uncomparable}) {
        Result result = of_one_table(Verdict::consistent);
        result.tables[0].rows.*left = 1;
        EXPECT_DEATH(conclude_run(result, {}), "findings");
    }
}

}  // namespace
}  // namespace cutover::verify
