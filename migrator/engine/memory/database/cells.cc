#include "migrator/engine/memory/database/cells.h"

#include <array>
#include <charconv>
#include <numeric>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::CellKind;
using model::Error;
using model::ErrorClass;
using model::Tuple;

namespace {

constexpr int kSeal = 0x80;

}  // namespace

CellType cell_type(std::string_view name) {
    constexpr std::array<std::string_view, 9> kNames = {
        "int", "text", "blob", "word", "fuzzy", "number", "packed", "term", "sealed"};
    for (std::size_t at = 0; at < kNames.size(); ++at) {
        if (kNames[at] == name) {
            return static_cast<CellType>(at);
        }
    }
    throw Error(ErrorClass::refused, "memory.type",
                "no type is called '" + std::string(name) + "'");
}

std::vector<CellType> cell_types(const model::TableSchema& table) {
    std::vector<CellType> types;
    types.reserve(table.columns.size());
    for (const model::ColumnSchema& column : table.columns) {
        types.push_back(cell_type(column.type));
    }
    return types;
}

std::string pack(std::int64_t number) {
    const std::uint64_t ordered = static_cast<std::uint64_t>(number) ^ (1ull << 63);
    std::string out(8, '\0');
    for (std::size_t byte = 0; byte < 8; ++byte) {
        out[byte] = static_cast<char>(ordered >> (56 - 8 * byte));
    }
    return out;
}

std::int64_t unpack(std::string_view packed) {
    if (packed.size() != 8) {
        throw Error(ErrorClass::corrupt, "memory.packed", "a packed number must have eight bytes");
    }
    std::uint64_t ordered = 0;
    for (const char byte : packed) {
        ordered = ordered << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(ordered ^ (1ull << 63));
}

std::int64_t parse_number(std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        throw Error(ErrorClass::corrupt, "memory.number",
                    "not a number: '" + std::string(text) + "'");
    }
    return number;
}

std::string seal(std::string_view term) {
    std::string out(term);
    for (char& letter : out) {
        letter = static_cast<char>(letter | kSeal);
    }
    return out;
}

std::string unseal(std::string_view sealed) {
    std::string out(sealed);
    for (char& letter : out) {
        if ((letter & kSeal) == 0) {
            throw Error(ErrorClass::corrupt, "memory.sealed", "not sealed: '" + out + "'");
        }
        letter = static_cast<char>(letter & ~kSeal);
    }
    return out;
}

void fold_word(std::string_view cell, std::string& out) {
    for (const char letter : cell) {
        out += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
}

void fold_number(std::string_view cell, std::string& out) {
    out += pack(parse_number(cell));
}

void fold_sealed(std::string_view cell, std::string& out) {
    fold_word(unseal(cell), out);
}

namespace {

/// Text with an end that sorts before every continuation.
void append_text_key(std::string_view text, std::string& out) {
    for (const char letter : text) {
        out += letter;
        if (letter == '\0') {
            out += '\xff';
        }
    }
    out += '\0';
    out += '\0';
}

void append_key_cell(CellType type, CellKind kind, std::string_view bytes, std::string& out) {
    CUTOVER_CHECK(kind != CellKind::absent);
    if (kind == CellKind::null) {
        out += '\x02';  // after every value
        return;
    }
    out += '\x01';
    std::string folded;
    switch (type) {
        case CellType::integer:
        case CellType::number:
            fold_number(bytes, out);
            return;
        case CellType::packed:
            out.append(bytes);
            return;
        case CellType::word:
        case CellType::fuzzy:
        case CellType::term:
            fold_word(bytes, folded);
            append_text_key(folded, out);
            return;
        case CellType::sealed:
            fold_sealed(bytes, folded);
            append_text_key(folded, out);
            return;
        case CellType::text:
        case CellType::blob:
            append_text_key(bytes, out);
            return;
    }
}

std::string key_bytes_at(const std::vector<CellType>& types, const Tuple& row,
                         const std::vector<std::size_t>& columns,
                         const std::vector<std::size_t>& cells, bool* has_null) {
    std::string out;
    for (std::size_t at = 0; at < columns.size(); ++at) {
        const std::size_t cell = cells[at];
        if (has_null != nullptr && row.kind(cell) == CellKind::null) {
            *has_null = true;
        }
        append_key_cell(types[columns[at]], row.kind(cell), row.bytes(cell), out);
    }
    return out;
}

}  // namespace

std::string key_bytes(const std::vector<CellType>& types, const Tuple& row,
                      const std::vector<std::size_t>& columns, bool* has_null) {
    return key_bytes_at(types, row, columns, columns, has_null);
}

std::string key_bytes_of(const std::vector<CellType>& types, const Tuple& key,
                         const std::vector<std::size_t>& columns, bool* has_null) {
    std::vector<std::size_t> cells(columns.size());
    std::iota(cells.begin(), cells.end(), 0);
    return key_bytes_at(types, key, columns, cells, has_null);
}

namespace {

void append_integer(std::uint64_t value, int bytes, std::string& out) {
    for (int byte = 0; byte < bytes; ++byte) {
        out += static_cast<char>(value >> (8 * byte));
    }
}

std::uint64_t take_integer(std::string_view bytes, std::size_t& offset, std::size_t size) {
    if (offset + size > bytes.size()) {
        throw Error(ErrorClass::corrupt, "memory.row", "a row ends too early");
    }
    std::uint64_t value = 0;
    for (std::size_t byte = 0; byte < size; ++byte) {
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[offset + byte]))
                 << (8 * byte);
    }
    offset += size;
    return value;
}

}  // namespace

void append_row(const Tuple& row, model::RowBatch& batch) {
    append_integer(row.size(), 2, batch.bytes);
    for (std::size_t column = 0; column < row.size(); ++column) {
        append_integer(static_cast<std::uint64_t>(row.kind(column)), 1, batch.bytes);
        append_integer(row.bytes(column).size(), 4, batch.bytes);
        batch.bytes.append(row.bytes(column));
    }
    batch.rows += model::Rows{1};
}

bool take_row(std::string_view bytes, std::size_t& offset, Tuple& row) {
    if (offset == bytes.size()) {
        return false;
    }
    row = Tuple{};
    const std::uint64_t cells = take_integer(bytes, offset, 2);
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
        const auto kind = static_cast<CellKind>(take_integer(bytes, offset, 1));
        const std::uint64_t length = take_integer(bytes, offset, 4);
        if (offset + length > bytes.size()) {
            throw Error(ErrorClass::corrupt, "memory.row", "a cell ends too early");
        }
        row.append(kind, bytes.substr(offset, length));
        offset += length;
    }
    return true;
}

}  // namespace cutover::memory
