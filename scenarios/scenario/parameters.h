// The `name: {key: value}` parts of a scenario that belong to open sets (faults, assertions): each
// kind says which keys it takes, and a wrong one is told before anything is started.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::scenarios {

struct ParameterKind {
    std::string_view name;
    bool number = true;
    bool required = false;
};

/// A view of what the scenario wrote; numbers were checked when it was read.
class Parameters {
public:
    explicit Parameters(const std::map<std::string, std::string>& values) : values_(values) {}

    std::string text(const std::string& key, const std::string& fallback = {}) const;
    double number(const std::string& key, double fallback) const;
    bool flag(const std::string& key, bool fallback) const;

private:
    const std::map<std::string, std::string>& values_;
};

/// Empty, or what is wrong with the values given to `owner`.
std::string parameter_mistake(std::string_view owner, const std::vector<ParameterKind>& kinds,
                              const std::map<std::string, std::string>& values);

/// `` `wrod`; did you mean `word`? ``
std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace cutover::scenarios
