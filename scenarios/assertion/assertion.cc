#include "scenarios/assertion/assertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "migrator/model/check.h"

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

std::string shown(const AssertionChoice& choice) {
    std::string with;
    for (const auto& [key, value] : choice.with) {
        with += fmt::format("{}{}: {}", with.empty() ? "" : ", ", key, value);
    }
    return with.empty() ? choice.name : fmt::format("{} {{{}}}", choice.name, with);
}

}  // namespace

std::vector<const AssertionKind*> assertion_kinds() {
    std::vector<const AssertionKind*> out;
    for (const auto kinds :
         {data_assertions(), conduct_assertions(), cutover_assertions(), hygiene_assertions()}) {
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
        return "there is no assertion " + unknown_word(choice.name, known);
    }
    return parameter_mistake(choice.name, kind->parameters, choice.with);
}

AssertionResult judge_assertion(const AssertionChoice& choice, const Evidence& evidence) {
    const AssertionKind* kind = find_kind(choice.name);
    CUTOVER_CHECK(kind != nullptr);
    Judgement judgement = kind->judge(evidence, Parameters(choice.with));
    return {shown(choice), judgement.passed, std::move(judgement.detail)};
}

}  // namespace cutover::scenarios
