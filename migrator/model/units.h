// Units as types, so that a number of rows cannot pass for a number of bytes.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace cutover::model {

template <typename Tag>
struct Quantity {
    std::uint64_t count = 0;

    auto operator<=>(const Quantity&) const = default;
    Quantity& operator+=(Quantity other) {
        count += other.count;
        return *this;
    }
    friend Quantity operator+(Quantity a, Quantity b) { return {a.count + b.count}; }
    friend Quantity operator-(Quantity a, Quantity b) { return {a.count - b.count}; }
};

using Bytes = Quantity<struct BytesTag>;
using Rows = Quantity<struct RowsTag>;

/// Microseconds since 1970-01-01T00:00:00Z on a server's or the machine's clock.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

}  // namespace cutover::model
