// What the values of a column are, whatever engine they came from. Values of one family have a
// common canonical form, so they can be called equal or different; values of different families
// cannot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cutover::verify {

enum class Family : std::uint8_t {
    boolean,
    number,
    floating,
    text,
    bytes,
    json,
    date,
    time,
    zoned_time,
    local_time,
    instant,
    interval,
    uuid,
    bits,
    network,
    hardware,
    money,
    geometry,
    array,
    range,
    multirange,
    record,
    opaque,
};

struct ValueFamily {
    Family family = Family::opaque;
    std::string kind = {};                ///< which geometry; which engine's own type
    std::vector<ValueFamily> parts = {};  ///< the element of a collection, the fields of a record
    std::vector<std::string> names = {};  ///< of a record's fields; fields match by place and name

    bool operator==(const ValueFamily&) const = default;
};

}  // namespace cutover::verify
