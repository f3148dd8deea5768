#include "migrator/engine/postgres/copy/copy_rows.h"

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::CellKind;

namespace {

void append_int32(std::string& out, std::uint32_t value) {
    const char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                           static_cast<char>(value >> 8), static_cast<char>(value)};
    out.append(bytes, sizeof bytes);
}

constexpr std::uint32_t kNullLength = 0xffffffffu;

}  // namespace

std::string_view copy_header() {
    static constexpr char kHeader[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    return {kHeader, sizeof(kHeader)};  // with its last zero
}

std::string_view copy_trailer() {
    return {"\377\377", 2};
}

model::Tuple copied_row(std::string_view bytes, std::uint64_t row) {
    const auto take = [&](std::size_t length) {
        const std::string_view taken = bytes.substr(0, length);
        bytes.remove_prefix(taken.size());
        return taken;
    };
    const auto number = [&](std::size_t width) {
        std::uint32_t value = 0;
        for (const char byte : take(width)) {
            value = value << 8 | static_cast<unsigned char>(byte);
        }
        return value;
    };
    model::Tuple out;
    while (row > 0 && !bytes.empty()) {
        const std::uint32_t columns = number(2);
        for (std::uint32_t column = 0; column < columns; ++column) {
            const std::uint32_t length = number(4);
            const std::string_view cell = length == 0xffffffff ? "" : take(length);
            if (row == 1) {
                out.append(length == 0xffffffff ? model::CellKind::null : model::CellKind::binary,
                           cell);
            }
        }
        --row;
    }
    return out;
}

std::optional<std::string_view> binary_cell(const model::Tuple& tuple, std::size_t column) {
    switch (tuple.kind(column)) {
        case CellKind::null:
        case CellKind::absent:
            return std::nullopt;
        case CellKind::binary:
            return tuple.bytes(column);
        case CellKind::text:
            throw model::Error(model::ErrorClass::refused, "cell.text_form",
                               "column number " + std::to_string(column + 1) +
                                   " arrived in text form; its type has no binary form",
                               "exclude the column: types without a binary form are not carried")
                .at(model::Side::source);
    }
    return std::nullopt;
}

void CopyRows::begin_row(std::size_t fields) {
    const char bytes[2] = {static_cast<char>(fields >> 8), static_cast<char>(fields)};
    bytes_.append(bytes, sizeof bytes);
    ++rows_;
}

void CopyRows::value(std::string_view bytes) {
    append_int32(bytes_, static_cast<std::uint32_t>(bytes.size()));
    bytes_.append(bytes);
}

void CopyRows::cell(const model::Tuple& tuple, std::size_t column) {
    const std::optional<std::string_view> bytes = binary_cell(tuple, column);
    if (bytes) {
        value(*bytes);
    } else {
        append_int32(bytes_, kNullLength);
    }
}

void CopyRows::announce(const model::Tuple& tuple, std::size_t column) {
    const std::optional<std::string_view> bytes = binary_cell(tuple, column);
    append_int32(bytes_, bytes ? static_cast<std::uint32_t>(bytes->size()) : kNullLength);
}

void CopyRows::cells(const model::Tuple& tuple) {
    for (std::size_t column = 0; column < tuple.size(); ++column) {
        cell(tuple, column);
    }
}

}  // namespace cutover::postgres
