#include "migrator/model/visible.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace cutover::model {

namespace {

/// A character and the bytes it takes; `valid` is false for a byte that begins none.
struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

Character character_at(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
        return {first, 1, true};
    }
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) {
        return {};
    }
    std::uint32_t code = first & (0x7FU >> bytes);
    for (std::size_t next = 1; next < bytes; ++next) {
        if (!continues(text, at + next)) {
            return {};
        }
        code = code << 6U | (static_cast<unsigned char>(text[at + next]) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= kLeast[bytes] && code <= 0x10FFFF && !surrogate ? Character{code, bytes, true}
                                                                   : Character{};
}

/// Characters that act instead of being seen.
bool acts(std::uint32_t code) {
    struct Range {
        std::uint32_t first;
        std::uint32_t last;
    };
    constexpr std::array<Range, 11> kActing = {{
        {0x00, 0x1F},        // controls
        {0x7F, 0x9F},        // delete, and the controls beyond ASCII
        {0x061C, 0x061C},    // Arabic letter mark
        {0x200B, 0x200B},    // a space that cannot be seen
        {0x200E, 0x200F},    // marks of direction
        {0x2028, 0x202E},    // separators of lines; embeddings and overrides of direction
        {0x2060, 0x2064},    // invisible operators
        {0x2066, 0x206F},    // isolates of direction, and what they replaced
        {0xFEFF, 0xFEFF},    // byte order mark
        {0xFFF9, 0xFFFB},    // annotations
        {0xE0000, 0xE007F},  // tags
    }};
    for (const Range& range : kActing) {
        if (code >= range.first && code <= range.last) {
            return true;
        }
    }
    return false;
}

/// JSON knows 16 bits at a time.
std::string json_escape(std::uint32_t code) {
    return code < 0x10000 ? fmt::format("\\u{:04x}", code)
                          : fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10U),
                                        0xDC00 + ((code - 0x10000) & 0x3FFU));
}

std::string seen(std::string_view text, bool keep_lines) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Character next = character_at(text, at);
        const bool line = keep_lines && (next.code == '\n' || next.code == '\t');
        if (!next.valid) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
        } else if (line || !acts(next.code)) {
            out += text.substr(at, next.bytes);
        } else {
            out += next.code < 0x80 ? fmt::format("\\x{:02x}", next.code)
                                    : fmt::format("\\u{:04x}", next.code);
        }
        at += next.bytes;
    }
    return out;
}

}  // namespace

std::string visible(std::string_view text) {
    return seen(text, false);
}

std::string visible_lines(std::string_view text) {
    return seen(text, true);
}

std::string visible_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size();) {
        const Character next = character_at(json, at);
        // Below that, JSON has escaped what stands in texts; the rest is its own layout.
        if (next.valid && next.code >= 0x7F && acts(next.code)) {
            out += json_escape(next.code);
        } else {
            out += json.substr(at, next.bytes);
        }
        at += next.bytes;
    }
    return out;
}

std::u32string code_points(std::string_view text) {
    std::u32string out;
    for (std::size_t at = 0; at < text.size();) {
        const Character next = character_at(text, at);
        out += next.valid ? static_cast<char32_t>(next.code) : U'\uFFFD';
        at += next.bytes;
    }
    return out;
}

std::string unfolded(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t blank = std::min(text.find_first_of(kBlanks, at), text.size());
        const std::size_t next = std::min(text.find_first_not_of(kBlanks, blank), text.size());
        const std::string_view between = text.substr(blank, next - blank);
        out += text.substr(at, blank - at);
        if (between.find('\n') == std::string_view::npos) {
            out += between;
        } else if (next < text.size()) {
            out += ' ';
        }
        at = next;
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        return std::string(text);
    }
    std::size_t end = most;
    while (end > 0 && continues(text, end)) {
        --end;
    }
    return std::string(text.substr(0, end)) + "... (" + std::to_string(text.size()) +
           " bytes in all)";
}

}  // namespace cutover::model
