// Values of built-in types whose bytes mean something else at the destination, or that it does not
// take: what becomes of each. The table of what can differ, type by type, is in verify/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "migrator/model/schema.h"

namespace cutover::route {

/// Ids of PostgreSQL's own types, the same in every database.
constexpr std::uint64_t kInt2vector = 22;
constexpr std::uint64_t kOidvector = 30;
constexpr std::uint64_t kXml = 142;
constexpr std::uint64_t kMoney = 790;
constexpr std::uint64_t kInterval = 1186;
constexpr std::uint64_t kTsquery = 3615;

/// What the ends do not have in common. Immutable.
class Leaves {
public:
    Leaves(const model::Catalog& source, const model::Catalog& destination);

    /// True if values of this built-in type are not simply sent on.
    bool concerns(std::uint64_t type) const;
    /// Appends the destination's form of a value of a type that is concerned.
    /// Throws: refused (the destination cannot hold it; without row and column), corrupt.
    void write(std::uint64_t type, std::string_view value, std::string& out) const;

    /// The destination's version reads the infinite intervals as 178956970 years.
    bool finite_intervals_only() const { return finite_intervals_only_; }
    /// How many digits more an amount of money has at the destination than at the source.
    int money_shift() const { return money_shift_; }

private:
    void write_money(std::string_view value, std::string& out) const;

    bool finite_intervals_only_ = false;
    int money_digits_ = 2;
    int money_shift_ = 0;
};

}  // namespace cutover::route
