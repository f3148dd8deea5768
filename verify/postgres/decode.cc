#include "verify/postgres/decode.h"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "verify/canonical/canonical.h"
#include "verify/canonical/json_tree.h"
#include "verify/canonical/xml_declaration.h"

namespace cutover::verify {

namespace {

constexpr std::int64_t kDayMicroseconds = 86400000000;
constexpr std::int64_t kDaysTo2000 = 10957;
constexpr int kDepthLimit = 200;

/// Reads fixed-width fields off a cell; remembers whether there were too few bytes.
class Fields {
public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}

    std::string_view take(std::size_t count) {
        if (count > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }
    std::uint64_t unsigned_integer(std::size_t bytes) { return big_endian(take(bytes)); }
    std::int64_t int16() { return static_cast<std::int16_t>(unsigned_integer(2)); }
    std::int64_t int32() { return static_cast<std::int32_t>(unsigned_integer(4)); }
    std::int64_t int64() { return static_cast<std::int64_t>(unsigned_integer(8)); }
    std::string_view rest() { return std::exchange(rest_, {}); }
    bool ok() const { return ok_; }
    bool done() const { return ok_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

struct Context {
    const RuleSet& rules;
    std::string& out;

    bool scaled() const { return !rules.has(Rule::numeric_scale); }
};

bool decode(const WireType& type, std::string_view wire, const Context& context, int depth);

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

bool put_integer(Fields& fields, std::size_t bytes, const Context& context) {
    const std::uint64_t raw = fields.unsigned_integer(bytes);
    if (!fields.done()) {
        return false;
    }
    const auto shift = static_cast<int>(64 - 8 * bytes);
    put_number(context.out, number_from(static_cast<std::int64_t>(raw << shift) >> shift),
               context.scaled());
    return true;
}

bool put_unsigned(Fields& fields, std::size_t bytes, const Context& context) {
    const std::uint64_t value = fields.unsigned_integer(bytes);
    put_number(context.out, number_from(value), context.scaled());
    return fields.done();
}

bool put_numeric(std::string_view wire, const Context& context) {
    ExactNumber number;
    if (!read_postgres_numeric(wire, number)) {
        return false;
    }
    put_number(context.out, number, context.scaled());
    return true;
}

std::uint32_t settled(float value, const RuleSet& rules) {
    if (std::isnan(value)) {
        value = std::numeric_limits<float>::quiet_NaN();
    } else if (value == 0 && rules.has(Rule::negative_zero)) {
        value = 0;
    }
    return std::bit_cast<std::uint32_t>(value);
}

std::uint64_t settled(double value, const RuleSet& rules) {
    if (std::isnan(value)) {
        value = std::numeric_limits<double>::quiet_NaN();
    } else if (value == 0 && rules.has(Rule::negative_zero)) {
        value = 0;
    }
    return std::bit_cast<std::uint64_t>(value);
}

void put_float32(float value, const Context& context) {
    const std::size_t cell = open_cell(context.out, Tag::float32);
    put_big_endian(context.out, settled(value, context.rules), 4);
    close_cell(context.out, cell);
}

bool put_float32(Fields& fields, const Context& context) {
    put_float32(std::bit_cast<float>(static_cast<std::uint32_t>(fields.unsigned_integer(4))),
                context);
    return fields.done();
}

/// A value that cannot have been a `real` is compared as it is, whatever the rule.
bool lies_in_float32(double value) {
    const auto narrow = static_cast<float>(value);
    return std::isinf(narrow) == std::isinf(value) && (narrow == 0) == (value == 0);
}

bool put_float64(Fields& fields, const Context& context) {
    const auto value = std::bit_cast<double>(fields.unsigned_integer(8));
    if (context.rules.has(Rule::float_width) && lies_in_float32(value)) {
        put_float32(static_cast<float>(value), context);
        return fields.done();
    }
    const std::size_t cell = open_cell(context.out, Tag::float64);
    put_big_endian(context.out, settled(value, context.rules), 8);
    close_cell(context.out, cell);
    return fields.done();
}

void put_special_time(const Context& context, char kind, bool positive) {
    const char payload[2] = {kind, positive ? '+' : '-'};
    put_cell(context.out, Tag::special_time, std::string_view(payload, 2));
}

bool put_date(Fields& fields, const Context& context) {
    const std::int64_t days = fields.int32();
    if (days == std::numeric_limits<std::int32_t>::max() ||
        days == std::numeric_limits<std::int32_t>::min()) {
        put_special_time(context, 'd', days > 0);
        return fields.done();
    }
    const std::size_t cell = open_cell(context.out, Tag::date);
    put_big_endian(context.out, static_cast<std::uint64_t>(days + kDaysTo2000), 4);
    close_cell(context.out, cell);
    return fields.done();
}

/// Earlier than every time that the server can hold: rounding down from here would overflow 64
/// bits.
constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min() + kDayMicroseconds;

std::int64_t truncated(std::int64_t microseconds, const RuleSet& rules) {
    return rules.has(Rule::ms_truncation) && microseconds >= kNoTime
               ? floor_divide(microseconds, 1000) * 1000
               : microseconds;
}

bool put_timestamp(Fields& fields, Tag tag, const Context& context) {
    const std::int64_t raw = fields.int64();
    if (raw == std::numeric_limits<std::int64_t>::max() ||
        raw == std::numeric_limits<std::int64_t>::min()) {
        put_special_time(context, tag == Tag::instant ? 'i' : 'l', raw > 0);
        return fields.done();
    }
    if (raw < kNoTime) {
        return false;
    }
    const std::int64_t micros = truncated(raw, context.rules);
    const std::int64_t days = floor_divide(micros, kDayMicroseconds);
    put_instant(context.out, tag, days + kDaysTo2000, micros - days * kDayMicroseconds);
    return fields.done();
}

bool put_time(Fields& fields, Tag tag, const Context& context) {
    const std::size_t cell = open_cell(context.out, tag);
    const std::int64_t micros = truncated(fields.int64(), context.rules);
    put_big_endian(context.out, static_cast<std::uint64_t>(micros), 8);
    if (tag == Tag::zoned_time) {
        context.out.append(fields.take(4));
    }
    close_cell(context.out, cell);
    return fields.done();
}

bool put_interval(const WireType& type, Fields& fields, const Context& context) {
    const std::int64_t micros = fields.int64();
    const std::int64_t days = fields.int32();
    const std::int64_t months = fields.int32();
    const auto all = [&](auto pick) {
        return micros == pick(std::int64_t{}) && days == pick(std::int32_t{}) &&
               months == pick(std::int32_t{});
    };
    const bool highest = all([](auto zero) { return std::numeric_limits<decltype(zero)>::max(); });
    const bool lowest = all([](auto zero) { return std::numeric_limits<decltype(zero)>::min(); });
    if (type.reading.infinite_intervals && (highest || lowest)) {
        put_special_time(context, 'v', highest);
        return fields.done();
    }
    const std::size_t cell = open_cell(context.out, Tag::interval);
    put_big_endian(context.out, static_cast<std::uint64_t>(months), 4);
    put_big_endian(context.out, static_cast<std::uint64_t>(days), 4);
    put_big_endian(context.out, static_cast<std::uint64_t>(micros), 8);
    close_cell(context.out, cell);
    return fields.done();
}

bool put_tree(std::string_view text, const Context& context) {
    const std::size_t cell = open_cell(context.out, Tag::json);
    context.out.push_back(context.scaled() ? 's' : 'v');
    if (!put_json_tree(text, context.scaled(), context.out)) {
        return false;
    }
    close_cell(context.out, cell);
    return true;
}

bool put_json(std::string_view wire, const Context& context) {
    if (context.rules.has(Rule::json_text)) {
        return put_tree(wire, context);
    }
    put_cell(context.out, Tag::json_text, wire);
    return true;
}

bool put_jsonb(Fields& fields, const Context& context) {
    return fields.unsigned_integer(1) == 1 && put_tree(fields.rest(), context);
}

bool put_padded(std::string_view wire, const Context& context) {
    if (context.rules.has(Rule::rtrim_char)) {
        const std::size_t last = wire.find_last_not_of(' ');
        wire = wire.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    put_cell(context.out, Tag::text, wire);
    return true;
}

/// A length-prefixed value inside an array, a record or a range; -1 is NULL.
bool put_part(const WireType& type, Fields& fields, const Context& context, int depth) {
    const std::int64_t length = fields.int32();
    if (!fields.ok() || length < -1) {
        return false;
    }
    if (length == -1) {
        put_null(context.out);
        return true;
    }
    const std::string_view bytes = fields.take(static_cast<std::size_t>(length));
    return fields.ok() && decode(type, bytes, context, depth + 1);
}

bool put_array(const WireType& type, Fields& fields, const Context& context, int depth) {
    const std::int64_t dimensions = fields.int32();
    fields.take(
        8);  // the NULL flag, and the element type's number, which differs between databases
    if (!fields.ok() || dimensions < 0 || dimensions > 6) {
        return false;
    }
    const bool with_bounds = !context.rules.has(Rule::array_bounds);
    const std::size_t cell = open_cell(context.out, Tag::array);
    put_varint(context.out, with_bounds ? 1 : 0);
    put_varint(context.out, static_cast<std::uint64_t>(dimensions));
    std::int64_t count = dimensions == 0 ? 0 : 1;
    for (std::int64_t at = 0; at < dimensions; ++at) {
        const std::int64_t length = fields.int32();
        put_varint(context.out, static_cast<std::uint64_t>(length));
        const std::string_view bound = fields.take(4);
        if (with_bounds) {
            context.out.append(bound);
        }
        count *= length;
        if (!fields.ok() || length < 0 || count > (std::int64_t{1} << 30)) {
            return false;
        }
    }
    for (std::int64_t at = 0; at < count; ++at) {
        if (!put_part(*type.element, fields, context, depth)) {
            return false;
        }
    }
    close_cell(context.out, cell);
    return fields.done();
}

bool put_record(const WireType& type, Fields& fields, const Context& context, int depth) {
    const std::int64_t count = fields.int32();
    if (!fields.ok() || count != static_cast<std::int64_t>(type.fields.size())) {
        return false;
    }
    const std::size_t cell = open_cell(context.out, Tag::record);
    put_varint(context.out, type.fields.size());
    for (const WireTypePtr& field : type.fields) {
        fields.take(4);  // the field's type number
        if (!put_part(*field, fields, context, depth)) {
            return false;
        }
    }
    close_cell(context.out, cell);
    return fields.done();
}

bool put_range(const WireType& type, Fields& fields, const Context& context, int depth) {
    constexpr unsigned kEmpty = 0x01, kNoLower = 0x08, kNoUpper = 0x10;
    const auto flags = static_cast<unsigned>(fields.unsigned_integer(1));
    const std::size_t cell = open_cell(context.out, Tag::range);
    context.out.push_back(static_cast<char>(flags));
    const bool lower = (flags & (kEmpty | kNoLower)) == 0;
    const bool upper = (flags & (kEmpty | kNoUpper)) == 0;
    if ((lower && !put_part(*type.element, fields, context, depth)) ||
        (upper && !put_part(*type.element, fields, context, depth))) {
        return false;
    }
    close_cell(context.out, cell);
    return fields.done();
}

bool put_multirange(const WireType& type, Fields& fields, const Context& context, int depth) {
    const std::uint64_t count = fields.unsigned_integer(4);
    const std::size_t cell = open_cell(context.out, Tag::multirange);
    put_varint(context.out, count);
    for (std::uint64_t at = 0; at < count; ++at) {
        if (!put_part(*type.element, fields, context, depth)) {
            return false;
        }
    }
    close_cell(context.out, cell);
    return fields.done();
}

bool put_bits(Fields& fields, const Context& context) {
    const std::int64_t bits = fields.int32();
    if (!fields.ok() || bits < 0) {
        return false;
    }
    const std::size_t cell = open_cell(context.out, Tag::bits);
    put_varint(context.out, static_cast<std::uint64_t>(bits));
    context.out.append(fields.take(static_cast<std::size_t>((bits + 7) / 8)));
    close_cell(context.out, cell);
    return fields.done();
}

bool put_network(Fields& fields, const Context& context) {
    const std::size_t cell = open_cell(context.out, Tag::network);
    context.out.append(fields.take(3));  // family, prefix length, is it a network
    const std::uint64_t size = fields.unsigned_integer(1);
    context.out.append(fields.take(size));
    close_cell(context.out, cell);
    return fields.done() && (size == 4 || size == 16);
}

bool put_geometry(const WireType& type, Fields& fields, const Context& context) {
    const bool path = type.geometry == 'o';
    const char closed = path ? static_cast<char>(fields.unsigned_integer(1)) : '\0';
    if (path || type.geometry == 'y') {
        fields.take(4);  // the number of points, which the length tells too
    }
    const std::size_t cell = open_cell(context.out, Tag::geometry);
    context.out.push_back(type.geometry);
    context.out.push_back(closed);
    if (!fields.ok()) {
        return false;
    }
    for (std::string_view rest = fields.rest(); !rest.empty(); rest.remove_prefix(8)) {
        if (rest.size() < 8) {
            return false;
        }
        const auto value = std::bit_cast<double>(big_endian(rest.substr(0, 8)));
        put_big_endian(context.out, settled(value, context.rules), 8);
    }
    close_cell(context.out, cell);
    return true;
}

bool put_fixed(std::string_view wire, Tag tag, std::initializer_list<std::size_t> sizes,
               const Context& context) {
    for (const std::size_t size : sizes) {
        if (wire.size() == size) {
            put_cell(context.out, tag, wire);
            return true;
        }
    }
    return false;
}

bool put_truth(std::string_view wire, const Context& context) {
    if (wire.size() != 1) {
        return false;
    }
    put_boolean(context.out, wire[0] != 0);
    return true;
}

/// The amount in whole currency units, whatever fraction of them the database counts in.
ExactNumber money_amount(const WireType& type, Fields& fields) {
    ExactNumber amount = number_from(fields.int64());
    if (!amount.digits.empty()) {
        amount.exponent -= type.reading.money_digits;
    }
    return amount;
}

bool put_money(const WireType& type, Fields& fields, const Context& context) {
    const std::size_t cell = open_cell(context.out, Tag::money);
    put_number_payload(context.out, money_amount(type, fields), false);
    close_cell(context.out, cell);
    return fields.done();
}

bool put_text(std::string_view wire, Tag tag, const Context& context) {
    put_cell(context.out, tag, wire);
    return true;
}

bool decode_number(const WireType& type, std::string_view wire, const Context& context) {
    Fields fields(wire);
    switch (type.wire) {
        case Wire::int16:
            return put_integer(fields, 2, context);
        case Wire::int32:
            return put_integer(fields, 4, context);
        case Wire::int64:
            return put_integer(fields, 8, context);
        case Wire::uint32:
            return put_unsigned(fields, 4, context);
        case Wire::uint64:
            return put_unsigned(fields, 8, context);
        case Wire::numeric:
            return put_numeric(wire, context);
        case Wire::float32:
            return put_float32(fields, context);
        case Wire::float64:
            return put_float64(fields, context);
        default:
            return false;
    }
}

bool decode_time(const WireType& type, std::string_view wire, const Context& context) {
    Fields fields(wire);
    switch (type.wire) {
        case Wire::date:
            return put_date(fields, context);
        case Wire::time:
            return put_time(fields, Tag::time, context);
        case Wire::zoned_time:
            return put_time(fields, Tag::zoned_time, context);
        case Wire::local_time:
            return put_timestamp(fields, Tag::local_time, context);
        case Wire::instant:
            return put_timestamp(fields, Tag::instant, context);
        case Wire::interval:
            return put_interval(type, fields, context);
        default:
            return false;
    }
}

bool decode(const WireType& type, std::string_view wire, const Context& context, int depth) {
    if (depth > kDepthLimit) {
        return false;
    }
    Fields fields(wire);
    switch (type.wire) {
        case Wire::boolean:
            return put_truth(wire, context);
        case Wire::int16:
        case Wire::int32:
        case Wire::int64:
        case Wire::uint32:
        case Wire::uint64:
        case Wire::numeric:
        case Wire::float32:
        case Wire::float64:
            return decode_number(type, wire, context);
        case Wire::date:
        case Wire::time:
        case Wire::zoned_time:
        case Wire::local_time:
        case Wire::instant:
        case Wire::interval:
            return decode_time(type, wire, context);
        case Wire::text:
            return put_text(wire, Tag::text, context);
        case Wire::via_text:
            return put_text(type.xml && context.rules.has(Rule::xml_declaration)
                                ? without_declared_encoding(wire)
                                : std::string(wire),
                            Tag::text, context);
        case Wire::padded_text:
            return put_padded(wire, context);
        case Wire::bytes:
            return put_text(wire, Tag::bytes, context);
        case Wire::json:
            return put_json(wire, context);
        case Wire::jsonb:
            return put_jsonb(fields, context);
        case Wire::uuid:
            return put_fixed(wire, Tag::uuid, {16}, context);
        case Wire::array:
            return put_array(type, fields, context, depth);
        case Wire::record:
            return put_record(type, fields, context, depth);
        case Wire::range:
            return put_range(type, fields, context, depth);
        case Wire::multirange:
            return put_multirange(type, fields, context, depth);
        case Wire::bits:
            return put_bits(fields, context);
        case Wire::network:
            return put_network(fields, context);
        case Wire::hardware:
            return put_fixed(wire, Tag::hardware, {6, 8}, context);
        case Wire::money:
            return put_money(type, fields, context);
        case Wire::geometry:
            return put_geometry(type, fields, context);
        case Wire::opaque:
            return put_text(wire, Tag::opaque, context);
    }
    return false;
}

class PostgresDecoder final : public CellDecoder {
public:
    explicit PostgresDecoder(WireTypePtr type)
        : CellDecoder(verify::value_family(*type), verify::byte_form(*type)),
          type_(std::move(type)) {}
    bool canonical(std::string_view wire, const RuleSet& rules, std::string& out) const override {
        return decode_postgres(*type_, wire, rules, out);
    }
    bool number(std::string_view wire, ExactNumber& out) const override {
        if (type_->wire == Wire::money) {
            Fields fields(wire);
            out = money_amount(*type_, fields);
            return fields.done();
        }
        return type_->wire == Wire::numeric && read_postgres_numeric(wire, out);
    }

private:
    WireTypePtr type_;
};

}  // namespace

bool read_postgres_numeric(std::string_view wire, ExactNumber& out) {
    constexpr std::uint64_t kNegative = 0x4000, kNan = 0xC000, kInfinity = 0xD000, kMinus = 0xF000;
    Fields fields(wire);
    const std::int64_t groups = fields.int16();
    const std::int64_t weight = fields.int16();
    const std::uint64_t sign = fields.unsigned_integer(2);
    const std::uint64_t scale = fields.unsigned_integer(2);
    out = ExactNumber();
    if (sign == kNan || sign == kInfinity || sign == kMinus) {
        out.kind = sign == kNan        ? NumberKind::nan
                   : sign == kInfinity ? NumberKind::infinity
                                       : NumberKind::minus_infinity;
        return fields.done();
    }
    for (std::int64_t at = 0; at < groups; ++at) {
        const std::uint64_t group = fields.unsigned_integer(2);
        for (const std::uint64_t unit : {1000u, 100u, 10u, 1u}) {
            out.digits.push_back(static_cast<char>('0' + group / unit % 10));
        }
    }
    out.exponent = (weight - groups + 1) * 4;
    normalise(out, sign == kNegative);
    out.scale = static_cast<std::uint32_t>(scale);
    return fields.done() && groups >= 0 && (sign == 0 || sign == kNegative);
}

bool decode_postgres(const WireType& type, std::string_view wire, const RuleSet& rules,
                     std::string& out) {
    const std::size_t before = out.size();
    if (decode(type, wire, Context{rules, out}, 0)) {
        return true;
    }
    out.resize(before);
    put_cell(out, Tag::uncomparable, "the value is not what " + type.name + " sends");
    return false;
}

std::shared_ptr<const CellDecoder> postgres_decoder(WireTypePtr type) {
    return std::make_shared<PostgresDecoder>(std::move(type));
}

}  // namespace cutover::verify
