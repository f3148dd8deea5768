// Values of a row from the text form that PostgreSQL prints, which is also the form of literals.
#pragma once

#include <string_view>

#include "migrator/expression/value.h"

namespace cutover::expression {

/// Reads a text of `type` into `out`, which is then not NULL; false if it is none. Texts are not
/// copied. Requires: `type` is not unknown; of an opaque one nothing is read.
bool read_text(Type type, std::string_view text, Value& out);

}  // namespace cutover::expression
