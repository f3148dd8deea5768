#include "tests/fuzz/mutation.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace cutover::fuzz {

namespace {

constexpr std::size_t kLongest = 1 << 16;

std::uint64_t below(std::mt19937_64& random, std::uint64_t limit) {
    return limit == 0 ? 0 : random() % limit;
}

/// Numbers at which somebody's arithmetic may end, in the network's order of bytes.
std::string edge(std::mt19937_64& random) {
    constexpr std::array<std::uint64_t, 12> kEdges = {
        0,      1,      0x7F,       0x80,       0xFF,         0x7FFF,
        0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFFFF, 0x8000000000000000};
    constexpr std::array<int, 4> kLengths = {1, 2, 4, 8};
    std::uint64_t value = kEdges[below(random, kEdges.size())];
    value = below(random, 4) == 0 ? ~value : value;
    std::string out;
    for (int at = kLengths[below(random, kLengths.size())] - 1; at >= 0; --at) {
        out += static_cast<char>(value >> (8 * at));
    }
    return out;
}

/// Words that mean something to one reader or another.
std::string_view word(std::mt19937_64& random) {
    constexpr std::array<std::string_view, 36> kWords = {"-1",
                                                         "18446744073709551616",
                                                         "9223372036854775808",
                                                         "1e999999999",
                                                         "NaN",
                                                         "{",
                                                         "}",
                                                         "[",
                                                         "]",
                                                         "{{",
                                                         "\"",
                                                         "\\",
                                                         "'",
                                                         "''",
                                                         "\\x",
                                                         "\\xZZ",
                                                         "::regclass",
                                                         ".",
                                                         ",",
                                                         ":",
                                                         "/",
                                                         "(",
                                                         ")",
                                                         "\n",
                                                         "\x1b[2J",
                                                         "\xe2\x80\xae",
                                                         "\xff",
                                                         "null",
                                                         "true",
                                                         "{\"a\":{}}",
                                                         "REFERENCES ",
                                                         "0/0",
                                                         "FFFFFFFF/FFFFFFFF",
                                                         "t",
                                                         "f",
                                                         "NULL"};
    return kWords[below(random, kWords.size())];
}

}  // namespace

std::size_t Mutation::place(const std::string& text, Random& random) const {
    return below(random, text.size() + 1);
}

void Mutation::mutate(std::string& text, Random& random) const {
    const std::size_t at = place(text, random);
    const std::size_t length =
        std::min<std::size_t>(below(random, 1 + below(random, 64)), text.size() - at);
    switch (below(random, 9)) {
        case 0:
            if (at < text.size()) {
                text[at] = static_cast<char>(text[at] ^ (1 << below(random, 8)));
            }
            break;
        case 1:
            if (at < text.size()) {
                text[at] = static_cast<char>(random());
            }
            break;
        case 2:
            text.erase(at, length);
            break;
        case 3:
            text.insert(at, text.substr(at, length));
            break;
        case 4:
            text.resize(at);
            break;
        case 5: {
            const std::string number = edge(random);
            text.replace(at, std::min(number.size(), text.size() - at), number);
            break;
        }
        case 6:
            text.insert(at, word(random));
            break;
        case 7: {
            const std::string& other = seeds_[below(random, seeds_.size())];
            text = text.substr(0, at) + other.substr(place(other, random));
            break;
        }
        default: {
            const std::string again = text.substr(at, length);
            for (std::uint64_t times = below(random, 200); times > 0 && !again.empty(); --times) {
                text.insert(at, again);
            }
        }
    }
    text.resize(std::min(text.size(), kLongest));
}

std::string Mutation::input(std::uint64_t seed, std::uint64_t number) {
    std::seed_seq mixed{seed, seed >> 32, number, number >> 32};
    Random random(mixed);
    if (number < seeds_.size()) {
        return seeds_[number];
    }
    std::string text = seeds_[below(random, seeds_.size())];
    for (std::uint64_t steps = 1 + below(random, 8); steps > 0; --steps) {
        mutate(text, random);
    }
    return text;
}

}  // namespace cutover::fuzz
