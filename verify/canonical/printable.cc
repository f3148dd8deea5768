// Canonical cells as text: printable() of canonical.h. The text is what PostgreSQL takes as input
// for the type, so that the same words serve people and repair statements.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "verify/canonical/canonical.h"
#include "verify/canonical/json_tree.h"

namespace cutover::verify {

namespace {

std::int64_t signed32(std::string_view bytes) {
    return static_cast<std::int32_t>(big_endian(bytes.substr(0, 4)));
}

std::int64_t signed64(std::string_view bytes) {
    return static_cast<std::int64_t>(big_endian(bytes.substr(0, 8)));
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return out;
}

struct Civil {
    std::int64_t year;
    int month;
    int day;
};

/// Proleptic Gregorian date of a day count since 1970 (Howard Hinnant's days algorithm).
Civil civil(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const auto shifted = static_cast<int>((5 * day_of_year + 2) / 153);
    const int month = shifted < 10 ? shifted + 3 : shifted - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
            static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

std::string date_text(const Civil& date) {
    const std::int64_t year = date.year > 0 ? date.year : 1 - date.year;
    return fmt::format("{:04}-{:02}-{:02}", year, date.month, date.day);
}

const char* era(const Civil& date) {
    return date.year > 0 ? "" : " BC";
}

std::string time_text(std::int64_t microseconds) {
    const std::int64_t seconds = microseconds / 1000000;
    std::string out =
        fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (microseconds % 1000000 != 0) {
        out += fmt::format(".{:06}", microseconds % 1000000);
    }
    return out;
}

std::string zone_text(std::int64_t seconds_west) {
    const std::int64_t east = -seconds_west;
    const std::int64_t absolute = east < 0 ? -east : east;
    std::string out = fmt::format("{}{:02}", east < 0 ? '-' : '+', absolute / 3600);
    if (absolute % 3600 != 0) {
        out += fmt::format(":{:02}", absolute / 60 % 60);
    }
    if (absolute % 60 != 0) {
        out += fmt::format(":{:02}", absolute % 60);
    }
    return out;
}

std::string point_in_time(std::string_view payload, const char* zone) {
    const Civil date = civil(signed32(payload));
    return date_text(date) + " " + time_text(signed64(payload.substr(4))) + zone + era(date);
}

template <typename Float>
std::string float_text(Float value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-Infinity" : "Infinity";
    }
    return fmt::format("{}", value);
}

double float64(std::string_view bytes) {
    return std::bit_cast<double>(big_endian(bytes.substr(0, 8)));
}

std::string interval_text(std::string_view payload) {
    const std::int64_t micros = signed64(payload.substr(8));
    const bool negative = micros < 0;
    const std::uint64_t absolute =
        negative ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
    return fmt::format("{} mons {} days {}{:02}:{:02}:{:02}.{:06}", signed32(payload),
                       signed32(payload.substr(4)), negative ? "-" : "", absolute / 3600000000u,
                       absolute / 60000000u % 60, absolute / 1000000u % 60, absolute % 1000000u);
}

std::string uuid_text(std::string_view bytes) {
    std::string out = hex(bytes);
    for (const std::size_t at : {8u, 13u, 18u, 23u}) {
        if (at < out.size()) {
            out.insert(at, "-");
        }
    }
    return out;
}

std::string special_text(std::string_view payload) {
    return payload.size() == 2 && payload[1] == '-' ? "-infinity" : "infinity";
}

std::string bits_text(std::string_view payload) {
    std::uint64_t count = 0;
    take_varint(payload, count);
    std::string out;
    for (std::uint64_t bit = 0; bit < count && bit / 8 < payload.size(); ++bit) {
        out += (static_cast<unsigned char>(payload[bit / 8]) >> (7 - bit % 8) & 1) != 0 ? '1' : '0';
    }
    return out;
}

std::string network_text(std::string_view payload) {
    const std::string_view address = payload.substr(3);
    std::string out;
    if (address.size() == 4) {
        for (std::size_t at = 0; at < 4; ++at) {
            out += fmt::format("{}{}", at == 0 ? "" : ".", static_cast<unsigned char>(address[at]));
        }
    } else {
        for (std::size_t at = 0; at + 1 < address.size(); at += 2) {
            out += fmt::format("{}{:x}", at == 0 ? "" : ":", big_endian(address.substr(at, 2)));
        }
    }
    return out + fmt::format("/{}", static_cast<unsigned char>(payload[1]));
}

std::string points_text(std::string_view coordinates) {
    std::string out;
    for (std::size_t at = 0; at + 16 <= coordinates.size(); at += 16) {
        out += fmt::format("{}({},{})", at == 0 ? "" : ",",
                           float_text(float64(coordinates.substr(at))),
                           float_text(float64(coordinates.substr(at + 8))));
    }
    return out;
}

std::string geometry_text(std::string_view payload) {
    const std::string_view rest = payload.substr(2);
    switch (payload[0]) {
        case 'p':
        case 'b':
            return points_text(rest);
        case 's':
            return "[" + points_text(rest) + "]";
        case 'y':
            return "(" + points_text(rest) + ")";
        case 'o':
            return payload[1] != 0 ? "(" + points_text(rest) + ")" : "[" + points_text(rest) + "]";
        default:
            break;
    }
    if (rest.size() < 24) {
        return hex(payload);
    }
    const std::string a = float_text(float64(rest));
    const std::string b = float_text(float64(rest.substr(8)));
    const std::string c = float_text(float64(rest.substr(16)));
    return payload[0] == 'c' ? "<(" + a + "," + b + ")," + c + ">"
                             : "{" + a + "," + b + "," + c + "}";
}

std::string money_text(std::string_view payload) {
    ExactNumber amount;
    return take_number_payload(payload, false, amount) ? to_string(amount) : hex(payload);
}

/// A log position or a row's place, by its size.
std::string opaque_text(std::string_view payload) {
    if (payload.size() == 8) {
        return fmt::format("{:X}/{:X}", big_endian(payload.substr(0, 4)),
                           big_endian(payload.substr(4)));
    }
    if (payload.size() == 6) {
        return fmt::format("({},{})", big_endian(payload.substr(0, 4)),
                           big_endian(payload.substr(4)));
    }
    return hex(payload);
}

/// Takes one cell and gives its text; `is_null` says if it was NULL.
std::string take_text(std::string_view& cells, bool& is_null) {
    const std::string_view before = cells;
    CellView cell;
    if (!take_cell(cells, cell)) {
        cells = {};
        is_null = true;
        return {};
    }
    is_null = cell.tag == Tag::null;
    return printable(before.substr(0, before.size() - cells.size()));
}

/// Adds quotes where the text could be taken for something else inside an array, a record or a
/// range.
std::string quoted_if_needed(const std::string& text) {
    const bool plain = !text.empty() &&
                       text.find_first_of("\"\\{}(),[] \t\n\r\v\f") == std::string::npos &&
                       text != "NULL" && text != "null";
    if (plain) {
        return text;
    }
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    return out + "\"";
}

std::string part_text(std::string_view& cells, const char* null_text) {
    bool is_null = false;
    const std::string text = take_text(cells, is_null);
    return is_null ? null_text : quoted_if_needed(text);
}

/// One dimension of an array and the dimensions inside it. It ends when no cells are left or when
/// an inner dimension takes none, whatever length it claims to have.
std::string dimension_text(const std::vector<std::uint64_t>& lengths, std::size_t depth,
                           std::string_view& cells) {
    std::string out = "{";
    std::size_t left = cells.size() + 1;
    for (std::uint64_t at = 0; at < lengths[depth] && !cells.empty() && cells.size() < left; ++at) {
        left = cells.size();
        out += at == 0 ? "" : ",";
        out += depth + 1 == lengths.size() ? part_text(cells, "NULL")
                                           : dimension_text(lengths, depth + 1, cells);
    }
    return out + "}";
}

/// A server's arrays have no more dimensions than this.
constexpr std::uint64_t kMostDimensions = 6;

std::string array_text(std::string_view payload) {
    std::uint64_t dimensions = 0;
    std::uint64_t has_bounds = 0;
    if (!take_varint(payload, has_bounds) || !take_varint(payload, dimensions) ||
        dimensions > kMostDimensions) {
        return "(broken array)";
    }
    std::vector<std::uint64_t> lengths;
    std::string shape;
    bool plain = true;
    for (std::uint64_t at = 0; at < dimensions; ++at) {
        std::uint64_t length = 0;
        take_varint(payload, length);
        lengths.push_back(length);
        std::int64_t bound = 1;
        if (has_bounds != 0 && payload.size() >= 4) {
            bound = signed32(payload);
            payload.remove_prefix(4);
        }
        plain = plain && bound == 1;
        shape += fmt::format("[{}:{}]", bound, bound + static_cast<std::int64_t>(length) - 1);
    }
    if (lengths.empty()) {
        return "{}";
    }
    return (plain ? "" : shape + "=") + dimension_text(lengths, 0, payload);
}

std::string record_text(std::string_view payload) {
    std::uint64_t fields = 0;
    take_varint(payload, fields);
    std::string out = "(";
    for (std::uint64_t at = 0; at < fields && !payload.empty(); ++at) {
        out += (at == 0 ? "" : ",") + part_text(payload, "");
    }
    return out + ")";
}

std::string range_text(std::string_view payload) {
    constexpr unsigned kEmpty = 1, kLowerClosed = 2, kUpperClosed = 4, kNoLower = 8, kNoUpper = 16;
    const auto flags = static_cast<unsigned char>(payload.empty() ? '\1' : payload[0]);
    if ((flags & kEmpty) != 0) {
        return "empty";
    }
    payload.remove_prefix(1);
    std::string out = (flags & kLowerClosed) != 0 ? "[" : "(";
    out += (flags & kNoLower) == 0 ? part_text(payload, "") : "";
    out += ",";
    out += (flags & kNoUpper) == 0 ? part_text(payload, "") : "";
    return out + ((flags & kUpperClosed) != 0 ? "]" : ")");
}

std::string multirange_text(std::string_view payload) {
    std::uint64_t count = 0;
    take_varint(payload, count);
    std::string out = "{";
    for (std::uint64_t at = 0; at < count && !payload.empty(); ++at) {
        bool is_null = false;
        out += (at == 0 ? "" : ",") + take_text(payload, is_null);
    }
    return out + "}";
}

std::string json_text(std::string_view payload) {
    return payload.empty() ? "" : json_tree_text(payload.substr(1), payload[0] == 's');
}

/// Bytes the payload must have at least; shorter ones are printed as hex.
std::size_t least_size(Tag tag) {
    switch (tag) {
        case Tag::boolean:
            return 1;
        case Tag::float32:
        case Tag::date:
            return 4;
        case Tag::float64:
        case Tag::time:
            return 8;
        case Tag::instant:
        case Tag::local_time:
        case Tag::zoned_time:
            return 12;
        case Tag::interval:
            return 16;
        case Tag::network:
            return 3;
        case Tag::geometry:
            return 2;
        default:
            return 0;
    }
}

std::string scalar_text(Tag tag, std::string_view payload) {
    switch (tag) {
        case Tag::boolean:
            return payload[0] != 0 ? "true" : "false";
        case Tag::float32:
            return float_text(
                std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(payload))));
        case Tag::float64:
            return float_text(float64(payload));
        case Tag::bytes:
            return "\\x" + hex(payload);
        case Tag::instant:
            return point_in_time(payload, "+00");
        case Tag::local_time:
            return point_in_time(payload, "");
        case Tag::date:
            return date_text(civil(signed32(payload))) + era(civil(signed32(payload)));
        case Tag::time:
            return time_text(signed64(payload));
        case Tag::zoned_time:
            return time_text(signed64(payload)) + zone_text(signed32(payload.substr(8)));
        case Tag::interval:
            return interval_text(payload);
        case Tag::uuid:
            return uuid_text(payload);
        case Tag::bits:
            return bits_text(payload);
        case Tag::network:
            return network_text(payload);
        case Tag::money:
            return money_text(payload);
        case Tag::geometry:
            return geometry_text(payload);
        case Tag::special_time:
            return special_text(payload);
        case Tag::hardware:
            return hex(payload);
        case Tag::opaque:
            return opaque_text(payload);
        default:
            return std::string(payload);
    }
}

}  // namespace

std::string printable(std::string_view bytes) {
    CellView cell;
    ExactNumber number;
    if (!take_cell(bytes, cell)) {
        return "(no value)";
    }
    if (cell.payload.size() < least_size(cell.tag)) {
        return hex(cell.payload);
    }
    switch (cell.tag) {
        case Tag::null:
            return "NULL";
        case Tag::absent:
            return "(absent)";
        case Tag::number:
        case Tag::scaled_number:
            return read_number(cell, number) ? to_string(number) : "(broken number)";
        case Tag::json:
            return json_text(cell.payload);
        case Tag::array:
            return array_text(cell.payload);
        case Tag::record:
            return record_text(cell.payload);
        case Tag::range:
            return range_text(cell.payload);
        case Tag::multirange:
            return multirange_text(cell.payload);
        case Tag::uncomparable:
            return "(cannot be decoded: " + std::string(cell.payload) + ")";
        default:
            return scalar_text(cell.tag, cell.payload);
    }
}

}  // namespace cutover::verify
