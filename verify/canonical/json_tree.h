// JSON text to the canonical tree: keys sorted by bytes, the last of equal keys wins, numbers as
// exact decimals that never pass through a float. Payload of Tag::json. It knows no engine.
#pragma once

#include <string>
#include <string_view>

namespace cutover::verify {

/// Deeper documents are refused rather than risking the stack.
inline constexpr int kJsonDepthLimit = 2000;

/// Appends the tree of `text`. With `scaled`, 1.50 and 1.5 are two trees.
/// False if the text is not JSON or nested too deeply; `out` is then as it was.
bool put_json_tree(std::string_view text, bool scaled, std::string& out);

/// A tree as compact JSON text.
std::string json_tree_text(std::string_view tree, bool scaled);

}  // namespace cutover::verify
