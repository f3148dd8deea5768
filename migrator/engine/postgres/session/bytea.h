// Bytes in the text form in which PostgreSQL reads and prints a bytea.
#pragma once

#include <string>
#include <string_view>

namespace cutover::postgres {

/// A value for a bytea parameter or literal: `\x6162`.
std::string to_bytea(std::string_view bytes);
/// From the hex text form of a bytea. Throws: corrupt `control.damaged`.
std::string from_bytea(std::string_view text);

}  // namespace cutover::postgres
