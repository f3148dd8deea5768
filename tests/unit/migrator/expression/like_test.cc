#include "migrator/expression/like.h"

#include <gtest/gtest.h>

namespace cutover::expression {
namespace {

bool like(std::string_view text, std::string_view pattern, std::string_view escape = "\\") {
    return LikePattern::parse(pattern, escape).value().matches(text);
}

TEST(LikePattern, GoesBackToTheLastRunOnly) {
    EXPECT_TRUE(like("abcabd", "%ab_"));
    EXPECT_TRUE(like("mississippi", "m%iss%p_"));
    EXPECT_FALSE(like("mississippi", "m%iss%pp"));
    EXPECT_TRUE(like("", "%%"));
    EXPECT_FALSE(like("", "_%"));
    EXPECT_FALSE(like("abc", "ab"));
}

TEST(LikePattern, CountsCharactersNotBytes) {
    EXPECT_TRUE(like("ä", "_"));
    EXPECT_FALSE(like("ä", "__"));
    EXPECT_TRUE(like("a🙂b", "a_b"));
    EXPECT_TRUE(like("日本語", "%_語"));
    EXPECT_EQ(characters("日本語"), 3u);
}

TEST(LikePattern, TakesWhatIsEscapedAsItIs) {
    EXPECT_TRUE(like("10%", "10\\%"));
    EXPECT_FALSE(like("100", "10\\%"));
    EXPECT_TRUE(like("a_b", "a!_b", "!"));
    EXPECT_FALSE(like("axb", "a!_b", "!"));
    EXPECT_TRUE(like("a\\b", "a\\_", ""));  // without an escape a backslash is one
    EXPECT_FALSE(LikePattern::parse("a\\", "\\").has_value());
}

}  // namespace
}  // namespace cutover::expression
