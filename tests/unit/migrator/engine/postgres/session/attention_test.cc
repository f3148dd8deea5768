// What becomes of work that cannot be interrupted.
#include "migrator/engine/postgres/session/attention.h"

#include <gtest/gtest.h>

#include <new>

namespace cutover::postgres {
namespace {

TEST(Aside, GivesWhatTheWorkHasMade) {
    EXPECT_EQ(aside<int>([] { return 7; }, [] { return true; }), 7);
}

TEST(Aside, LeavesTheWorkToItself) {
    const auto gate = std::make_shared<std::mutex>();
    const std::unique_lock held(*gate);
    const auto work = [gate] {
        const std::lock_guard wait(*gate);
        return 7;
    };
    EXPECT_EQ(aside<int>(work, [] { return false; }), std::nullopt);
}

TEST(Aside, ThrowsWhatTheWorkHasThrown) {
    EXPECT_THROW(aside<int>([]() -> int { throw std::bad_alloc(); }, [] { return true; }),
                 std::bad_alloc);
}

}  // namespace
}  // namespace cutover::postgres
