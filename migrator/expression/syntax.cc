#include "migrator/expression/syntax.h"

#include <utility>

#include "migrator/expression/token.h"

namespace cutover::expression {

namespace {

using Kind = Syntax::Kind;

/// One function per level of precedence, from the weakest.
class Parser {
public:
    explicit Parser(std::string_view text) : tokens_(tokens(text)) {}

    Syntax whole() {
        Syntax out = any_of("or");
        if (now().kind != Token::Kind::end) {
            throw unexpected("the expression goes on behind its end");
        }
        return out;
    }

private:
    /// Counts how deep it is nested; what calls itself makes one.
    class Deeper {
    public:
        Deeper(std::size_t& depth, std::size_t at) : depth_(depth) {
            if (++depth_ > kDeepest) {
                --depth_;
                throw model::Error(model::ErrorClass::refused, "expression.too_large",
                                   "at " + std::to_string(at) + ": nested too deeply",
                                   "nest at most " + std::to_string(kDeepest) + " deep");
            }
        }
        ~Deeper() { --depth_; }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;

    private:
        std::size_t& depth_;
    };

    const Token& now() const { return tokens_[at_]; }
    bool is_word(std::string_view word, std::size_t ahead = 0) const {
        const std::size_t at = at_ + ahead;
        return at < tokens_.size() && tokens_[at].kind == Token::Kind::word &&
               tokens_[at].text == word;
    }
    bool is_symbol(std::string_view symbol) const {
        return now().kind == Token::Kind::symbol && now().text == symbol;
    }
    bool take_word(std::string_view word) {
        const bool there = is_word(word);
        at_ += there ? 1 : 0;
        return there;
    }
    bool take_symbol(std::string_view symbol) {
        const bool there = is_symbol(symbol);
        at_ += there ? 1 : 0;
        return there;
    }
    void expect_word(std::string_view word) {
        if (!take_word(word)) {
            throw unexpected("`" + std::string(word) + "` must stand here");
        }
    }
    void expect_symbol(std::string_view symbol) {
        if (!take_symbol(symbol)) {
            throw unexpected("`" + std::string(symbol) + "` must stand here");
        }
    }
    model::Error unexpected(const std::string& what) const {
        return syntax_error(now().at,
                            what + (now().kind == Token::Kind::end ? ", but the expression ends"
                                                                   : ", not `" + now().text + "`"),
                            "parentheses say what belongs together; casts, subqueries and other "
                            "functions are not understood");
    }
    static Syntax make(Kind kind, std::size_t at, std::string word = {}) {
        Syntax out;
        out.kind = kind;
        out.at = at;
        out.word = std::move(word);
        return out;
    }
    static Syntax pair(Kind kind, std::size_t at, std::string word, Syntax left, Syntax right) {
        Syntax out = make(kind, at, std::move(word));
        out.parts.push_back(std::move(left));
        out.parts.push_back(std::move(right));
        return out;
    }

    /// OR of ANDs.
    Syntax any_of(const std::string& word) {
        const std::size_t at = now().at;
        Syntax first = word == "or" ? any_of("and") : negation();
        if (!is_word(word)) {
            return first;
        }
        Syntax out = make(Kind::logic, at, word);
        out.parts.push_back(std::move(first));
        while (take_word(word)) {
            out.parts.push_back(word == "or" ? any_of("and") : negation());
        }
        return out;
    }

    Syntax negation() {
        const std::size_t at = now().at;
        if (!take_word("not")) {
            return tested();
        }
        const Deeper deeper(depth_, at);
        Syntax out = make(Kind::negation, at);
        out.parts.push_back(negation());
        return out;
    }

    /// IS. Its right side, if it has one, takes whatever binds more.
    Syntax tested() {
        Syntax out = compared();
        bool nothing_more = false;
        while (is_word("is") && !nothing_more) {
            const std::size_t at = now().at;
            ++at_;
            const bool negated = take_word("not");
            if (take_word("distinct")) {
                expect_word("from");
                out = pair(Kind::distinct, at, "", std::move(out), compared());
                nothing_more = true;
            } else {
                if (!is_word("null") && !is_word("true") && !is_word("false") &&
                    !is_word("unknown")) {
                    throw unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM must stand here");
                }
                Syntax test = make(Kind::is, at, now().text);
                ++at_;
                test.parts.push_back(std::move(out));
                out = std::move(test);
            }
            out.negated = negated;
            deep_enough(++tests_, at);
        }
        return out;
    }

    /// What is put around an expression without a recursion makes it deeper, too.
    static void deep_enough(std::size_t count, std::size_t at) {
        if (count > kDeepest) {
            throw model::Error(model::ErrorClass::refused, "expression.too_large",
                               "at " + std::to_string(at) + ": too many tests of tests",
                               "write it with fewer");
        }
    }

    Syntax compared() {
        Syntax left = ranged();
        const std::size_t at = now().at;
        for (const char* word : {"<", "<=", "=", "<>", ">=", ">"}) {
            if (take_symbol(word)) {
                return pair(Kind::binary, at, word, std::move(left), ranged());
            }
        }
        return left;
    }

    /// IN, BETWEEN, LIKE.
    Syntax ranged() {
        Syntax left = joined();
        const std::size_t at = now().at;
        const bool negated =
            is_word("not") && (is_word("in", 1) || is_word("between", 1) || is_word("like", 1));
        at_ += negated ? 1 : 0;
        Syntax out;
        if (take_word("in")) {
            const Deeper deeper(depth_, at);
            out = make(Kind::in, at);
            out.parts.push_back(std::move(left));
            expect_symbol("(");
            do {
                out.parts.push_back(any_of("or"));
            } while (take_symbol(","));
            expect_symbol(")");
        } else if (take_word("between")) {
            if (is_word("symmetric") || is_word("asymmetric")) {
                throw unexpected("a value must stand here");
            }
            out = make(Kind::between, at);
            out.parts.push_back(std::move(left));
            out.parts.push_back(joined());
            expect_word("and");
            out.parts.push_back(joined());
        } else if (take_word("like")) {
            out = pair(Kind::like, at, "", std::move(left), joined());
            out.text = "\\";
            if (take_word("escape")) {
                if (now().kind != Token::Kind::text || now().text.size() > 1) {
                    throw unexpected("a text of one ASCII letter, or none, must stand here");
                }
                out.text = tokens_[at_++].text;
            }
        } else {
            return left;
        }
        out.negated = negated;
        return out;
    }

    Syntax joined() {
        return chain({"||"}, [this] { return added(); });
    }
    Syntax added() {
        return chain({"+", "-"}, [this] { return multiplied(); });
    }
    Syntax multiplied() {
        return chain({"*", "/", "%"}, [this] { return negated(); });
    }

    template <typename Next>
    Syntax chain(std::initializer_list<const char*> words, const Next& next) {
        Syntax left = next();
        for (std::size_t length = 0;; ++length) {
            const std::size_t at = now().at;
            std::string found;
            for (const char* word : words) {
                found = found.empty() && take_symbol(word) ? word : found;
            }
            if (found.empty()) {
                return left;
            }
            deep_enough(length, at);
            left = pair(Kind::binary, at, found, std::move(left), next());
        }
    }

    Syntax negated() {
        const std::size_t at = now().at;
        if (!take_symbol("-")) {
            return primary();
        }
        const Deeper deeper(depth_, at);
        Syntax inner = negated();
        if (inner.kind ==
            Kind::number) {  // the server makes a number of it, too, before it types it
            inner.text = inner.text.starts_with('-') ? inner.text.substr(1) : "-" + inner.text;
            inner.at = at;
            return inner;
        }
        Syntax out = make(Kind::negate, at, "-");
        out.parts.push_back(std::move(inner));
        return out;
    }

    Syntax primary() {
        const Token token = now();
        if (take_symbol("(")) {
            const Deeper deeper(depth_, token.at);
            Syntax out = any_of("or");
            expect_symbol(")");
            return out;
        }
        if (token.kind == Token::Kind::number || token.kind == Token::Kind::text) {
            ++at_;
            Syntax out =
                make(token.kind == Token::Kind::number ? Kind::number : Kind::text, token.at);
            out.text = token.text;
            return out;
        }
        if (token.kind == Token::Kind::quoted_name) {
            ++at_;
            Syntax out = make(Kind::column, token.at);
            out.text = token.text;
            return followed(std::move(out));
        }
        if (token.kind != Token::Kind::word) {
            throw unexpected("a column, a value or `(` must stand here");
        }
        return named();
    }

    /// A column that is followed by a text or by `(` is none.
    Syntax followed(Syntax column) {
        if (now().kind == Token::Kind::text || is_symbol("(")) {
            throw unexpected("an operator must stand behind `" + column.text + "`");
        }
        return column;
    }

    Syntax named() {
        const Token token = tokens_[at_++];
        const std::string& word = token.text;
        if (word == "true" || word == "false" || word == "null") {
            return make(Kind::word, token.at, word);
        }
        const bool text_follows = now().kind == Token::Kind::text;
        if (text_follows &&
            (word == "date" || word == "timestamp" || word == "timestamptz" || word == "uuid")) {
            Syntax out = make(Kind::typed, token.at, word);
            out.text = tokens_[at_++].text;
            return out;
        }
        if (is_symbol("(") && (word == "lower" || word == "upper" || word == "length" ||
                               word == "coalesce" || word == "abs")) {
            return call(token);
        }
        if (reserved(word)) {
            --at_;
            throw unexpected(
                "a column or a value must stand here (a column of that name is quoted)");
        }
        Syntax out = make(Kind::column, token.at);
        out.text = word;
        return followed(std::move(out));
    }

    Syntax call(const Token& name) {
        const Deeper deeper(depth_, name.at);
        Syntax out = make(Kind::call, name.at, name.text);
        expect_symbol("(");
        do {
            out.parts.push_back(any_of("or"));
        } while (take_symbol(","));
        expect_symbol(")");
        if (name.text != "coalesce" && out.parts.size() != 1) {
            throw syntax_error(name.at, name.text + " takes one value", "give it one");
        }
        return out;
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t tests_ = 0;
};

}  // namespace

Syntax parse(std::string_view text) {
    return Parser(text).whole();
}

}  // namespace cutover::expression
