// Decodes PostgreSQL's binary wire form to the canonical form, for every type that WireTypes knows.
// This is the judge's own reading of the wire: it shares nothing with the migrator's codecs, so
// that a bug cannot hide in both. It allocates nothing besides `out`, except for JSON and for
// numbers with more than a few digits.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "verify/canonical/cell_decoder.h"
#include "verify/canonical/number.h"
#include "verify/postgres/type.h"

namespace cutover::verify {

/// Appends the canonical cell of `wire`. False if the bytes are not a value of the type: `out` then
/// ends with a Tag::uncomparable cell that says why.
bool decode_postgres(const WireType& type, std::string_view wire, const RuleSet& rules,
                     std::string& out);

/// The value of a numeric in binary form. False if the bytes are not a numeric.
bool read_postgres_numeric(std::string_view wire, ExactNumber& out);

/// Makes a column's decoder, which keeps the type alive.
std::shared_ptr<const CellDecoder> postgres_decoder(WireTypePtr type);

}  // namespace cutover::verify
