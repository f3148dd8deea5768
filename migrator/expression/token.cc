#include "migrator/expression/token.h"

#include <algorithm>
#include <array>

namespace cutover::expression {

using model::Error;
using model::ErrorClass;

Error syntax_error(std::size_t at, const std::string& what, const std::string& hint) {
    return Error(ErrorClass::refused, "expression.syntax", "at " + std::to_string(at) + ": " + what,
                 hint);
}

bool reserved(std::string_view word) {
    constexpr std::string_view kWords =
        " "
        "all analyse analyze and any array as asc asymmetric authorization between bigint "
        "binary bit boolean both case cast char character check coalesce collate collation "
        "column concurrently constraint create cross current_catalog current_date "
        "current_role current_schema current_time current_timestamp current_user dec "
        "decimal default deferrable desc distinct do else end except exists extract false "
        "fetch float for foreign freeze from full grant greatest group grouping having "
        "ilike in initially inner inout int integer intersect interval into is isnull join "
        "json json_array json_arrayagg json_exists json_object json_objectagg json_query "
        "json_scalar json_serialize json_table json_value lateral leading least left like "
        "limit localtime localtimestamp merge_action national natural nchar none normalize "
        "not notnull null nullif numeric offset on only or order out outer overlaps "
        "overlay placing position precision primary real references returning right row "
        "select session_user setof similar smallint some substring symmetric system_user "
        "table tablesample then time timestamp to trailing treat trim true union unique "
        "user using values varchar variadic verbose when where window with xmlattributes "
        "xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot "
        "xmlserialize xmltable ";
    const std::string wanted = " " + std::string(word) + " ";
    return kWords.find(wanted) != std::string_view::npos;
}

namespace {

constexpr std::string_view kOperatorLetters = "+-*/<>=~!@#%^&|`?";
constexpr std::size_t kLongestName = 63;

bool is_digit(char one) {
    return one >= '0' && one <= '9';
}
bool starts_word(char one) {
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || one == '_' ||
           static_cast<unsigned char>(one) >= 0x80;
}
bool in_word(char one) {
    return starts_word(one) || is_digit(one) || one == '$';
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    std::vector<Token> all() {
        for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
            out_.push_back({Token::Kind::symbol, "", at_ + 1});
            next();
        }
        out_.push_back({Token::Kind::end, "", at_ + 1});
        return std::move(out_);
    }

private:
    void next() {
        const char first = text_[at_];
        if (first == '\'') {
            quoted('\'', Token::Kind::text);
        } else if (first == '"') {
            quoted('"', Token::Kind::quoted_name);
        } else if (is_digit(first) ||
                   (first == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
            number();
        } else if (starts_word(first)) {
            word();
        } else if (first == '(' || first == ')' || first == ',') {
            out_.back().text = first;
            ++at_;
        } else if (kOperatorLetters.find(first) != std::string_view::npos) {
            symbol();
        } else {
            throw syntax_error(at_ + 1, "`" + std::string(1, first) + "` is not understood",
                               "a filter is one condition on the columns of its table");
        }
    }

    void skip_blanks() {
        while (at_ < text_.size() &&
               std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }

    void quoted(char quote, Token::Kind kind) {
        const std::size_t begin = at_++;
        Token& token = out_.back();
        token.kind = kind;
        for (;; ++at_) {
            if (at_ == text_.size()) {
                throw syntax_error(begin + 1, "the quote is not closed", "close it");
            }
            if (text_[at_] == quote && (at_ + 1 == text_.size() || text_[at_ + 1] != quote)) {
                ++at_;
                break;
            }
            at_ += text_[at_] == quote ? 1 : 0;
            token.text += text_[at_];
        }
        if (kind == Token::Kind::quoted_name &&
            (token.text.empty() || token.text.size() > kLongestName)) {
            throw syntax_error(begin + 1, "a name has 1 to 63 bytes", "write the column's name");
        }
    }

    void digits() {
        while (at_ < text_.size() && is_digit(text_[at_])) {
            ++at_;
        }
    }

    void number() {
        const std::size_t begin = at_;
        digits();
        if (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            digits();
        }
        if (at_ + 1 < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            const bool sign = text_[at_ + 1] == '-' || text_[at_ + 1] == '+';
            if (at_ + 1 + (sign ? 1 : 0) < text_.size() &&
                is_digit(text_[at_ + 1 + (sign ? 1 : 0)])) {
                at_ += sign ? 2 : 1;
                digits();
            }
        }
        if (at_ < text_.size() && (in_word(text_[at_]) || text_[at_] == '.')) {
            throw syntax_error(begin + 1, "a number is followed by something else without a blank",
                               "numbers are written like 12, -0.5 or 1e-3");
        }
        out_.back().kind = Token::Kind::number;
        out_.back().text = text_.substr(begin, at_ - begin);
    }

    void word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && in_word(text_[at_])) {
            ++at_;
        }
        Token& token = out_.back();
        token.kind = Token::Kind::word;
        for (const char one : text_.substr(begin, at_ - begin)) {
            token.text += one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
        }
        const bool quote_follows = at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '&');
        const bool prefix = token.text == "e" || token.text == "b" || token.text == "x" ||
                            token.text == "n" || token.text == "u";
        if (token.text.size() > kLongestName || (prefix && quote_follows)) {
            throw syntax_error(
                begin + 1,
                prefix ? "only plain texts in '...' are understood" : "a name has at most 63 bytes",
                "write a text as '...' and a column by its name");
        }
    }

    /// As PostgreSQL cuts operators: the longest run, but for signs at its end.
    void symbol() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && kOperatorLetters.find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
        std::string_view run = text_.substr(begin, at_ - begin);
        if (run.find("--") != std::string_view::npos || run.find("/*") != std::string_view::npos) {
            throw syntax_error(begin + 1, "a comment, which a filter has not", "leave it out");
        }
        const bool keeps_sign = run.find_first_of("~!@#%^&|`?") != std::string_view::npos;
        while (run.size() > 1 && !keeps_sign && (run.back() == '+' || run.back() == '-')) {
            run.remove_suffix(1);
        }
        at_ = begin + run.size();
        constexpr std::array<std::string_view, 13> kKnown = {"+", "-",  "*",  "/",  "%",  "<", ">",
                                                             "=", "<=", ">=", "<>", "!=", "||"};
        if (std::find(kKnown.begin(), kKnown.end(), run) == kKnown.end()) {
            throw syntax_error(begin + 1, "the operator " + std::string(run) + " is not known",
                               "known are + - * / % || < <= = <> >= >");
        }
        out_.back().text = run == "!=" ? "<>" : run;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Token> out_;
};

}  // namespace

std::vector<Token> tokens(std::string_view text) {
    if (text.size() > kLongestText) {
        throw Error(ErrorClass::refused, "expression.too_large",
                    "the expression has " + std::to_string(text.size()) + " bytes",
                    "an expression has at most " + std::to_string(kLongestText));
    }
    if (text.find('\0') != std::string_view::npos) {
        throw syntax_error(text.find('\0') + 1, "a zero byte", "leave it out");
    }
    return Lexer(text).all();
}

}  // namespace cutover::expression
