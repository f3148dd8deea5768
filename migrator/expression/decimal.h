// An exact decimal number of any length, with the rules of PostgreSQL's numeric: how many digits a
// quotient has, how it is rounded, what NaN and the infinities do, where it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::expression {

/// What an operation of numbers came to where it came to no number.
enum class Fault : std::uint8_t { none, division_by_zero, out_of_range };

class Decimal {
public:
    Decimal() = default;
    static Decimal of(std::int64_t number);
    /// `12`, `-0.50`, `1.5e-3`, `NaN`, `Infinity`, `-Infinity`. Nothing if it is none of them, or
    /// longer than a numeric may be.
    static std::optional<Decimal> parse(std::string_view text);

    /// NaN equals itself and is greater than everything else. -1, 0, 1.
    static int compare(const Decimal& left, const Decimal& right);
    static Fault add(const Decimal& left, const Decimal& right, Decimal& out);
    static Fault subtract(const Decimal& left, const Decimal& right, Decimal& out);
    static Fault multiply(const Decimal& left, const Decimal& right, Decimal& out);
    /// Half is rounded away from zero.
    static Fault divide(const Decimal& left, const Decimal& right, Decimal& out);
    /// Has the sign of `left`.
    static Fault modulo(const Decimal& left, const Decimal& right, Decimal& out);
    Decimal negated() const;
    Decimal absolute() const;
    /// The nearest; nothing if it is beyond the range of a double, or too small for one.
    std::optional<double> to_double() const;
    /// As the server prints it.
    std::string text() const;
    bool zero() const { return kind_ == Kind::finite && limbs_.empty(); }

private:
    enum class Kind : std::uint8_t { finite, infinite, not_a_number };
    using Limbs = std::vector<std::uint32_t>;  ///< base 10^9, the lowest first, none in front is 0

    static Decimal special(Kind kind, bool negative);
    static Decimal not_a_number() { return special(Kind::not_a_number, false); }
    static Limbs shifted(const Limbs& limbs, std::uint32_t digits);
    static Limbs product(const Limbs& left, const Limbs& right);
    static void quotient(const Limbs& left, const Limbs& right, Limbs& out, Limbs& rest);
    static int compare_limbs(const Limbs& left, const Limbs& right);
    static Limbs sum(const Limbs& left, const Limbs& right);
    static Limbs difference(const Limbs& larger, const Limbs& smaller);
    static std::string digits(const Limbs& limbs);
    static Limbs from_digits(std::string_view digits);
    int sign() const { return zero() ? 0 : negative_ ? -1 : 1; }
    std::uint32_t quotient_scale(const Decimal& divisor) const;
    void round_to(std::uint32_t scale);
    Fault checked();

    Kind kind_ = Kind::finite;
    bool negative_ = false;
    std::uint32_t scale_ = 0;  ///< digits behind the point
    Limbs limbs_;
};

}  // namespace cutover::expression
