// Keys straight from the wire: order, prefix and a form to hash, without decoding rows. Key cells
// are the first cells of a row (pair.h). NULL sorts last, as both ends' ORDER BY does.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "verify/canonical/cell_decoder.h"
#include "verify/canonical/row_block.h"
#include "verify/end/shape.h"

namespace cutover::verify {

/// One cell of a key as one end sends it.
struct KeyCell {
    KeyOrder order = KeyOrder::bytes;
    std::shared_ptr<const CellDecoder> decoder = nullptr;  ///< reads KeyOrder::numeric
};
using KeyCells = std::vector<KeyCell>;

/// Less than, equal to or greater than 0. Each row begins with its key cells, and both keys have
/// the same orders. Throws: corrupt `verify.key_value` if a number cannot be read.
int compare_keys(const KeyCells& cells_a, std::string_view a, const KeyCells& cells_b,
                 std::string_view b);

/// The first `cells` cells of a row, with their lengths, unchanged.
std::string_view key_prefix(std::string_view row, std::size_t cells);

/// Appends bytes that are equal exactly if compare_keys() calls the keys equal, also for ends whose
/// types differ (int4 and int8, 1.0 and 1.00). Throws like compare_keys().
void put_key_form(const KeyCells& cells, std::string_view row, std::string& out);

}  // namespace cutover::verify
