#include "migrator/plan/object_pattern.h"

#include <algorithm>

namespace cutover::plan {

namespace {

/// Takes one half off the front of `text`; false if it is malformed.
bool take_part(std::string_view& text, NamePart& part) {
    if (!text.starts_with('"')) {
        const std::size_t end = std::min(text.find('.'), text.size());
        part = {std::string(text.substr(0, end)), false};
        text.remove_prefix(end);
        return !part.text.empty() && part.text.find('"') == std::string::npos;
    }
    part = {"", true};
    std::size_t at = 1;
    for (; at < text.size(); ++at) {
        if (text[at] != '"') {
            part.text += text[at];
        } else if (text.substr(at).starts_with("\"\"")) {
            part.text += text[at++];  // a doubled quote is a quote, as in SQL
        } else {
            break;
        }
    }
    if (at >= text.size()) {
        return false;
    }
    text.remove_prefix(at + 1);
    return !part.text.empty() && (text.empty() || text.front() == '.');
}

bool part_matches(const NamePart& part, const std::string& name) {
    return part.quoted ? part.text == name : matches(part.text, name);
}

}  // namespace

std::optional<WrittenName> parse_written_name(std::string_view text) {
    WrittenName name;
    if (text.empty() || !take_part(text, name.schema)) {
        return std::nullopt;
    }
    if (text.empty()) {
        return name;
    }
    text.remove_prefix(1);
    NamePart table;
    if (!take_part(text, table) || !text.empty()) {
        return std::nullopt;
    }
    name.table = table;
    return name;
}

std::optional<model::ObjectName> parse_object_name(std::string_view text) {
    const std::optional<WrittenName> name = parse_written_name(text);
    if (!name || !name->table) {
        return std::nullopt;
    }
    return model::ObjectName{name->schema.text, name->table->text};
}

bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

bool matches(const WrittenName& pattern, const model::ObjectName& table) {
    return part_matches(pattern.schema, table.schema) &&
           (!pattern.table || part_matches(*pattern.table, table.name));
}

}  // namespace cutover::plan
