#include "verify/canonical/rule.h"

#include <array>

#include "migrator/model/value_rule.h"

namespace cutover::verify {

namespace {

struct RuleText {
    Rule rule;
    std::string_view name;
    std::string_view meaning;
};

constexpr std::array<RuleText, kRuleCount> kTexts{{
    {Rule::numeric_scale, "numeric_scale", "1.5 equals 1.50: the number of digits does not count"},
    {Rule::json_text, "json_text",
     "json is compared as a tree, not as text; of equal keys the last counts, as in jsonb"},
    {Rule::negative_zero, "negative_zero", "-0.0 equals 0.0"},
    {Rule::array_bounds, "array_bounds", "lower bounds of arrays do not count"},
    {Rule::rtrim_char, "rtrim_char", "trailing blanks of char(n) do not count"},
    {Rule::ms_truncation, "ms_truncation", "points in time are cut to milliseconds"},
    {Rule::float_width, "float_width", "double precision is compared as real, where it can be one"},
    {Rule::xml_declaration, model::kXmlDeclaration,
     "the encoding that an xml value declares does not count: PostgreSQL keeps it but neither "
     "sends nor logs"},
}};

constexpr bool stand_at_their_places() {
    for (std::size_t at = 0; at < kTexts.size(); ++at) {
        if (static_cast<std::size_t>(kTexts[at].rule) != at) {
            return false;
        }
    }
    return true;
}
static_assert(stand_at_their_places());

}  // namespace

std::string_view to_string(Rule rule) {
    return kTexts[static_cast<std::size_t>(rule)].name;
}

std::string_view meaning(Rule rule) {
    return kTexts[static_cast<std::size_t>(rule)].meaning;
}

std::optional<Rule> rule_by_name(std::string_view name) {
    for (const RuleText& text : kTexts) {
        if (text.name == name) {
            return text.rule;
        }
    }
    return std::nullopt;
}

const std::vector<Rule>& all_rules() {
    static const std::vector<Rule> rules = [] {
        std::vector<Rule> out;
        for (const RuleText& text : kTexts) {
            out.push_back(text.rule);
        }
        return out;
    }();
    return rules;
}

std::vector<Rule> RuleSet::list() const {
    std::vector<Rule> out;
    for (const Rule rule : all_rules()) {
        if (has(rule)) {
            out.push_back(rule);
        }
    }
    return out;
}

}  // namespace cutover::verify
