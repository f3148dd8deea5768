// The canonical form: what a value is once the engine's wire form is gone. A cell is a tag, an
// unsigned varint length and a payload; a row is a version, a count and its cells. There are no
// delimiters and no text settings, so two rows have the same bytes exactly if they are the same
// row. Decoders (postgres/decode.h) write it; digest.h hashes it; narrow.h compares it cell by
// cell.
//
// In the strict form a value also carries what a reader of the database could see although it is
// not part of the value: the scale of 1.50, the lower bound of an array. Rules (rule.h) drop it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "verify/canonical/number.h"

namespace cutover::verify {

enum class Tag : std::uint8_t {
    null = 0,
    absent = 1,         ///< a document field that is not there; never the same as null
    boolean = 2,        ///< one byte, 0 or 1
    number = 3,         ///< exact number, its value alone
    scaled_number = 4,  ///< exact number with the scale it is shown with
    float32 = 5,        ///< 4 bytes, big-endian; NaN has one form
    float64 = 6,        ///< 8 bytes, big-endian; NaN has one form
    text = 7,           ///< UTF-8
    bytes = 8,
    instant = 9,         ///< days since 1970 (4 bytes), microseconds of the day (8), UTC
    local_time = 10,     ///< as instant, without a zone
    date = 11,           ///< days since 1970 (4 bytes)
    time = 12,           ///< microseconds of the day (8 bytes); 24:00 is one of them
    zoned_time = 13,     ///< time, seconds west of Greenwich (4)
    interval = 14,       ///< months (4), days (4), microseconds (8)
    uuid = 15,           ///< 16 bytes
    json = 16,           ///< a tree: keys sorted by bytes, numbers as exact numbers
    json_text = 17,      ///< json whose text counts
    array = 18,          ///< dimensions, lengths, (strict: lower bounds,) elements as cells
    record = 19,         ///< field count, fields as cells
    range = 20,          ///< flags, bounds as cells
    multirange = 21,     ///< count, ranges as cells
    bits = 22,           ///< number of bits (varint), the bits
    network = 23,        ///< family, prefix length, whether it is a network, address
    hardware = 24,       ///< 6 or 8 bytes of a MAC address
    money = 25,          ///< exact number, in the currency's unit
    geometry = 26,       ///< kind (one letter), flags, coordinates (8 bytes each)
    special_time = 27,   ///< kind letter and `+` or `-`: an infinite date, time or interval
    opaque = 28,         ///< the engine's own bytes, comparable with the same type only
    uncomparable = 255,  ///< could not be decoded; the reason is the payload
};

inline constexpr std::uint8_t kRowVersion = 1;

void put_varint(std::string& out, std::uint64_t value);
void put_cell(std::string& out, Tag tag, std::string_view payload);
inline void put_null(std::string& out) {
    out.append("\0\0", 2);
}
void put_boolean(std::string& out, bool value);
/// With `scaled`, the scale is part of the cell.
void put_number(std::string& out, const ExactNumber& number, bool scaled);
void put_instant(std::string& out, Tag tag, std::int64_t days, std::int64_t microseconds);

/// Opens a cell whose length is not known yet; close_cell() writes the length.
std::size_t open_cell(std::string& out, Tag tag);
void close_cell(std::string& out, std::size_t opened);

/// Starts a row of `cells` cells.
void put_row_head(std::string& out, std::size_t cells);

void put_big_endian(std::string& out, std::uint64_t value, int bytes);
std::uint64_t big_endian(std::string_view bytes);

/// Takes a varint off `in`. False if there is none.
bool take_varint(std::string_view& in, std::uint64_t& value);

struct CellView {
    Tag tag = Tag::null;
    std::string_view payload;
};

/// Takes one cell off `in`. False at the end or if the bytes are not a cell.
bool take_cell(std::string_view& in, CellView& out);

/// The payload of a number or scaled_number cell. False if it is not one.
bool read_number(const CellView& cell, ExactNumber& out);

/// Writes and reads the payload itself, for numbers inside a JSON tree.
void put_number_payload(std::string& out, const ExactNumber& number, bool scaled);
bool take_number_payload(std::string_view& in, bool scaled, ExactNumber& out);

/// The cell's value for people, in the notation of SQL where there is one. Never throws.
std::string printable(std::string_view cell);

std::string_view to_string(Tag tag);

}  // namespace cutover::verify
