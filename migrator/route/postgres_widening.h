// Types of a destination column that hold every value of the source's type exactly, though they are
// not the same, and how a value is written for them. What would change a value, or might be
// refused, is not here: such columns are blocked by the plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "migrator/model/schema.h"

namespace cutover::route {

/// Appends the wider type's binary form of `value`, which is the narrower one's.
/// Throws: corrupt (bytes that are no such value).
using Widening = void (*)(std::string_view value, std::string& out);

/// Between built-in types: int2, int4, int8 into a wider one or into numeric; float4 into float8;
/// varchar(n) and text into a longer varchar or text; numeric(p, s) into one with as many digits on
/// both sides of the point; an enum into text or varchar. Null inside: the bytes pass as they are.
/// Nothing at all: `there` does not hold every value of `source`.
std::optional<Widening> widening(const model::ColumnSchema& source,
                                 const model::ColumnSchema& there);

}  // namespace cutover::route
