// How two unequal canonical cells differ, in a few words: difference_kind() of narrow.h. A hint for
// the reader of a report, never part of a verdict.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "verify/canonical/canonical.h"
#include "verify/compare/narrow.h"

namespace cutover::verify {

namespace {

/// ASCII letters only: enough for a hint.
std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t last = text.find_last_not_of(' ');
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// UTF-8 bytes that were taken for Latin-1 letters and encoded once more.
std::string encoded_twice(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x80) {
            out.push_back(letter);
        } else {
            out.push_back(static_cast<char>(0xC0 | byte >> 6));
            out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
        }
    }
    return out;
}

std::size_t first_difference(std::string_view a, std::string_view b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                    a.begin());
}

std::string text_kind(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) {
        return a.empty() ? "empty against text" : "text against empty";
    }
    if (trimmed(a) == trimmed(b)) {
        return "trailing blanks";
    }
    if (lower(a) == lower(b)) {
        return "case";
    }
    if (a.substr(0, b.size()) == b) {
        return fmt::format("cut from {} to {} bytes", a.size(), b.size());
    }
    if (b.substr(0, a.size()) == a) {
        return fmt::format("{} bytes longer", b.size() - a.size());
    }
    if (encoded_twice(a) == b || encoded_twice(b) == a) {
        return "encoded twice";
    }
    return fmt::format("from byte {} on", first_difference(a, b));
}

std::string number_kind(const CellView& a, const CellView& b) {
    ExactNumber source;
    ExactNumber destination;
    if (!read_number(a, source) || !read_number(b, destination)) {
        return "value";
    }
    if (source == destination) {
        return fmt::format("scale {} against {}", source.scale, destination.scale);
    }
    if (source.digits == destination.digits && source.kind == destination.kind) {
        return fmt::format("shifted by 10^{}", destination.exponent - source.exponent);
    }
    return source.kind != destination.kind && source.digits == destination.digits ? "sign"
                                                                                  : "value";
}

std::int64_t microseconds(std::string_view payload) {
    const auto days = static_cast<std::int32_t>(big_endian(payload.substr(0, 4)));
    return days * 86400000000 + static_cast<std::int64_t>(big_endian(payload.substr(4, 8)));
}

std::string time_kind(std::string_view a, std::string_view b) {
    if (a.size() != 12 || b.size() != 12) {
        return "value";
    }
    const std::int64_t shift = microseconds(b) - microseconds(a);
    return shift % 1000000 == 0 ? fmt::format("shifted by {} s", shift / 1000000)
                                : fmt::format("shifted by {} us", shift);
}

std::string float_kind(std::string_view a, std::string_view b) {
    const std::uint64_t first = big_endian(a);
    const std::uint64_t second = big_endian(b);
    const std::uint64_t distance = first > second ? first - second : second - first;
    return distance <= 16 ? fmt::format("{} units in the last place", distance) : "value";
}

}  // namespace

std::string difference_kind(std::string_view source_cell, std::string_view destination_cell) {
    CellView a;
    CellView b;
    if (!take_cell(source_cell, a) || !take_cell(destination_cell, b)) {
        return "value";
    }
    if (a.tag == Tag::null || b.tag == Tag::null) {
        return a.tag == Tag::null ? "null against value" : "value against null";
    }
    if (a.tag != b.tag) {
        return fmt::format("{} against {}", to_string(a.tag), to_string(b.tag));
    }
    switch (a.tag) {
        case Tag::text:
        case Tag::bytes:
        case Tag::json_text:
            return text_kind(a.payload, b.payload);
        case Tag::number:
        case Tag::scaled_number:
            return number_kind(a, b);
        case Tag::instant:
        case Tag::local_time:
            return time_kind(a.payload, b.payload);
        case Tag::float32:
        case Tag::float64:
            return float_kind(a.payload, b.payload);
        default:
            return "value";
    }
}

}  // namespace cutover::verify
