// Texts that a server has printed (defaults, checks, index and constraint definitions) and that are
// to become part of a statement. They are data: anybody with power over that server has power over
// its words. So they are split into tokens the way the other server will do it, checked to be one
// piece of a statement, and examined for what they call. Knows tokens, not grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cutover::postgres {

struct SqlToken {
    enum class Kind : unsigned char { identifier, literal, other };
    Kind kind = Kind::other;
    std::string text;  ///< as written
    std::string name;  ///< without quotes, for an identifier
    bool quoted = false;
};

/// All tokens of `text`, including blanks (as tokens of one letter).
std::vector<SqlToken> sql_tokens(std::string_view text);
/// What is between the quotes, with doubled quotes made single.
std::string unquoted_sql(std::string_view text);

/// Returns `text` if it can be put into a statement without ending its surroundings: brackets are
/// closed in the order in which they were opened, and there is no comma or semicolon outside them,
/// no comment, and no quote that a server never prints. `what` names it. Throws: refused
/// `source.text`.
std::string one_piece(std::string text, std::string_view what);

/// A name that a statement may call, or whose type it may make a value of; folded as by the server.
struct SqlName {
    std::string schema;  ///< empty: found by search_path, which holds only the system's own
    std::string name;
    bool operator<(const SqlName& other) const {
        return schema != other.schema ? schema < other.schema : name < other.name;
    }
    bool operator==(const SqlName&) const = default;
};

/// Every name before a bracket, behind a dot, with a schema, or in OPERATOR(): all that may be a
/// function, an operator or a type, and much that is not. Sorted, without duplicates.
std::vector<SqlName> sql_names(std::string_view statement);

}  // namespace cutover::postgres
