// PostgreSQL's binary form, made and read by hand: what tests put into tuples and find in batches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/tuple.h"

namespace cutover::tests {

/// A four-byte integer in binary form.
std::string int4(std::int32_t value);
/// The number that up to eight bytes hold, the highest first.
std::uint64_t number_of(std::string_view bytes);
/// Rows of binary COPY as tuples. Throws: corrupt (bytes that are no whole rows).
std::vector<model::Tuple> rows_of(std::string_view bytes);

}  // namespace cutover::tests
