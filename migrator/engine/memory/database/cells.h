// The memory engine's types and wire form.
//
// Types: `int` (64 bit, as decimal text), `text`, `blob` (large: an update that leaves it alone
// does not log it), `word` (text whose equality ignores ASCII case), `fuzzy` (the same, but the
// route says that nobody outside the engine can tell equality), `number` (as int, but spelled
// freely: `7`, `+7`, `007`), `packed` (what a `number` becomes at a destination: eight bytes,
// binary, order-preserving), `term` (as word), `sealed` (what a `term` becomes at a destination:
// its bytes with their highest bit, binary; equality ignores case there, too).
//
// A row in a RowBatch: cell count (2 bytes), then per cell its kind (1), length (4) and bytes;
// all numbers little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/row_batch.h"
#include "migrator/model/schema.h"
#include "migrator/model/tuple.h"

namespace cutover::memory {

enum class CellType : std::uint8_t {
    integer,
    text,
    blob,
    word,
    fuzzy,
    number,
    packed,
    term,
    sealed,
};

/// Throws: refused (no such type).
CellType cell_type(std::string_view name);
std::vector<CellType> cell_types(const model::TableSchema& table);

/// Eight bytes whose order is the order of the numbers.
std::string pack(std::int64_t number);
std::int64_t unpack(std::string_view packed);
/// Throws: corrupt (not a number).
std::int64_t parse_number(std::string_view text);
/// Of ASCII.
std::string seal(std::string_view term);
/// Throws: corrupt (not sealed).
std::string unseal(std::string_view sealed);
/// `word`, `fuzzy` and `term` equality: ASCII letters without case.
void fold_word(std::string_view cell, std::string& out);
/// `number` equality: one spelling.
void fold_number(std::string_view cell, std::string& out);
/// `sealed` equality: ASCII letters without case. Throws: corrupt (not sealed).
void fold_sealed(std::string_view cell, std::string& out);

/// Bytes of some cells of a row: equal exactly if the cells are equal as keys, and ordered as they
/// are. `has_null` becomes true if one of them is NULL. Requires: none is absent.
std::string key_bytes(const std::vector<CellType>& types, const model::Tuple& row,
                      const std::vector<std::size_t>& columns, bool* has_null = nullptr);
/// The same for a tuple that holds the key's cells alone, in key order.
std::string key_bytes_of(const std::vector<CellType>& types, const model::Tuple& key,
                         const std::vector<std::size_t>& columns, bool* has_null = nullptr);

void append_row(const model::Tuple& row, model::RowBatch& batch);
/// Takes the row at `offset` and moves `offset` past it; false at the end. Throws: corrupt.
bool take_row(std::string_view bytes, std::size_t& offset, model::Tuple& row);

}  // namespace cutover::memory
