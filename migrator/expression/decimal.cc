#include "migrator/expression/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace cutover::expression {

namespace {

constexpr std::uint32_t kBase = 1'000'000'000;
constexpr std::uint32_t kLimbDigits = 9;
constexpr std::size_t kMostDigitsBefore = 131072;
constexpr std::uint32_t kMostDigitsBehind = 16383;

std::uint32_t power_of_ten(std::uint32_t exponent) {
    std::uint32_t power = 1;
    for (; exponent > 0; --exponent) {
        power *= 10;
    }
    return power;
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char one) { return one >= '0' && one <= '9'; });
}

}  // namespace

Decimal Decimal::special(Kind kind, bool negative) {
    Decimal out;
    out.kind_ = kind;
    out.negative_ = negative;
    return out;
}

Decimal Decimal::of(std::int64_t number) {
    Decimal out;
    out.negative_ = number < 0;
    std::uint64_t rest =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    for (; rest > 0; rest /= kBase) {
        out.limbs_.push_back(static_cast<std::uint32_t>(rest % kBase));
    }
    return out;
}

Decimal::Limbs Decimal::from_digits(std::string_view digits) {
    Limbs limbs;
    while (!digits.empty()) {
        const std::size_t length = std::min<std::size_t>(kLimbDigits, digits.size());
        std::uint32_t limb = 0;
        for (const char one : digits.substr(digits.size() - length)) {
            limb = limb * 10 + static_cast<std::uint32_t>(one - '0');
        }
        limbs.push_back(limb);
        digits.remove_suffix(length);
    }
    while (!limbs.empty() && limbs.back() == 0) {
        limbs.pop_back();
    }
    return limbs;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
    if (text == "NaN") {
        return not_a_number();
    }
    Decimal out;
    if (text.starts_with('-') || text.starts_with('+')) {
        out.negative_ = text.front() == '-';
        text.remove_prefix(1);
    }
    if (text == "Infinity") {
        return special(Kind::infinite, out.negative_);
    }
    int exponent = 0;
    if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
        std::string_view digits = text.substr(e + 1);
        digits.remove_prefix(digits.starts_with('+') && !digits.starts_with("+-") ? 1 : 0);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
        if (error != std::errc{} || end != digits.data() + digits.size() ||
            std::abs(exponent) > 10000) {
            return std::nullopt;
        }
        text = text.substr(0, e);
    }
    const std::size_t point = std::min(text.find('.'), text.size());
    std::string digits(text.substr(0, point));
    const std::string_view behind = text.substr(std::min(point + 1, text.size()));
    digits += behind;
    if (digits.empty() || !all_digits(digits) ||
        digits.size() > kMostDigitsBefore + kMostDigitsBehind) {
        return std::nullopt;
    }
    const int scale = static_cast<int>(behind.size()) - exponent;
    digits.append(static_cast<std::size_t>(std::max(0, -scale)), '0');
    out.scale_ = static_cast<std::uint32_t>(std::max(0, scale));
    out.limbs_ = from_digits(digits);
    if (out.scale_ > kMostDigitsBehind || out.checked() != Fault::none) {
        return std::nullopt;
    }
    return out;
}

Decimal::Limbs Decimal::shifted(const Limbs& limbs, std::uint32_t digits) {
    if (limbs.empty() || digits == 0) {
        return limbs;
    }
    Limbs out(digits / kLimbDigits, 0);
    const std::uint64_t factor = power_of_ten(digits % kLimbDigits);
    std::uint64_t carry = 0;
    for (const std::uint32_t limb : limbs) {
        const std::uint64_t value = limb * factor + carry;
        out.push_back(static_cast<std::uint32_t>(value % kBase));
        carry = value / kBase;
    }
    if (carry > 0) {
        out.push_back(static_cast<std::uint32_t>(carry));
    }
    return out;
}

int Decimal::compare_limbs(const Limbs& left, const Limbs& right) {
    if (left.size() != right.size()) {
        return left.size() < right.size() ? -1 : 1;
    }
    for (std::size_t at = left.size(); at-- > 0;) {
        if (left[at] != right[at]) {
            return left[at] < right[at] ? -1 : 1;
        }
    }
    return 0;
}

Decimal::Limbs Decimal::sum(const Limbs& left, const Limbs& right) {
    Limbs out;
    std::uint32_t carry = 0;
    for (std::size_t at = 0; at < std::max(left.size(), right.size()) || carry > 0; ++at) {
        const std::uint32_t value =
            (at < left.size() ? left[at] : 0) + (at < right.size() ? right[at] : 0) + carry;
        out.push_back(value % kBase);
        carry = value / kBase;
    }
    return out;
}

Decimal::Limbs Decimal::difference(const Limbs& larger, const Limbs& smaller) {
    Limbs out;
    std::uint32_t borrow = 0;
    for (std::size_t at = 0; at < larger.size(); ++at) {
        const std::uint32_t taken = (at < smaller.size() ? smaller[at] : 0) + borrow;
        borrow = larger[at] < taken ? 1 : 0;
        out.push_back(larger[at] + (borrow > 0 ? kBase : 0) - taken);
    }
    while (!out.empty() && out.back() == 0) {
        out.pop_back();
    }
    return out;
}

Decimal::Limbs Decimal::product(const Limbs& left, const Limbs& right) {
    Limbs out(left.size() + right.size(), 0);
    for (std::size_t at = 0; at < left.size(); ++at) {
        std::uint64_t carry = 0;
        for (std::size_t by = 0; by < right.size() || carry > 0; ++by) {
            const std::uint64_t factor = by < right.size() ? right[by] : 0;
            const std::uint64_t value = out[at + by] + left[at] * factor + carry;
            out[at + by] = static_cast<std::uint32_t>(value % kBase);
            carry = value / kBase;
        }
    }
    while (!out.empty() && out.back() == 0) {
        out.pop_back();
    }
    return out;
}

/// Long division, a limb at a time; each limb is found by halving. Requires: `right` is not zero.
void Decimal::quotient(const Limbs& left, const Limbs& right, Limbs& out, Limbs& rest) {
    out.assign(left.size(), 0);
    rest.clear();
    for (std::size_t at = left.size(); at-- > 0;) {
        if (!rest.empty() || left[at] != 0) {
            rest.insert(rest.begin(), left[at]);
        }
        std::uint32_t low = 0, high = kBase - 1;
        while (low < high && compare_limbs(rest, right) >= 0) {
            const std::uint32_t middle = low + (high - low + 1) / 2;
            if (compare_limbs(product(right, {middle}), rest) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        out[at] = low;
        if (low > 0) {
            rest = difference(rest, product(right, {low}));
        }
    }
    while (!out.empty() && out.back() == 0) {
        out.pop_back();
    }
}

std::string Decimal::digits(const Limbs& limbs) {
    std::string out;
    for (std::size_t at = limbs.size(); at-- > 0;) {
        const std::string limb = std::to_string(limbs[at]);
        out.append(out.empty() ? 0 : kLimbDigits - limb.size(), '0');
        out += limb;
    }
    return out;
}

std::string Decimal::text() const {
    if (kind_ == Kind::not_a_number) {
        return "NaN";
    }
    if (kind_ == Kind::infinite) {
        return negative_ ? "-Infinity" : "Infinity";
    }
    std::string out = digits(limbs_);
    if (out.size() <= scale_) {
        out.insert(0, scale_ + 1 - out.size(), '0');
    }
    if (scale_ > 0) {
        out.insert(out.size() - scale_, ".");
    }
    return negative_ && !zero() ? "-" + out : out;
}

int Decimal::compare(const Decimal& left, const Decimal& right) {
    const auto rank = [](const Decimal& one) {
        return one.kind_ == Kind::not_a_number ? 2
               : one.kind_ == Kind::infinite   ? (one.negative_ ? -1 : 1)
                                               : 0;
    };
    if (rank(left) != 0 || rank(right) != 0) {
        return rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : 0;
    }
    if (left.sign() != right.sign()) {
        return left.sign() < right.sign() ? -1 : 1;
    }
    const int order =
        left.scale_ == right.scale_
            ? compare_limbs(left.limbs_, right.limbs_)
            : compare_limbs(
                  shifted(left.limbs_, std::max(left.scale_, right.scale_) - left.scale_),
                  shifted(right.limbs_, std::max(left.scale_, right.scale_) - right.scale_));
    return left.sign() < 0 ? -order : order;
}

/// Where a numeric ends.
Fault Decimal::checked() {
    if (zero()) {
        negative_ = false;
    }
    const std::size_t length =
        limbs_.empty() ? 0
                       : (limbs_.size() - 1) * kLimbDigits + std::to_string(limbs_.back()).size();
    return length > kMostDigitsBefore + scale_ ? Fault::out_of_range : Fault::none;
}

Fault Decimal::add(const Decimal& left, const Decimal& right, Decimal& out) {
    if (left.kind_ != Kind::finite || right.kind_ != Kind::finite) {
        const bool opposite = left.kind_ == right.kind_ && left.negative_ != right.negative_;
        const bool none =
            left.kind_ == Kind::not_a_number || right.kind_ == Kind::not_a_number || opposite;
        out = none ? not_a_number() : left.kind_ == Kind::infinite ? left : right;
        return Fault::none;
    }
    Decimal made;
    made.scale_ = std::max(left.scale_, right.scale_);
    const Limbs first = shifted(left.limbs_, made.scale_ - left.scale_);
    const Limbs second = shifted(right.limbs_, made.scale_ - right.scale_);
    if (left.negative_ == right.negative_) {
        made.limbs_ = sum(first, second);
        made.negative_ = left.negative_;
    } else {
        const bool first_wins = compare_limbs(first, second) >= 0;
        made.limbs_ = first_wins ? difference(first, second) : difference(second, first);
        made.negative_ = first_wins ? left.negative_ : right.negative_;
    }
    out = std::move(made);
    return out.checked();
}

Fault Decimal::subtract(const Decimal& left, const Decimal& right, Decimal& out) {
    return add(left, right.negated(), out);
}

Fault Decimal::multiply(const Decimal& left, const Decimal& right, Decimal& out) {
    if (left.kind_ != Kind::finite || right.kind_ != Kind::finite) {
        const bool none = left.kind_ == Kind::not_a_number || right.kind_ == Kind::not_a_number ||
                          left.zero() || right.zero();
        out = none ? not_a_number() : special(Kind::infinite, left.negative_ != right.negative_);
        return Fault::none;
    }
    Decimal made;
    made.limbs_ = product(left.limbs_, right.limbs_);
    made.scale_ = left.scale_ + right.scale_;
    made.negative_ = left.negative_ != right.negative_;
    made.round_to(std::min(made.scale_, kMostDigitsBehind));
    out = std::move(made);
    return out.checked();
}

/// Drops digits behind `scale`; half is rounded away from zero.
void Decimal::round_to(std::uint32_t scale) {
    if (scale_ <= scale) {
        return;
    }
    const Limbs unit = shifted({1}, scale_ - scale);
    Limbs rest, doubled;
    const Limbs all = limbs_;
    quotient(all, unit, limbs_, rest);
    doubled = sum(rest, rest);
    if (compare_limbs(doubled, unit) >= 0) {
        limbs_ = sum(limbs_, {1});
    }
    scale_ = scale;
}

/// As the server has it: sixteen significant digits, counted in its digits of four.
std::uint32_t Decimal::quotient_scale(const Decimal& divisor) const {
    const auto first = [](const Decimal& one) -> std::pair<int, int> {
        const std::string all = digits(one.limbs_);
        if (all.empty()) {
            return {0, 0};
        }
        const int exponent = static_cast<int>(all.size()) - 1 - static_cast<int>(one.scale_);
        const int weight = exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4);
        const std::size_t length = static_cast<std::size_t>(exponent - 4 * weight) + 1;
        std::string top = all.substr(0, length);
        top.append(length - top.size(), '0');
        return {weight, std::stoi(top)};
    };
    const auto [weight, digit] = first(*this);
    const auto [divisor_weight, divisor_digit] = first(divisor);
    const int quotient_weight = weight - divisor_weight - (digit <= divisor_digit ? 1 : 0);
    const int wanted = std::max(
        {16 - quotient_weight * 4, static_cast<int>(scale_), static_cast<int>(divisor.scale_), 0});
    return static_cast<std::uint32_t>(std::min(wanted, 1000));
}

Fault Decimal::divide(const Decimal& left, const Decimal& right, Decimal& out) {
    if (left.kind_ == Kind::not_a_number || right.kind_ == Kind::not_a_number) {
        out = not_a_number();
        return Fault::none;
    }
    if (right.zero()) {
        return Fault::division_by_zero;
    }
    if (left.kind_ == Kind::infinite) {
        out = right.kind_ == Kind::infinite
                  ? not_a_number()
                  : special(Kind::infinite, left.negative_ != right.negative_);
        return Fault::none;
    }
    if (right.kind_ == Kind::infinite) {
        out = Decimal();
        return Fault::none;
    }
    Decimal made;
    made.scale_ = left.quotient_scale(right);
    made.negative_ = left.negative_ != right.negative_;
    // One digit more than is wanted, and what is behind it: enough to round by.
    const int shift = static_cast<int>(made.scale_) + static_cast<int>(right.scale_) -
                      static_cast<int>(left.scale_);
    const Limbs dividend = shifted(left.limbs_, static_cast<std::uint32_t>(std::max(0, shift)));
    const Limbs divisor = shifted(right.limbs_, static_cast<std::uint32_t>(std::max(0, -shift)));
    Limbs rest;
    quotient(dividend, divisor, made.limbs_, rest);
    if (compare_limbs(sum(rest, rest), divisor) >= 0) {
        made.limbs_ = sum(made.limbs_, {1});
    }
    out = std::move(made);
    return out.checked();
}

Fault Decimal::modulo(const Decimal& left, const Decimal& right, Decimal& out) {
    if (left.kind_ == Kind::not_a_number || right.kind_ == Kind::not_a_number) {
        out = not_a_number();
        return Fault::none;
    }
    if (right.zero()) {
        return Fault::division_by_zero;
    }
    if (left.kind_ == Kind::infinite || right.kind_ == Kind::infinite) {
        out = left.kind_ == Kind::infinite ? not_a_number() : left;
        return Fault::none;
    }
    Decimal made;
    made.scale_ = std::max(left.scale_, right.scale_);
    made.negative_ = left.negative_;
    Limbs whole;
    quotient(shifted(left.limbs_, made.scale_ - left.scale_),
             shifted(right.limbs_, made.scale_ - right.scale_), whole, made.limbs_);
    out = std::move(made);
    return out.checked();
}

Decimal Decimal::negated() const {
    Decimal out = *this;
    out.negative_ = kind_ != Kind::not_a_number && !zero() && !negative_;
    return out;
}

Decimal Decimal::absolute() const {
    Decimal out = *this;
    out.negative_ = false;
    return out;
}

std::optional<double> Decimal::to_double() const {
    if (kind_ != Kind::finite) {
        return kind_ == Kind::not_a_number ? std::numeric_limits<double>::quiet_NaN()
               : negative_                 ? -std::numeric_limits<double>::infinity()
                                           : std::numeric_limits<double>::infinity();
    }
    const std::string written =
        (negative_ ? "-" : "") + (zero() ? "0" : digits(limbs_)) + "e-" + std::to_string(scale_);
    double number = 0;
    const auto [end, error] =
        std::from_chars(written.data(), written.data() + written.size(), number);
    if (error != std::errc{} || std::isinf(number) || (number == 0 && !zero())) {
        return std::nullopt;
    }
    return number;
}

}  // namespace cutover::expression
