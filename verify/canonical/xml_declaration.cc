#include "verify/canonical/xml_declaration.h"

#include <optional>
#include <utility>
#include <vector>

namespace cutover::verify {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

using Attribute = std::pair<std::string_view, std::string_view>;

std::string_view skip_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Takes `name="value"` or `name='value'`.
std::optional<Attribute> take_attribute(std::string_view& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view name = text.substr(0, equals);
    name = name.substr(0, name.find_last_not_of(kBlanks) + 1);
    std::string_view rest = skip_blanks(text.substr(equals + 1));
    if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) {
        return std::nullopt;
    }
    const std::size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    text = skip_blanks(rest.substr(end + 1));
    return Attribute(name, rest.substr(1, end - 1));
}

struct Declaration {
    std::string_view version;
    std::string_view standalone;
    std::string_view rest;  ///< what follows the declaration
};

std::optional<Declaration> read(std::string_view xml) {
    constexpr std::string_view kBegin = "<?xml";
    if (!xml.starts_with(kBegin) || xml.size() == kBegin.size() ||
        kBlanks.find(xml[kBegin.size()]) == std::string_view::npos) {
        return std::nullopt;
    }
    Declaration out;
    std::string_view text = skip_blanks(xml.substr(kBegin.size()));
    while (!text.starts_with("?>")) {
        const std::optional<Attribute> attribute = take_attribute(text);
        if (!attribute) {
            return std::nullopt;
        }
        if (attribute->first == "version") {
            out.version = attribute->second;
        } else if (attribute->first == "standalone") {
            out.standalone = attribute->second;
        } else if (attribute->first != "encoding") {
            return std::nullopt;
        }
    }
    out.rest = text.substr(2);
    return out;
}

}  // namespace

std::string without_declared_encoding(std::string_view xml) {
    const std::optional<Declaration> declaration = read(xml);
    if (!declaration) {
        return std::string(xml);
    }
    if (declaration->version == "1.0" && declaration->standalone.empty()) {
        std::string_view rest = declaration->rest;
        return std::string(rest.starts_with('\n') ? rest.substr(1) : rest);
    }
    std::string out = "<?xml version=\"" + std::string(declaration->version) + "\"";
    if (!declaration->standalone.empty()) {
        out += " standalone=\"" + std::string(declaration->standalone) + "\"";
    }
    return out + "?>" + std::string(declaration->rest);
}

}  // namespace cutover::verify
