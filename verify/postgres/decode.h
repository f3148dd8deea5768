// PostgreSQL's binary wire form to the canonical form, for every type that WireTypes knows. The
// judge's own reading of the wire: it shares nothing with the migrator's codecs, so that a bug
// cannot hide in both. No allocation besides `out`, except for numbers with more than a few digits
// and JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "verify/canonical/cell_decoder.h"
#include "verify/canonical/number.h"
#include "verify/postgres/type.h"

namespace cutover::verify {

/// Appends the canonical cell of `wire`. False if the bytes are not what the type sends: `out` then
/// ends with a Tag::uncomparable cell that says why.
bool decode_postgres(const WireType& type, std::string_view wire, const RuleSet& rules,
                     std::string& out);

/// The value of a numeric in binary form. False if the bytes are not one.
bool read_postgres_numeric(std::string_view wire, ExactNumber& out);

/// A column's decoder. The type is kept alive.
std::shared_ptr<const CellDecoder> postgres_decoder(WireTypePtr type);

}  // namespace cutover::verify
