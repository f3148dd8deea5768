#include "migrator/route/sql_renamer.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/trust/sql_text.h"

namespace cutover::route {

namespace {

using postgres::SqlToken;
using TokenKind = postgres::SqlToken::Kind;

bool is(const std::vector<SqlToken>& tokens, std::size_t at, std::string_view text) {
    return at < tokens.size() && tokens[at].kind == TokenKind::other && tokens[at].text == text;
}

bool is_name(const std::vector<SqlToken>& tokens, std::size_t at) {
    return at < tokens.size() && tokens[at].kind == TokenKind::identifier;
}

/// `schema.name`, not inside a longer chain.
bool is_pair(const std::vector<SqlToken>& tokens, std::size_t at) {
    return is_name(tokens, at) && is(tokens, at + 1, ".") && is_name(tokens, at + 2) &&
           !is(tokens, at + 3, ".") && !(at > 0 && is(tokens, at - 1, "."));
}

/// A type's second word: `timestamp without time zone`, `double precision`.
bool continues_type(const std::vector<SqlToken>& tokens, std::size_t at) {
    static const std::set<std::string> kWords = {"without", "with",    "time",
                                                 "zone",    "varying", "precision"};
    static const std::set<std::string> kBefore = {"timestamp", "time",      "without", "with",
                                                  "zone",      "character", "bit",     "double"};
    return at >= 2 && kWords.contains(tokens[at].text) && is(tokens, at - 1, " ") &&
           is_name(tokens, at - 2) && kBefore.contains(tokens[at - 2].text);
}

bool is_keyword(const SqlToken& token) {
    return !token.quoted && std::any_of(token.text.begin(), token.text.end(), [](char letter) {
        return std::isupper(static_cast<unsigned char>(letter)) != 0;
    });
}

/// True if the identifier at `at` may be a bare column.
bool may_be_column(const std::vector<SqlToken>& tokens, std::size_t at) {
    if (!is_name(tokens, at) || is_keyword(tokens[at]) || continues_type(tokens, at)) {
        return false;
    }
    const bool after_cast = at > 0 && is(tokens, at - 1, ":");
    const bool in_chain = (at > 0 && is(tokens, at - 1, ".")) || is(tokens, at + 1, ".");
    const bool call = is(tokens, at + 1, "(") && !tokens[at].quoted;
    return !after_cast && !in_chain && !call;
}

class Rewriter {
public:
    Rewriter(const NameMap& names, const model::ObjectName* columns_of)
        : names_(names), columns_of_(columns_of) {}

    std::string rewrite(std::string_view text) const {
        const std::vector<SqlToken> tokens = postgres::sql_tokens(text);
        std::string out;
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            if (is_pair(tokens, at)) {
                out += pair(tokens, at);
                at += 2;
            } else if (tokens[at].kind == TokenKind::literal && is_regclass(tokens, at)) {
                out += rewritten_literal(tokens[at].text);
            } else if (columns_of_ != nullptr && may_be_column(tokens, at)) {
                out += column(tokens[at]);
            } else {
                out += tokens[at].text;
            }
        }
        return out;
    }

private:
    static bool is_regclass(const std::vector<SqlToken>& tokens, std::size_t at) {
        return is(tokens, at + 1, ":") && is(tokens, at + 2, ":") && is_name(tokens, at + 3) &&
               tokens[at + 3].name == "regclass";
    }
    std::string pair(const std::vector<SqlToken>& tokens, std::size_t at) const {
        const model::ObjectName name{tokens[at].name, tokens[at + 2].name};
        const model::ObjectName renamed = names_.object(name);
        return renamed == name ? tokens[at].text + "." + tokens[at + 2].text
                               : postgres::quote(renamed);
    }
    std::string column(const SqlToken& token) const {
        const std::string renamed = names_.column(*columns_of_, token.name);
        return renamed == token.name ? token.text : postgres::quote_identifier(renamed);
    }
    std::string rewritten_literal(const std::string& literal) const {
        const std::string inner =
            Rewriter(names_, nullptr).rewrite(postgres::unquoted_sql(literal));
        std::string out = "'";
        for (const char letter : inner) {
            out += letter;
            if (letter == '\'') {
                out += '\'';
            }
        }
        return out + "'";
    }

    const NameMap& names_;
    const model::ObjectName* columns_of_;
};

}  // namespace

bool mentions(std::string_view text, const std::set<std::string>& columns) {
    const std::vector<SqlToken> tokens = postgres::sql_tokens(text);
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (may_be_column(tokens, at) && columns.contains(tokens[at].name)) {
            return true;
        }
    }
    return false;
}

std::string SqlRenamer::objects(std::string_view text) const {
    return Rewriter(names_, nullptr).rewrite(text);
}

std::string SqlRenamer::in_table(std::string_view text, const model::ObjectName& table) const {
    return Rewriter(names_, &table).rewrite(text);
}

std::string SqlRenamer::foreign_key(std::string_view definition, const model::ObjectName& table,
                                    const model::ObjectName& parent) const {
    const std::size_t references = definition.find(" REFERENCES ");
    const std::size_t end = definition.find(')', references);
    if (references == std::string_view::npos || end == std::string_view::npos) {
        return in_table(definition, table);
    }
    return in_table(definition.substr(0, references), table) +
           in_table(definition.substr(references, end - references), parent) +
           in_table(definition.substr(end), table);
}

}  // namespace cutover::route
