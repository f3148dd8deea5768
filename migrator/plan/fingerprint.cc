#include "migrator/plan/fingerprint.h"

#include <algorithm>

namespace cutover::plan {

std::string first_difference(std::string_view of, std::string_view other) {
    constexpr std::size_t kMostShown = 200;
    const std::string all = ";" + std::string(other) + ";";
    while (!of.empty()) {
        const std::string_view part = of.substr(0, of.find(';'));
        if (all.find(";" + std::string(part) + ";") == std::string::npos) {
            return "'" + std::string(part.substr(0, kMostShown)) + "'";
        }
        of.remove_prefix(std::min(of.size(), part.size() + 1));
    }
    return "nothing else";
}

}  // namespace cutover::plan
