#include "verify/canonical/number.h"

#include <algorithm>
#include <charconv>

namespace cutover::verify {

namespace {

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

/// Where the first digit stands: 10^(magnitude - 1) <= |value| < 10^magnitude.
std::int64_t magnitude(const ExactNumber& number) {
    return number.exponent + static_cast<std::int64_t>(number.digits.size());
}

int compare_magnitudes(const ExactNumber& a, const ExactNumber& b) {
    if (magnitude(a) != magnitude(b)) {
        return magnitude(a) < magnitude(b) ? -1 : 1;
    }
    const int order = a.digits.compare(b.digits);  // no trailing zeros: a prefix is the smaller one
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

/// Reads `[0-9]*` into digits; returns how many there were.
std::size_t take_digits(std::string_view& text, std::string& digits) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) {
        ++count;
    }
    digits.append(text.substr(0, count));
    text.remove_prefix(count);
    return count;
}

bool take_exponent(std::string_view& text, std::int64_t& exponent) {
    if (text.empty() || (text[0] != 'e' && text[0] != 'E')) {
        return true;
    }
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '+') {
        text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc() && exponent > -1000000000 && exponent < 1000000000;
}

}  // namespace

void normalise(ExactNumber& number, bool negative) {
    const std::size_t first = number.digits.find_first_not_of('0');
    if (first == std::string::npos) {
        number.kind = NumberKind::zero;
        number.exponent = 0;
        number.digits.clear();
        return;
    }
    number.digits.erase(0, first);
    const std::size_t last = number.digits.find_last_not_of('0');
    number.exponent += static_cast<std::int64_t>(number.digits.size() - last - 1);
    number.digits.resize(last + 1);
    number.kind = negative ? NumberKind::negative : NumberKind::positive;
}

ExactNumber number_from(std::uint64_t value) {
    ExactNumber number;
    number.digits = std::to_string(value);
    normalise(number, false);
    return number;
}

ExactNumber number_from(std::int64_t value) {
    ExactNumber number;
    const std::string text = std::to_string(value);
    number.digits = value < 0 ? text.substr(1) : text;
    normalise(number, value < 0);
    return number;
}

bool parse_number(std::string_view text, ExactNumber& out) {
    out = ExactNumber();
    const bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        text.remove_prefix(1);
    }
    std::size_t count = take_digits(text, out.digits);
    std::size_t fraction = 0;
    if (!text.empty() && text[0] == '.') {
        text.remove_prefix(1);
        fraction = take_digits(text, out.digits);
    }
    count += fraction;
    std::int64_t exponent = 0;
    if (count == 0 || !take_exponent(text, exponent) || !text.empty()) {
        return false;
    }
    out.exponent = exponent - static_cast<std::int64_t>(fraction);
    out.scale = out.exponent < 0 ? static_cast<std::uint32_t>(-out.exponent) : 0;
    normalise(out, negative);
    return true;
}

int compare(const ExactNumber& a, const ExactNumber& b) {
    if (a.kind != b.kind) {
        return a.kind < b.kind ? -1 : 1;
    }
    switch (a.kind) {
        case NumberKind::positive:
            return compare_magnitudes(a, b);
        case NumberKind::negative:
            return compare_magnitudes(b, a);
        default:
            return 0;
    }
}

std::string to_string(const ExactNumber& number) {
    switch (number.kind) {
        case NumberKind::nan:
            return "NaN";
        case NumberKind::infinity:
            return "Infinity";
        case NumberKind::minus_infinity:
            return "-Infinity";
        default:
            break;
    }
    const std::string sign = number.kind == NumberKind::negative ? "-" : "";
    constexpr std::int64_t kLongest = 2000;
    if (number.exponent > kLongest || number.exponent < -kLongest || number.scale > kLongest) {
        return sign + number.digits + "e" + std::to_string(number.exponent);
    }
    std::string digits = number.digits;
    digits.append(static_cast<std::size_t>(std::max<std::int64_t>(number.exponent, 0)), '0');
    std::size_t fraction = static_cast<std::size_t>(std::max<std::int64_t>(-number.exponent, 0));
    if (digits.size() <= fraction) {
        digits.insert(0, fraction + 1 - digits.size(), '0');
    }
    if (number.scale > fraction) {
        digits.append(number.scale - fraction, '0');
        fraction = number.scale;
    }
    if (fraction > 0) {
        digits.insert(digits.size() - fraction, ".");
    }
    return sign + digits;
}

}  // namespace cutover::verify
