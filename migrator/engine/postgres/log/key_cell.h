// A key's cell as people know it, told from its bytes alone: for messages about a row that no
// session can be asked about. Of a long one the beginning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cutover::postgres {

/// `cell`: the binary form of a value of this type. `7`, `'a text'`; other types by their bytes:
/// `\x00ff`.
std::string key_cell_text(std::uint64_t type, std::string_view cell);

}  // namespace cutover::postgres
