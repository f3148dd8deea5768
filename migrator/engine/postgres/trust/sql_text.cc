#include "migrator/engine/postgres/trust/sql_text.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

bool starts_identifier(char letter) {
    return std::isalpha(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
           static_cast<unsigned char>(letter) >= 0x80;
}

bool continues_identifier(char letter) {
    return starts_identifier(letter) || letter == '$' ||
           std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

/// The position past the closing quote of what begins at `at`, or past the end of the text if it is
/// not closed; a doubled quote stands for itself.
std::size_t quoted_end(std::string_view text, std::size_t at, bool backslashes) {
    const char quote = text[at];
    for (std::size_t end = at + 1; end < text.size(); ++end) {
        if (backslashes && text[end] == '\\') {
            ++end;
        } else if (text[end] == quote) {
            if (end + 1 < text.size() && text[end + 1] == quote) {
                ++end;
            } else {
                return end + 1;
            }
        }
    }
    return text.size() + 1;
}

}  // namespace

std::string unquoted_sql(std::string_view text) {
    std::string out;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        out += text[at];
        if (text[at] == text.front()) {
            ++at;
        }
    }
    return out;
}

std::vector<SqlToken> sql_tokens(std::string_view text) {
    std::vector<SqlToken> tokens;
    std::size_t at = 0;
    while (at < text.size()) {
        SqlToken token;
        std::size_t end = at + 1;
        const bool escape_literal =
            (text[at] == 'E' || text[at] == 'e') && at + 1 < text.size() && text[at + 1] == '\'';
        if (text[at] == '"') {
            end = quoted_end(text, at, false);
            token.kind = SqlToken::Kind::identifier;
            token.name = unquoted_sql(text.substr(at, std::min(end, text.size()) - at));
            token.quoted = true;
        } else if (text[at] == '\'' || escape_literal) {
            end = quoted_end(text, escape_literal ? at + 1 : at, escape_literal);
            token.kind = SqlToken::Kind::literal;
        } else if (starts_identifier(text[at])) {
            while (end < text.size() && continues_identifier(text[end])) {
                ++end;
            }
            token.kind = SqlToken::Kind::identifier;
            token.name = std::string(text.substr(at, end - at));
        } else if (std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
            while (end < text.size() && (continues_identifier(text[end]) || text[end] == '.')) {
                ++end;
            }
        }
        end = std::min(end, text.size());
        token.text = std::string(text.substr(at, end - at));
        tokens.push_back(std::move(token));
        at = end;
    }
    return tokens;
}

namespace {

using Tokens = std::vector<SqlToken>;

bool is_blank(const SqlToken& token) {
    return token.kind == SqlToken::Kind::other && token.text.size() == 1 &&
           std::isspace(static_cast<unsigned char>(token.text[0])) != 0;
}

bool is(const Tokens& tokens, std::size_t at, std::string_view text) {
    return at < tokens.size() && tokens[at].kind == SqlToken::Kind::other &&
           tokens[at].text == text;
}

bool is_name(const Tokens& tokens, std::size_t at) {
    return at < tokens.size() && tokens[at].kind == SqlToken::Kind::identifier;
}

/// The name as the server folds it if it is not quoted.
std::string folded(const SqlToken& token) {
    std::string name = token.name;
    if (!token.quoted) {
        std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        });
    }
    return name;
}

Tokens without_blanks(std::string_view text) {
    Tokens tokens = sql_tokens(text);
    tokens.erase(std::remove_if(tokens.begin(), tokens.end(), is_blank), tokens.end());
    return tokens;
}

/// Two characters next to each other with a meaning that no server prints here.
std::string_view odd_pair(const Tokens& tokens, std::size_t at) {
    if (is(tokens, at, "-") && is(tokens, at + 1, "-")) {
        return "--";
    }
    if (is(tokens, at, "/") && is(tokens, at + 1, "*")) {
        return "/*";
    }
    const bool quote = at + 1 < tokens.size() &&
                       (tokens[at + 1].quoted || tokens[at + 1].kind == SqlToken::Kind::literal);
    return is(tokens, at, "&") && quote ? "U&" : "";
}

class Piece {
public:
    /// What is wrong with it; empty if nothing is.
    std::string complaint(const Tokens& tokens) {
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            const std::string_view odd = odd_pair(tokens, at);
            if (!odd.empty()) {
                return std::string(odd);
            }
            if (tokens[at].kind == SqlToken::Kind::other && !takes(tokens[at].text[0])) {
                return tokens[at].text;
            }
            if ((tokens[at].quoted || tokens[at].kind == SqlToken::Kind::literal) &&
                !is_closed(tokens[at].text)) {
                return "a quote that is not closed";
            }
        }
        return open_.empty() ? "" : "a bracket that is not closed";
    }

private:
    static bool is_closed(const std::string& text) {
        const std::size_t first = text.find_first_of("'\"");
        return quoted_end(text, first, first > 0) <= text.size();
    }

    bool takes(char letter) {
        switch (letter) {
            case '(':
            case '[':
                open_ += letter;
                return true;
            case ')':
            case ']':
                if (open_.empty() || open_.back() != (letter == ')' ? '(' : '[')) {
                    return false;
                }
                open_.pop_back();
                return true;
            case ',':
                return !open_.empty();
            case ';':
            case '$':
            case '\\':
            case '\0':
                return false;
            default:
                return true;
        }
    }

    std::string open_;
};

/// `OPERATOR(schema.sign)`, beginning at its bracket.
SqlName operator_at(const Tokens& tokens, std::size_t bracket) {
    SqlName out;
    if (is_name(tokens, bracket + 1) && is(tokens, bracket + 2, ".")) {
        out.schema = folded(tokens[bracket + 1]);
        for (std::size_t at = bracket + 3; at < tokens.size() && !is(tokens, at, ")"); ++at) {
            out.name += tokens[at].text;
        }
    }
    return out;
}

}  // namespace

std::string one_piece(std::string text, std::string_view what) {
    const std::string complaint = Piece().complaint(sql_tokens(text));
    if (!complaint.empty()) {
        throw Error(
            ErrorClass::refused, "source.text",
            "what the source's server says of " + std::string(what) +
                " is more than one piece of a statement (" + complaint +
                "): " + text.substr(0, 200),
            "a server that prints such a thing has been tampered with: find out by whom; or "
            "exclude the table");
    }
    return text;
}

std::vector<SqlName> sql_names(std::string_view statement) {
    const Tokens tokens = without_blanks(statement);
    std::set<SqlName> names;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (!is_name(tokens, at)) {
            continue;
        }
        const bool behind_dot = at > 0 && is(tokens, at - 1, ".");
        const bool call = is(tokens, at + 1, "(");
        if (call && folded(tokens[at]) == "operator" && !tokens[at].quoted) {
            names.insert(operator_at(tokens, at + 1));
        } else if (behind_dot && at > 1 && is_name(tokens, at - 2)) {
            names.insert({folded(tokens[at - 2]), folded(tokens[at])});
            names.insert({"", folded(tokens[at])});  // value.function
        } else if (behind_dot || call) {
            names.insert({"", folded(tokens[at])});
        }
    }
    names.erase(SqlName{});
    return {names.begin(), names.end()};
}

}  // namespace cutover::postgres
