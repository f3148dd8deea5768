// The named rules under which two unequal values may still pass, and the set of rules that a run
// has declared. No rule is in force unless the user or the task's route declares it; every use of a
// rule is counted. The judge knows the names from the documents and implements their meaning here,
// apart from the migrator.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cutover::verify {

enum class Rule : std::uint8_t {
    numeric_scale,  ///< 1.5 and 1.50, also inside JSON: the value counts, the number of digits does
                    ///< not
    json_text,      ///< `json` as a tree: white space, key order and repeated keys do not count
    negative_zero,  ///< -0.0 and 0.0
    array_bounds,   ///< the lower bounds of an array do not count
    rtrim_char,     ///< trailing blanks of a char(n) do not count
    ms_truncation,  ///< points in time are cut to milliseconds, toward minus infinity
    float_width,    ///< real and double precision: compared as real
    xml_declaration,  ///< the encoding that an xml value declares does not count
};

inline constexpr std::size_t kRuleCount = 8;

/// The rule's name as it is written in a command line and printed in a report.
std::string_view to_string(Rule rule);
std::optional<Rule> rule_by_name(std::string_view name);
/// What the rule says, in one line for `--help` and the report.
std::string_view meaning(Rule rule);
const std::vector<Rule>& all_rules();

/// A set of rules. The empty set is strict: values must have one form.
class RuleSet {
public:
    RuleSet() = default;
    RuleSet(std::initializer_list<Rule> rules) {
        for (const Rule rule : rules) {
            add(rule);
        }
    }
    void add(Rule rule) { bits_ |= 1u << static_cast<unsigned>(rule); }
    bool has(Rule rule) const { return (bits_ >> static_cast<unsigned>(rule) & 1u) != 0; }
    bool empty() const { return bits_ == 0; }
    std::vector<Rule> list() const;

private:
    std::uint32_t bits_ = 0;
};

}  // namespace cutover::verify
