// Bytes as PostgreSQL sends them, written by hand for the tests of the decoder.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace cutover::verify::wire {

inline std::string big(std::uint64_t value, int bytes) {
    std::string out;
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(value >> shift));
    }
    return out;
}

inline std::string int16(int value) {
    return big(static_cast<std::uint64_t>(value), 2);
}
inline std::string int32(std::int64_t value) {
    return big(static_cast<std::uint64_t>(value), 4);
}
inline std::string int64(std::int64_t value) {
    return big(static_cast<std::uint64_t>(value), 8);
}
inline std::string float64(double value) {
    return big(std::bit_cast<std::uint64_t>(value), 8);
}

/// With its length in front, as inside rows, arrays and records.
inline std::string part(std::string_view bytes) {
    return int32(static_cast<std::int64_t>(bytes.size())) + std::string(bytes);
}
inline std::string null_part() {
    return int32(-1);
}

/// numeric: groups of four digits, the weight of the first, sign word, scale.
inline std::string numeric(std::initializer_list<int> groups, int weight, int sign, int scale) {
    std::string out =
        int16(static_cast<int>(groups.size())) + int16(weight) + int16(sign) + int16(scale);
    for (const int group : groups) {
        out += int16(group);
    }
    return out;
}

}  // namespace cutover::verify::wire
