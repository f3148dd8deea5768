#include "verify/canonical/json_tree.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "verify/canonical/canonical.h"

namespace cutover::verify {

namespace {

void put_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xC0 | code >> 6));
        out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xE0 | code >> 12));
        out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
        out.push_back(static_cast<char>(0xF0 | code >> 18));
        out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
        out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
}

class Parser {
public:
    Parser(std::string_view text, bool scaled) : text_(text), scaled_(scaled) {}

    bool document(std::string& out) { return value(out, 0) && (skip_space(), at_ == text_.size()); }

private:
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }
    bool take(char letter) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == letter) {
            ++at_;
            return true;
        }
        return false;
    }
    bool word(std::string_view expected, char kind, std::string& out) {
        if (text_.substr(at_, expected.size()) != expected) {
            return false;
        }
        at_ += expected.size();
        out.push_back(kind);
        return true;
    }

    bool value(std::string& out, int depth) {
        skip_space();
        if (at_ == text_.size() || depth > kJsonDepthLimit) {
            return false;
        }
        switch (text_[at_]) {
            case '{':
                return object(out, depth);
            case '[':
                return array(out, depth);
            case '"':
                return string_value(out);
            case 'n':
                return word("null", 'n', out);
            case 't':
                return word("true", 't', out);
            case 'f':
                return word("false", 'f', out);
            default:
                return number(out);
        }
    }

    bool number(std::string& out) {
        const std::size_t end =
            std::min(text_.find_first_not_of("+-0123456789.eE", at_), text_.size());
        ExactNumber number;
        if (!parse_number(text_.substr(at_, end - at_), number)) {
            return false;
        }
        at_ = end;
        out.push_back('d');
        put_number_payload(out, number, scaled_);
        return true;
    }

    bool string_value(std::string& out) {
        std::string text;
        if (!string(text)) {
            return false;
        }
        out.push_back('s');
        put_varint(out, text.size());
        out.append(text);
        return true;
    }

    bool array(std::string& out, int depth) {
        ++at_;
        std::string items;
        std::uint64_t count = 0;
        if (!take(']')) {
            do {
                if (!value(items, depth + 1)) {
                    return false;
                }
                ++count;
            } while (take(','));
            if (!take(']')) {
                return false;
            }
        }
        out.push_back('a');
        put_varint(out, count);
        out.append(items);
        return true;
    }

    bool member(std::vector<std::pair<std::string, std::string>>& members, int depth) {
        std::pair<std::string, std::string> member;
        skip_space();
        if (!string(member.first) || !take(':') || !value(member.second, depth + 1)) {
            return false;
        }
        members.push_back(std::move(member));
        return true;
    }

    bool object(std::string& out, int depth) {
        ++at_;
        std::vector<std::pair<std::string, std::string>> members;
        if (!take('}')) {
            do {
                if (!member(members, depth)) {
                    return false;
                }
            } while (take(','));
            if (!take('}')) {
                return false;
            }
        }
        put_members(members, out);
        return true;
    }

    static void put_members(std::vector<std::pair<std::string, std::string>>& members,
                            std::string& out) {
        std::stable_sort(members.begin(), members.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::string body;
        std::uint64_t count = 0;
        for (std::size_t at = 0; at < members.size(); ++at) {
            if (at + 1 < members.size() && members[at].first == members[at + 1].first) {
                continue;  // the last of equal keys wins
            }
            put_varint(body, members[at].first.size());
            body.append(members[at].first).append(members[at].second);
            ++count;
        }
        out.push_back('o');
        put_varint(out, count);
        out.append(body);
    }

    bool string(std::string& out) {
        if (at_ == text_.size() || text_[at_] != '"') {
            return false;
        }
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"') {
                ++at_;
                return true;
            }
            if (text_[at_] != '\\') {
                out.push_back(text_[at_]);
            } else if (!escape(out)) {
                return false;
            }
        }
        return false;
    }

    /// At the backslash; leaves at_ on the last letter of the escape.
    bool escape(std::string& out) {
        if (++at_ == text_.size()) {
            return false;
        }
        switch (text_[at_]) {
            case '"':
            case '\\':
            case '/':
                out.push_back(text_[at_]);
                return true;
            case 'b':
                out.push_back('\b');
                return true;
            case 'f':
                out.push_back('\f');
                return true;
            case 'n':
                out.push_back('\n');
                return true;
            case 'r':
                out.push_back('\r');
                return true;
            case 't':
                out.push_back('\t');
                return true;
            case 'u':
                return unicode(out);
            default:
                return false;
        }
    }

    bool hex4(std::uint32_t& code) {
        code = 0;
        for (int digit = 0; digit < 4; ++digit) {
            if (++at_ >= text_.size()) {
                return false;
            }
            const char letter = text_[at_];
            const auto lower = static_cast<char>(letter | 0x20);
            if (letter >= '0' && letter <= '9') {
                code = code << 4 | static_cast<std::uint32_t>(letter - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                code = code << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
            } else {
                return false;
            }
        }
        return true;
    }

    bool unicode(std::string& out) {
        std::uint32_t code = 0;
        if (!hex4(code)) {
            return false;
        }
        const bool leading = code >= 0xD800 && code < 0xDC00;
        if (leading && text_.substr(at_ + 1, 2) == "\\u") {
            const std::size_t before = at_;
            std::uint32_t second = 0;
            at_ += 2;
            if (hex4(second) && second >= 0xDC00 && second < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
            } else {
                at_ = before;
            }
        }
        put_utf8(out, code);
        return true;
    }

    std::string_view text_;
    bool scaled_;
    std::size_t at_ = 0;
};

void put_quoted(std::string_view text, std::string& out) {
    static constexpr char kHex[] = "0123456789abcdef";
    out.push_back('"');
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            out.push_back('\\');
            out.push_back(letter);
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            out.append("\\u00");
            out.push_back(kHex[letter >> 4]);
            out.push_back(kHex[letter & 15]);
        } else {
            out.push_back(letter);
        }
    }
    out.push_back('"');
}

class Printer {
public:
    Printer(std::string_view tree, bool scaled) : in_(tree), scaled_(scaled) {}

    bool value(std::string& out) {
        if (in_.empty()) {
            return false;
        }
        const char kind = in_[0];
        in_.remove_prefix(1);
        switch (kind) {
            case 'n':
                out += "null";
                return true;
            case 't':
                out += "true";
                return true;
            case 'f':
                out += "false";
                return true;
            case 's':
                return string(out);
            case 'd':
                return number(out);
            case 'a':
                return items(out, false);
            case 'o':
                return items(out, true);
            default:
                return false;
        }
    }

private:
    bool string(std::string& out) {
        std::uint64_t length = 0;
        if (!take_varint(in_, length) || length > in_.size()) {
            return false;
        }
        put_quoted(in_.substr(0, length), out);
        in_.remove_prefix(length);
        return true;
    }
    bool number(std::string& out) {
        ExactNumber number;
        if (!take_number_payload(in_, scaled_, number)) {
            return false;
        }
        out += to_string(number);
        return true;
    }
    bool items(std::string& out, bool keys) {
        std::uint64_t count = 0;
        if (!take_varint(in_, count)) {
            return false;
        }
        out.push_back(keys ? '{' : '[');
        for (std::uint64_t at = 0; at < count; ++at) {
            out += at == 0 ? "" : ", ";
            if (keys) {
                if (!string(out)) {
                    return false;
                }
                out += ": ";
            }
            if (!value(out)) {
                return false;
            }
        }
        out.push_back(keys ? '}' : ']');
        return true;
    }

    std::string_view in_;
    bool scaled_;
};

}  // namespace

bool put_json_tree(std::string_view text, bool scaled, std::string& out) {
    const std::size_t before = out.size();
    if (Parser(text, scaled).document(out)) {
        return true;
    }
    out.resize(before);
    return false;
}

std::string json_tree_text(std::string_view tree, bool scaled) {
    std::string out;
    return Printer(tree, scaled).value(out) ? out : "(broken json tree)";
}

}  // namespace cutover::verify
