#include "migrator/model/finding.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace cutover::model {

std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 10;
    std::string text;
    for (std::size_t at = 0; at < std::min(kShown, names.size()); ++at) {
        text += (at == 0 ? "" : ", ") + names[at];
    }
    return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more"
                                 : text;
}

std::string FindingKind::objects() const {
    std::vector<std::string> names;
    for (const Finding* finding : findings) {
        names.push_back(finding->object);
    }
    return some_of(names);
}

std::vector<FindingKind> kinds_of(const std::vector<Finding>& findings) {
    std::vector<FindingKind> kinds;
    std::map<std::tuple<std::string, Severity, std::string, std::string>, std::size_t> known;
    for (const Finding& finding : findings) {
        const auto [at, fresh] = known.try_emplace(
            {finding.code, finding.severity, finding.why, finding.remedy}, kinds.size());
        if (fresh) {
            kinds.emplace_back();
        }
        kinds[at->second].findings.push_back(&finding);
    }
    return kinds;
}

std::string blocks_of(const std::vector<Finding>& findings) {
    std::string text;
    for (const FindingKind& kind : kinds_of(findings)) {
        const Finding& first = kind.first();
        if (first.severity == Severity::block) {
            text += "\n  " + kind.objects() + ": " + first.found + " [" + first.code + "]; " +
                    first.remedy;
        }
    }
    return text;
}

}  // namespace cutover::model
