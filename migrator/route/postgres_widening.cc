#include "migrator/route/postgres_widening.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::route {

using model::ColumnSchema;
using model::Error;
using model::ErrorClass;
using model::TypeClass;

namespace {

/// A two's complement number in network byte order, of whatever width it has.
std::int64_t integer(std::string_view value) {
    if (value.size() != 2 && value.size() != 4 && value.size() != 8) {
        throw Error(ErrorClass::corrupt, "postgres.value", "an integer has an unknown width");
    }
    std::uint64_t bits = (static_cast<unsigned char>(value[0]) & 0x80) != 0 ? ~0ull : 0;
    for (const char byte : value) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(bits);
}

void append(std::string& out, std::uint64_t bits, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out += static_cast<char>(bits >> shift);
    }
}

void to_int4(std::string_view value, std::string& out) {
    append(out, static_cast<std::uint64_t>(integer(value)), 4);
}

void to_int8(std::string_view value, std::string& out) {
    append(out, static_cast<std::uint64_t>(integer(value)), 8);
}

/// numeric: int16 digits, int16 weight of the first one, int16 sign, int16 display scale, then the
/// digits, base 10000, without zeros at either end.
void to_numeric(std::string_view value, std::string& out) {
    constexpr std::uint64_t kBase = 10000;
    constexpr std::uint64_t kNegative = 0x4000;
    const std::int64_t number = integer(value);
    const bool negative = number < 0;
    std::uint64_t rest =
        negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    std::array<std::uint64_t, 5> digits{};  // the last one first
    std::size_t count = 0;
    for (; rest > 0; rest /= kBase) {
        digits[count++] = rest % kBase;
    }
    std::size_t zeros = 0;
    while (zeros < count && digits[zeros] == 0) {
        ++zeros;
    }
    append(out, count - zeros, 2);
    append(out, count == 0 ? 0 : count - 1, 2);
    append(out, negative ? kNegative : 0, 2);
    append(out, 0, 2);
    for (std::size_t at = count; at > zeros; --at) {
        append(out, digits[at - 1], 2);
    }
}

void to_float8(std::string_view value, std::string& out) {
    if (value.size() != 4) {
        throw Error(ErrorClass::corrupt, "postgres.value", "a float4 has an unknown width");
    }
    std::uint32_t narrow = 0;
    for (const char byte : value) {
        narrow = narrow << 8 | static_cast<unsigned char>(byte);
    }
    float number = 0;
    std::memcpy(&number, &narrow, sizeof(number));
    const double wide = number;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &wide, sizeof(bits));
    append(out, bits, 8);
}

/// The numbers in the parentheses of `numeric(12,2)`: nothing if there are none.
struct Modifier {
    int first = -1;
    int second = 0;
};

std::optional<Modifier> modifier(const std::string& type) {
    const std::size_t open = type.find('(');
    if (open == std::string::npos) {
        return std::nullopt;
    }
    Modifier out;
    const char* end = type.data() + type.size();
    const auto first = std::from_chars(type.data() + open + 1, end, out.first);
    if (first.ec == std::errc() && first.ptr != end && *first.ptr == ',') {
        std::from_chars(first.ptr + 1, end, out.second);
    }
    return out;
}

/// True if what fits `source` fits `there`, both of one type with modifiers in parentheses.
bool as_wide(const ColumnSchema& source, const ColumnSchema& there) {
    const auto ours = modifier(source.type);
    const auto theirs = modifier(there.type);
    if (!theirs) {
        return true;
    }
    return ours && theirs->second >= ours->second &&
           theirs->first - theirs->second >= ours->first - ours->second;
}

bool built_in(const ColumnSchema& column) {
    return column.type_name.schema == "pg_catalog" && column.type_class == TypeClass::base;
}

}  // namespace

std::optional<Widening> widening(const ColumnSchema& source, const ColumnSchema& there) {
    static const std::map<std::pair<std::string, std::string>, Widening> kWider = {
        {{"int2", "int4"}, to_int4},       {{"int2", "int8"}, to_int8},
        {{"int4", "int8"}, to_int8},       {{"int2", "numeric"}, to_numeric},
        {{"int4", "numeric"}, to_numeric}, {{"int8", "numeric"}, to_numeric},
        {{"float4", "float8"}, to_float8}, {{"varchar", "text"}, nullptr},
        {{"text", "varchar"}, nullptr},    {{"varchar", "varchar"}, nullptr},
        {{"numeric", "numeric"}, nullptr},
    };
    if (!built_in(there) || there.generated_expression) {
        return std::nullopt;
    }
    const std::string& wide = there.type_name.name;
    if (source.type_class == TypeClass::enumeration) {
        const bool holds = (wide == "text" || wide == "varchar") && !modifier(there.type);
        return holds ? std::optional<Widening>(nullptr) : std::nullopt;
    }
    const auto found = built_in(source) ? kWider.find({source.type_name.name, wide}) : kWider.end();
    if (found == kWider.end()) {
        return std::nullopt;
    }
    const bool same = source.type_name == there.type_name;
    const bool lengths = source.type_name.name == "varchar" || same;
    const bool holds = lengths ? as_wide(source, there) : !modifier(there.type);
    return holds ? std::optional<Widening>(found->second) : std::nullopt;
}

}  // namespace cutover::route
