// An expression as it is written: a tree of words, in the precedence of PostgreSQL. Nobody has
// asked yet whether its columns are there and its types fit: check.h does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::expression {

/// Deeper is nested by a machine.
inline constexpr std::size_t kDeepest = 100;

struct Syntax {
    enum class Kind : std::uint8_t {
        column,    ///< `text`
        text,      ///< a literal in quotes: `text`
        typed,     ///< DATE '...': `text`, and its type in `word`
        number,    ///< `text`, with its sign
        word,      ///< true, false, null: `word`
        negate,    ///< one part
        binary,    ///< arithmetic, ||, comparison: `word`, two parts
        logic,     ///< and, or: `word`, two parts or more
        negation,  ///< NOT: one part
        is,        ///< IS null, true, false, unknown: `word`, one part
        distinct,  ///< IS DISTINCT FROM: two parts
        in,        ///< the first part in the others
        between,   ///< three parts
        like,      ///< two parts; `text` is the escape, empty: there is none
        call,      ///< `word` is the function
    };
    Kind kind = Kind::column;
    std::string word;
    std::string text;
    bool negated = false;  ///< of is, distinct, in, between, like
    std::size_t at = 0;    ///< place in the text, counted from 1
    std::vector<Syntax> parts;
};

/// Throws: refused (`expression.syntax`, `expression.too_large`).
Syntax parse(std::string_view text);

}  // namespace cutover::expression
