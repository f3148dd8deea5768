// An expression's text, word by word, as PostgreSQL cuts it. What it reads otherwise under some
// setting (E'...', U&'...', $$...$$, comments) is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/error.h"

namespace cutover::expression {

/// Longer is no expression that somebody wrote.
inline constexpr std::size_t kLongestText = 65536;

struct Token {
    enum class Kind : std::uint8_t { word, quoted_name, text, number, symbol, end };
    Kind kind = Kind::end;
    std::string text;    ///< a word in lower case; a name or text without its quotes
    std::size_t at = 0;  ///< place of its first byte in the expression, counted from 1
};

/// Throws: refused (`expression.syntax`, `expression.too_large`). Ends with one of Kind::end.
std::vector<Token> tokens(std::string_view text);

/// What is wrong with an expression, and where.
model::Error syntax_error(std::size_t at, const std::string& what, const std::string& hint);

/// A word that names nothing unless it is quoted, as PostgreSQL has it.
bool reserved(std::string_view word);

}  // namespace cutover::expression
