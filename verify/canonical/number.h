// The judge's one form of an exact number, whatever the engine's type was: sign, decimal exponent,
// digits without leading or trailing zeros. Zero has one form. Binary floats are not exact numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cutover::verify {

enum class NumberKind : std::uint8_t { minus_infinity, negative, zero, positive, infinity, nan };

/// value = (+ or -) digits * 10^exponent; `digits` is empty for zero and for whatever has no
/// digits.
struct ExactNumber {
    NumberKind kind = NumberKind::zero;
    std::int64_t exponent = 0;
    std::string digits;
    std::uint32_t scale =
        0;  ///< digits after the point as the engine shows them; not part of the value

    bool operator==(const ExactNumber& other) const {
        return kind == other.kind && exponent == other.exponent && digits == other.digits;
    }
};

ExactNumber number_from(std::int64_t value);
ExactNumber number_from(std::uint64_t value);

/// From a decimal text as JSON and SQL write it (`-12.50e3`). False if it is not one.
bool parse_number(std::string_view text, ExactNumber& out);

/// Strips zeros at both ends of `digits` (ASCII) and settles kind and exponent.
void normalise(ExactNumber& number, bool negative);

/// Order of the values; NaN is greater than everything and equal to itself, as in PostgreSQL.
int compare(const ExactNumber& a, const ExactNumber& b);

/// `-12.50` with at least `scale` digits after the point; very long numbers in scientific form.
std::string to_string(const ExactNumber& number);

}  // namespace cutover::verify
