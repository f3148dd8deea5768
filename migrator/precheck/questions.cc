// What several questions share.
#include "migrator/precheck/questions.h"

#include <algorithm>

namespace cutover::precheck {

Findings unmet(const Facts& facts, engine::Topic topic, bool as_source) {
    const End& end = as_source ? facts.source : facts.destination;
    Findings findings;
    for (engine::Requirement& requirement :
         end.inspector->requirements(topic, facts.spec, end.catalog, as_source)) {
        if (!requirement.met) {
            findings.push_back(std::move(requirement.finding));
        }
    }
    return findings;
}

std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t at = 0; at < std::min(kShown, names.size()); ++at) {
        text += (at == 0 ? "" : ", ") + names[at];
    }
    return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more"
                                 : text;
}

}  // namespace cutover::precheck
