#include "verify/postgres/rename_text.h"

#include <cctype>
#include <string_view>

namespace cutover::verify {

namespace {

bool starts_identifier(char letter) {
    return std::isalpha(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
           static_cast<unsigned char>(letter) >= 0x80;
}

bool continues_identifier(char letter) {
    return starts_identifier(letter) || std::isdigit(static_cast<unsigned char>(letter)) != 0 ||
           letter == '$';
}

/// The position past the closing quote; a doubled quote does not close.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (++at; at < text.size(); ++at) {
        if (text[at] != quote) {
            continue;
        }
        if (at + 1 == text.size() || text[at + 1] != quote) {
            return at + 1;
        }
        ++at;
    }
    return text.size();
}

std::string unquoted(std::string_view token) {
    if (token.empty() || token[0] != '"') {
        return std::string(token);
    }
    std::string out;
    for (std::size_t at = 1; at + 1 < token.size(); ++at) {
        out += token[at];
        if (token[at] == '"') {
            ++at;
        }
    }
    return out;
}

/// Adds quotes unless the name is plain lower case.
std::string written(const std::string& name) {
    bool plain =
        !name.empty() && (std::islower(static_cast<unsigned char>(name[0])) != 0 || name[0] == '_');
    for (const char letter : name) {
        plain = plain && (std::islower(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
                          std::isdigit(static_cast<unsigned char>(letter)) != 0);
    }
    if (plain) {
        return name;
    }
    std::string out = "\"";
    for (const char letter : name) {
        out += letter;
        if (letter == '"') {
            out += letter;
        }
    }
    return out + "\"";
}

class Renamer {
public:
    Renamer(std::string_view text, const Renames& schemas, const Renames& columns)
        : text_(text), schemas_(schemas), columns_(columns) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (text_[at_] == '\'') {
                literal();
            } else if (text_[at_] == '"' || starts_identifier(text_[at_])) {
                identifier();
            } else {
                out_ += text_[at_++];
            }
        }
        return out_;
    }

private:
    void literal() {
        const std::size_t end = end_of_quoted(text_, at_);
        const std::string_view whole = text_.substr(at_, end - at_);
        if (text_.substr(end, 10) == "::regclass") {
            const std::string inside(whole.substr(1, whole.size() - 2));
            out_ += "'" + rename_in_sql(inside, schemas_, {}) + "'";
        } else {
            out_ += whole;
        }
        at_ = end;
    }

    void identifier() {
        std::size_t end = at_;
        if (text_[at_] == '"') {
            end = end_of_quoted(text_, at_);
        } else {
            while (end < text_.size() && continues_identifier(text_[end])) {
                ++end;
            }
        }
        const std::string_view token = text_.substr(at_, end - at_);
        const char next = end < text_.size() ? text_[end] : '\0';
        const Renames& renames = next == '.' ? schemas_ : columns_;
        const auto found = next == '(' ? renames.end() : renames.find(unquoted(token));
        out_ += found == renames.end() ? std::string(token) : written(found->second);
        at_ = end;
    }

    std::string_view text_;
    const Renames& schemas_;
    const Renames& columns_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string rename_in_sql(const std::string& text, const Renames& schemas, const Renames& columns) {
    return schemas.empty() && columns.empty() ? text : Renamer(text, schemas, columns).run();
}

}  // namespace cutover::verify
