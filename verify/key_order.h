// Keys straight from the wire: order, prefix and a form to hash, without decoding rows. Key cells
// are the first cells of a row (pair.h). NULL sorts last, as both ends' ORDER BY does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/row_block.h"
#include "verify/shape.h"

namespace cutover::verify {

using KeyOrders = std::vector<KeyOrder>;

/// Less than, equal to or greater than 0. Both rows begin with cells of these orders.
int compare_keys(const KeyOrders& orders, std::string_view a, std::string_view b);

/// The first `cells` cells of a row, with their lengths, as they are.
std::string_view key_prefix(std::string_view row, std::size_t cells);

/// Appends bytes that are equal exactly if compare_keys() calls the keys equal, also for ends whose
/// types differ (int4 and int8, 1.0 and 1.00).
void put_key_form(const KeyOrders& orders, std::string_view row, std::string& out);

}  // namespace cutover::verify
