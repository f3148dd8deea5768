#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings names(const Facts& facts) {
    // Reports what the route has to say apart from types: columns without a counterpart, names
    // claimed twice, and what later routes find.
    Findings findings;
    for (const model::Finding& finding : facts.planned->findings) {
        if (!finding.code.starts_with("type")) {
            findings.push_back(finding);
        }
    }
    return findings;
}

}  // namespace cutover::precheck
