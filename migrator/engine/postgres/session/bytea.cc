#include "migrator/engine/postgres/session/bytea.h"

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

Error no_bytes() {
    return Error(ErrorClass::corrupt, "control.damaged",
                 "the task's record has a text where bytes must stand",
                 "somebody else has written into the schema cutover at the destination: find out "
                 "who");
}

int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter < 'a' || letter > 'f') {
        throw no_bytes();
    }
    return letter - 'a' + 10;
}

}  // namespace

std::string to_bytea(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\\x";
    out.reserve(2 + bytes.size() * 2);
    for (const char byte : bytes) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4];
        out += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

std::string from_bytea(std::string_view text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0) {
        throw no_bytes();
    }
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(hex_digit(text[at]) * 16 + hex_digit(text[at + 1]));
    }
    return out;
}

}  // namespace cutover::postgres
