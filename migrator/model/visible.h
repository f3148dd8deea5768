// Other people's text (names, values, what a server says) on its way to a terminal, a report or a
// log: it may not move a cursor, begin a line of its own, turn the direction of writing or be
// longer than a person reads. The one place that knows how; what a page or a file format wants
// besides (quotes, angle brackets) is added by who writes it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cutover::model {

/// `text` in one line of UTF-8: control characters and bytes that are no UTF-8 as `\x1b`, controls
/// beyond ASCII, marks of direction, separators of lines and invisible tags as `\u202e`.
std::string visible(std::string_view text);

/// As visible(), but newlines and tabs stay: for what is laid out in a box of its own.
std::string visible_lines(std::string_view text);

/// The same for JSON that has been written out: what JSON leaves as it is becomes an escape of
/// JSON, so that a reader gets the value unchanged. `json` is valid UTF-8.
std::string visible_json(std::string_view json);

/// The characters of UTF-8; a byte that begins none counts as U+FFFD.
std::u32string code_points(std::string_view text);

/// Lines in one: a newline with the blanks around it becomes a space, none at the end.
std::string unfolded(std::string_view text);

/// At most `most` bytes of it, cut between characters, and then how long it was.
std::string shortened(std::string_view text, std::size_t most);

/// What an error's message, and its hint, are cut to, in bytes.
inline constexpr std::size_t kLongestErrorText = 4096;

}  // namespace cutover::model
