// A pattern of LIKE, taken apart once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cutover::expression {

class LikePattern {
public:
    /// `escape`: one byte, or empty. Nothing: the pattern ends with its escape.
    static std::optional<LikePattern> parse(std::string_view pattern, std::string_view escape);
    /// Byte by byte, but `_` is one character of UTF-8.
    bool matches(std::string_view text) const;

private:
    enum : std::uint16_t { kOne = 256, kRun = 257 };
    std::vector<std::uint16_t> pieces_;  ///< bytes, or one of these
};

/// Characters of a text in UTF-8.
std::size_t characters(std::string_view text);

}  // namespace cutover::expression
