#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings needed_objects(const Facts& facts) {
    // The source knows how its functions find what they name; the destination knows what it has.
    Findings findings = unmet(facts, engine::Topic::needed_objects, true);
    const Findings missing = unmet(facts, engine::Topic::needed_objects, false);
    findings.insert(findings.end(), missing.begin(), missing.end());
    return findings;
}

}  // namespace cutover::precheck
