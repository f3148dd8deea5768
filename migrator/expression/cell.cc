#include "migrator/expression/cell.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "migrator/expression/moment.h"
#include "migrator/model/check.h"

namespace cutover::expression {

namespace {

template <typename Number>
bool read_integer(std::string_view text, Value& out) {
    text.remove_prefix(text.starts_with('+') && !text.starts_with("+-") ? 1 : 0);
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    out.integer = number;
    return error == std::errc{} && end == text.data() + text.size();
}

template <typename Number>
bool read_float(std::string_view text, Value& out) {
    if (text == "NaN") {
        out.real = std::numeric_limits<double>::quiet_NaN();
        return true;
    }
    if (text == "Infinity" || text == "-Infinity") {
        out.real = text.front() == '-' ? -std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::infinity();
        return true;
    }
    if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
        return false;
    }
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    out.real = number;
    const bool vanished =
        number == 0 && text.substr(0, text.find_first_of("eE")).find_first_of("123456789") !=
                           std::string_view::npos;
    return error == std::errc{} && end == text.data() + text.size() && !std::isinf(number) &&
           !vanished;
}

bool read_uuid(std::string_view text, Value& out) {
    if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-') {
        return false;
    }
    std::size_t digit = 0;
    for (const char one : text) {
        if (one == '-' && (digit == 8 || digit == 12 || digit == 16 || digit == 20)) {
            continue;
        }
        const int value = one >= '0' && one <= '9'   ? one - '0'
                          : one >= 'a' && one <= 'f' ? one - 'a' + 10
                          : one >= 'A' && one <= 'F' ? one - 'A' + 10
                                                     : -1;
        if (value < 0 || digit == 32) {
            return false;
        }
        std::uint8_t& byte = out.uuid[digit / 2];
        byte = static_cast<std::uint8_t>(digit % 2 == 0 ? value << 4 : byte | value);
        ++digit;
    }
    return digit == 32;
}

bool read_boolean(std::string_view text, Value& out) {
    out.integer = text == "t" || text == "true" ? 1 : 0;
    return out.integer == 1 || text == "f" || text == "false";
}

bool set(std::optional<std::int64_t> read, Value& out) {
    out.integer = read.value_or(0);
    return read.has_value();
}

bool read_numeric(std::string_view text, Value& out) {
    auto read = Decimal::parse(text);
    if (read) {
        out.number = std::move(*read);
    }
    return read.has_value();
}

}  // namespace

bool read_text(Type type, std::string_view text, Value& out) {
    out.null = false;
    switch (type) {
        case Type::boolean:
            return read_boolean(text, out);
        case Type::int2:
            return read_integer<std::int16_t>(text, out);
        case Type::int4:
            return read_integer<std::int32_t>(text, out);
        case Type::int8:
            return read_integer<std::int64_t>(text, out);
        case Type::numeric:
            return read_numeric(text, out);
        case Type::float4:
            return read_float<float>(text, out);
        case Type::float8:
            return read_float<double>(text, out);
        case Type::text:
            out.text = text;
            return true;
        case Type::date:
            return set(parse_date(text), out);
        case Type::timestamp:
            return set(parse_moment(text, Zone::none), out);
        case Type::timestamptz:
            return set(parse_moment(text, Zone::required), out);
        case Type::uuid:
            return read_uuid(text, out);
        case Type::opaque:
            return true;
        case Type::unknown:
            break;
    }
    model::check_failed("a value needs a type", __FILE__, __LINE__);
}

}  // namespace cutover::expression
