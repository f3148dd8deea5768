// The pieces of PostgreSQL's binary forms: numbers in network byte order, values behind their
// length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "migrator/model/error.h"

namespace cutover::route {

constexpr std::uint32_t kNullLength = 0xffffffff;

/// Binary reading with bounds. Network byte order.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

    std::string_view take(std::size_t length) {
        if (length > bytes_.size()) {
            throw model::Error(model::ErrorClass::corrupt, "postgres.value",
                               "a value's binary form ends too early");
        }
        const std::string_view taken = bytes_.substr(0, length);
        bytes_.remove_prefix(length);
        return taken;
    }
    std::uint32_t number() {
        std::uint32_t value = 0;
        for (const char byte : take(4)) {
            value = value << 8 | static_cast<unsigned char>(byte);
        }
        return value;
    }
    std::uint16_t short_number() {
        const std::string_view two = take(2);
        return static_cast<std::uint16_t>(static_cast<unsigned char>(two[0]) << 8 |
                                          static_cast<unsigned char>(two[1]));
    }
    std::string_view rest() const { return bytes_; }
    bool at_side() const { return bytes_.empty(); }

private:
    std::string_view bytes_;
};

inline void append_number(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift);
    }
}

/// Writes the length of what `body` appends in front of it.
template <typename Body>
void with_length(std::string& out, Body body) {
    const std::size_t at = out.size();
    append_number(out, 0);
    body();
    std::string length;
    append_number(length, static_cast<std::uint32_t>(out.size() - at - 4));
    out.replace(at, 4, length);
}

}  // namespace cutover::route
