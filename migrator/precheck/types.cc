#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings types(const Facts& facts) {
    Findings findings;
    for (const model::Finding& finding : facts.planned->findings) {
        if (finding.code.starts_with("type")) {
            findings.push_back(finding);
        }
    }
    return findings;
}

}  // namespace cutover::precheck
