#include "migrator/route/postgres_leaf.h"

#include <fmt/format.h>

#include "migrator/model/error.h"

namespace cutover::route {

namespace {

using model::Error;
using model::ErrorClass;

constexpr int kInfiniteIntervals = 17;  ///< the first version that has them
constexpr std::string_view kInfinity(
    "\x7f\xff\xff\xff\xff\xff\xff\xff"
    "\x7f\xff\xff\xff\x7f\xff\xff\xff",
    16);
constexpr std::string_view kMinusInfinity("\x80\0\0\0\0\0\0\0\x80\0\0\0\x80\0\0\0", 16);
/// tsquery_recv() refuses what tsquery_send() makes of a query without words: a count of zero.
constexpr std::string_view kEmptyTsquery("\0\0\0\0", 4);
/// int2vector and oidvector travel as arrays; the header and one dimension, and no element.
constexpr std::size_t kEmptyVector = 20;

void refuse(const char* code, const std::string& what, const char* hint) {
    throw Error(ErrorClass::refused, code, what, hint);
}

void check_interval(std::string_view value) {
    if (value == kInfinity || value == kMinusInfinity) {
        refuse("route.interval_infinity",
               fmt::format("the interval '{}' does not exist in the destination's version, which "
                           "would read it as {}178956970 years",
                           value == kInfinity ? "infinity" : "-infinity",
                           value == kInfinity ? "" : "-"),
               "set such values to NULL or to a finite interval at the source, migrate to "
               "version 17 or later, or exclude the column (objects.exclude_columns)");
    }
}

void check_not_empty(std::uint64_t type, std::string_view value) {
    if (type == kTsquery && value == kEmptyTsquery) {
        refuse("route.empty_tsquery",
               "an empty tsquery was met, which PostgreSQL sends in binary form and does not take "
               "back",
               "set such values to NULL at the source, or exclude the column "
               "(objects.exclude_columns)");
    }
    if ((type == kInt2vector || type == kOidvector) && value.size() <= kEmptyVector) {
        refuse("route.empty_vector",
               fmt::format("an empty {} was met, which PostgreSQL sends in binary form and does "
                           "not take back",
                           type == kInt2vector ? "int2vector" : "oidvector"),
               "set such values to NULL at the source, or exclude the column "
               "(objects.exclude_columns)");
    }
}

std::int64_t read_integer(std::string_view value) {
    if (value.size() != 8) {
        throw Error(ErrorClass::corrupt, "postgres.value", "an amount of money is not 8 bytes");
    }
    std::uint64_t out = 0;
    for (const char byte : value) {
        out = out << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(out);
}

std::string amount_text(std::int64_t units, int digits) {
    const auto raw = static_cast<std::uint64_t>(units);
    std::string text = fmt::format("{:0{}}", units < 0 ? 0 - raw : raw, digits + 1);
    if (digits > 0) {
        text.insert(text.size() - static_cast<std::size_t>(digits), ".");
    }
    return (units < 0 ? "-" : "") + text;
}

}  // namespace

Leaves::Leaves(const model::Catalog& source, const model::Catalog& destination) {
    finite_intervals_only_ = source.server_version >= kInfiniteIntervals &&
                             destination.server_version > 0 &&
                             destination.server_version < kInfiniteIntervals;
    if (source.money_digits && destination.money_digits) {
        money_digits_ = *source.money_digits;
        money_shift_ = *destination.money_digits - *source.money_digits;
    }
}

bool Leaves::concerns(std::uint64_t type) const {
    return type == kTsquery || type == kInt2vector || type == kOidvector ||
           (type == kInterval && finite_intervals_only_) || (type == kMoney && money_shift_ != 0);
}

void Leaves::write(std::uint64_t type, std::string_view value, std::string& out) const {
    if (type == kMoney) {
        write_money(value, out);
        return;
    }
    if (type == kInterval) {
        check_interval(value);
    } else {
        check_not_empty(type, value);
    }
    out.append(value);
}

void Leaves::write_money(std::string_view value, std::string& out) const {
    const std::int64_t units = read_integer(value);
    std::int64_t there = units;
    bool fits = true;
    for (int digit = 0; digit < money_shift_; ++digit) {
        fits = fits && !__builtin_mul_overflow(there, std::int64_t{10}, &there);
    }
    for (int digit = 0; digit > money_shift_; --digit) {
        fits = fits && there % 10 == 0;
        there /= 10;
    }
    if (!fits) {
        refuse("route.money",
               fmt::format("the amount {} cannot be held by the destination, whose lc_monetary "
                           "counts money with {} digits after the point",
                           amount_text(units, money_digits_), money_digits_ + money_shift_),
               "set lc_monetary of the destination's database as at the source (ALTER DATABASE), "
               "or exclude the column (objects.exclude_columns)");
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint64_t>(there) >> shift);
    }
}

}  // namespace cutover::route
