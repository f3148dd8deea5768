#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings privileges(const Facts& facts) {
    Findings findings = unmet(facts, engine::Topic::privileges, true);
    const Findings more = unmet(facts, engine::Topic::privileges, false);
    findings.insert(findings.end(), more.begin(), more.end());
    return findings;
}

}  // namespace cutover::precheck
