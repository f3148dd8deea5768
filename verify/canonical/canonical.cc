#include "verify/canonical/canonical.h"

#include <array>

namespace cutover::verify {

namespace {

std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace

void put_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(in[0]);
        in.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(value >> shift));
    }
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) {
        value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
}

void put_cell(std::string& out, Tag tag, std::string_view payload) {
    out.push_back(static_cast<char>(tag));
    put_varint(out, payload.size());
    out.append(payload);
}

void put_boolean(std::string& out, bool value) {
    put_cell(out, Tag::boolean, std::string_view(value ? "\1" : "\0", 1));
}

std::size_t open_cell(std::string& out, Tag tag) {
    out.push_back(static_cast<char>(tag));
    return out.size();
}

void close_cell(std::string& out, std::size_t opened) {
    std::uint64_t length = out.size() - opened;
    std::array<char, 10> varint{};
    std::size_t size = 0;
    for (; length >= 0x80; length >>= 7) {
        varint[size++] = static_cast<char>(length | 0x80);
    }
    varint[size++] = static_cast<char>(length);
    out.insert(opened, varint.data(), size);
}

void put_row_head(std::string& out, std::size_t cells) {
    out.push_back(static_cast<char>(kRowVersion));
    put_varint(out, cells);
}

void put_number_payload(std::string& out, const ExactNumber& number, bool scaled) {
    if (scaled) {
        put_varint(out, number.scale);
    }
    out.push_back(static_cast<char>(number.kind));
    if (!number.digits.empty()) {
        put_varint(out, zigzag(number.exponent));
        put_varint(out, number.digits.size());
        out.append(number.digits);
    }
}

bool take_number_payload(std::string_view& in, bool scaled, ExactNumber& out) {
    out = ExactNumber();
    std::uint64_t value = 0;
    if (scaled) {
        if (!take_varint(in, value)) {
            return false;
        }
        out.scale = static_cast<std::uint32_t>(value);
    }
    if (in.empty() || in[0] > static_cast<char>(NumberKind::nan)) {
        return false;
    }
    out.kind = static_cast<NumberKind>(in[0]);
    in.remove_prefix(1);
    if (out.kind != NumberKind::negative && out.kind != NumberKind::positive) {
        return true;
    }
    if (!take_varint(in, value)) {
        return false;
    }
    out.exponent = unzigzag(value);
    if (!take_varint(in, value) || value > in.size()) {
        return false;
    }
    out.digits = in.substr(0, value);
    in.remove_prefix(value);
    return true;
}

void put_number(std::string& out, const ExactNumber& number, bool scaled) {
    const std::size_t cell = open_cell(out, scaled ? Tag::scaled_number : Tag::number);
    put_number_payload(out, number, scaled);
    close_cell(out, cell);
}

bool read_number(const CellView& cell, ExactNumber& out) {
    if (cell.tag != Tag::number && cell.tag != Tag::scaled_number) {
        return false;
    }
    std::string_view payload = cell.payload;
    return take_number_payload(payload, cell.tag == Tag::scaled_number, out) && payload.empty();
}

void put_instant(std::string& out, Tag tag, std::int64_t days, std::int64_t microseconds) {
    const std::size_t cell = open_cell(out, tag);
    put_big_endian(out, static_cast<std::uint64_t>(days), 4);
    put_big_endian(out, static_cast<std::uint64_t>(microseconds), 8);
    close_cell(out, cell);
}

bool take_cell(std::string_view& in, CellView& out) {
    if (in.empty()) {
        return false;
    }
    out.tag = static_cast<Tag>(in[0]);
    in.remove_prefix(1);
    std::uint64_t length = 0;
    if (!take_varint(in, length) || length > in.size()) {
        return false;
    }
    out.payload = in.substr(0, length);
    in.remove_prefix(length);
    return true;
}

std::string_view to_string(Tag tag) {
    switch (tag) {
        case Tag::null:
            return "null";
        case Tag::absent:
            return "absent";
        case Tag::boolean:
            return "boolean";
        case Tag::number:
            return "number";
        case Tag::scaled_number:
            return "number with scale";
        case Tag::float32:
            return "float32";
        case Tag::float64:
            return "float64";
        case Tag::text:
            return "text";
        case Tag::bytes:
            return "bytes";
        case Tag::instant:
            return "instant";
        case Tag::local_time:
            return "local time";
        case Tag::date:
            return "date";
        case Tag::time:
            return "time";
        case Tag::zoned_time:
            return "zoned time";
        case Tag::interval:
            return "interval";
        case Tag::uuid:
            return "uuid";
        case Tag::json:
            return "json";
        case Tag::json_text:
            return "json text";
        case Tag::array:
            return "array";
        case Tag::record:
            return "record";
        case Tag::range:
            return "range";
        case Tag::multirange:
            return "multirange";
        case Tag::bits:
            return "bits";
        case Tag::network:
            return "network";
        case Tag::hardware:
            return "hardware address";
        case Tag::money:
            return "money";
        case Tag::geometry:
            return "geometry";
        case Tag::special_time:
            return "infinite time";
        case Tag::opaque:
            return "opaque";
        case Tag::uncomparable:
            return "uncomparable";
    }
    return "unknown";
}

}  // namespace cutover::verify
