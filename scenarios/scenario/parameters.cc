#include "scenarios/scenario/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "migrator/plan/document_reader.h"

namespace cutover::scenarios {

namespace {

bool is_number(const std::string& text) {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

std::string Parameters::text(const std::string& key, const std::string& fallback) const {
    const auto found = values_.find(key);
    return found == values_.end() ? fallback : found->second;
}

double Parameters::number(const std::string& key, double fallback) const {
    const auto found = values_.find(key);
    return found == values_.end() ? fallback : std::stod(found->second);
}

bool Parameters::flag(const std::string& key, bool fallback) const {
    return text(key, fallback ? "true" : "false") == "true";
}

std::string parameter_mistake(std::string_view owner, const std::vector<ParameterKind>& kinds,
                              const std::map<std::string, std::string>& values) {
    std::vector<std::string_view> known;
    for (const ParameterKind& kind : kinds) {
        known.push_back(kind.name);
        const auto value = values.find(std::string(kind.name));
        if (value == values.end()) {
            if (kind.required) {
                return fmt::format("{} needs `{}`", owner, kind.name);
            }
        } else if (kind.number && !is_number(value->second)) {
            return fmt::format("{} of {} is `{}`, not a number", kind.name, owner, value->second);
        }
    }
    for (const auto& [key, value] : values) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            return fmt::format("{} has no parameter {}", owner, unknown_word(key, known));
        }
    }
    return {};
}

std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string near = plan::nearest(word, known);
    return fmt::format("`{}`{}", word,
                       near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
}

}  // namespace cutover::scenarios
