// Texts that a server has printed (defaults, checks, index and constraint definitions) and that are
// to become part of a statement. They are data: whoever has power over the server that printed them
// has power over their words. So they are taken apart into tokens as the other server will, held to
// be one piece of a statement, and asked what they call. Knows tokens, not grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cutover::postgres {

struct SqlToken {
    enum class Kind : unsigned char { identifier, literal, other };
    Kind kind = Kind::other;
    std::string text;  ///< as written
    std::string name;  ///< of an identifier: without quotes
    bool quoted = false;
};

/// All of `text`, blanks too (as tokens of one letter).
std::vector<SqlToken> sql_tokens(std::string_view text);
/// What stands between quotes, doubled ones made single.
std::string unquoted_sql(std::string_view text);

/// `text`, if it can be put into a statement without ending what it is put into: brackets closed in
/// the order in which they are opened, no comma or semicolon outside of them, no comment, no quote
/// that a server prints never. `what` names it. Throws: refused `source.text`.
std::string one_piece(std::string text, std::string_view what);

/// A name that a statement may call, or whose type it may make a value of; as the server folds it.
struct SqlName {
    std::string schema;  ///< empty: found by search_path, which holds the system's own alone
    std::string name;
    bool operator<(const SqlName& other) const {
        return schema != other.schema ? schema < other.schema : name < other.name;
    }
    bool operator==(const SqlName&) const = default;
};

/// Every name before a bracket, behind a dot, with a schema, or in OPERATOR(): all that may be a
/// function, an operator or a type, and much that is none. Sorted, each once.
std::vector<SqlName> sql_names(std::string_view statement);

}  // namespace cutover::postgres
