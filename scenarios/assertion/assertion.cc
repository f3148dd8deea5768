#include "scenarios/assertion/assertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "migrator/model/check.h"
#include "migrator/plan/document_reader.h"

namespace cutover::scenarios {

namespace {

const AssertionKind* find_kind(const std::string& name) {
    for (const AssertionKind* kind : assertion_kinds()) {
        if (kind->name == name) {
            return kind;
        }
    }
    return nullptr;
}

bool is_number(const std::string& text) {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string near = plan::nearest(word, known);
    return near.empty() ? std::string() : fmt::format("; did you mean `{}`?", near);
}

std::string parameter_mistake(const AssertionKind& kind, const std::string& key,
                              const std::string& value) {
    std::vector<std::string_view> known;
    for (const ParameterKind& parameter : kind.parameters) {
        if (parameter.name == key) {
            return !parameter.number || is_number(value)
                       ? std::string()
                       : fmt::format("{} of {} is `{}`, not a number", key, kind.name, value);
        }
        known.push_back(parameter.name);
    }
    return fmt::format("{} has no parameter `{}`{}", kind.name, key, suggestion(key, known));
}

std::string shown(const AssertionChoice& choice) {
    std::string with;
    for (const auto& [key, value] : choice.with) {
        with += fmt::format("{}{}: {}", with.empty() ? "" : ", ", key, value);
    }
    return with.empty() ? choice.name : fmt::format("{} {{{}}}", choice.name, with);
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

std::vector<const AssertionKind*> assertion_kinds() {
    std::vector<const AssertionKind*> out;
    for (const auto kinds : {data_assertions(), conduct_assertions(), hygiene_assertions()}) {
        for (const AssertionKind& kind : kinds) {
            out.push_back(&kind);
        }
    }
    return out;
}

std::string assertion_mistake(const AssertionChoice& choice) {
    const AssertionKind* kind = find_kind(choice.name);
    if (kind == nullptr) {
        std::vector<std::string_view> known;
        for (const AssertionKind* other : assertion_kinds()) {
            known.push_back(other->name);
        }
        return fmt::format("there is no assertion `{}`{}", choice.name,
                           suggestion(choice.name, known));
    }
    for (const auto& [key, value] : choice.with) {
        if (std::string mistake = parameter_mistake(*kind, key, value); !mistake.empty()) {
            return mistake;
        }
    }
    return {};
}

AssertionResult judge_assertion(const AssertionChoice& choice, const Evidence& evidence) {
    const AssertionKind* kind = find_kind(choice.name);
    CUTOVER_CHECK(kind != nullptr);
    Judgement judgement = kind->judge(evidence, Parameters(choice.with));
    return {shown(choice), judgement.passed, std::move(judgement.detail)};
}

}  // namespace cutover::scenarios
