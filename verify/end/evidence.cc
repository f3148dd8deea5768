#include "verify/end/evidence.h"

#include <fmt/format.h>

#include <algorithm>

namespace cutover::verify {

std::string Evidence::shown() const {
    const bool plain = std::all_of(bytes_.begin(), bytes_.end(),
                                   [](char letter) { return letter >= 0x20 && letter < 0x7F; });
    if (plain) {
        return bytes_;
    }
    std::string hex = "0x";
    for (const char byte : bytes_) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return hex;
}

}  // namespace cutover::verify
