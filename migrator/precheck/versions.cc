#include <fmt/format.h>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings versions(const Facts& facts) {
    Findings findings = unmet(facts, engine::Topic::version, true);
    Findings more = unmet(facts, engine::Topic::version, false);
    findings.insert(findings.end(), more.begin(), more.end());
    const bool older = facts.spec.source.engine == facts.spec.destination.engine &&
                       facts.destination.server.version < facts.source.server.version;
    if (older) {
        findings.push_back(
            {"versions.destination_older",
             model::Severity::alert_ignorable,
             facts.spec.destination.display(),
             fmt::format("{} receives from {}", facts.destination.server.engine,
                         facts.source.server.engine),
             "an older server may lack a type, a function in a default or an index option "
             "that the source uses; the schema phase would then stop",
             "migrate to the same or a newer version, or rehearse it first",
             {"G39"}});
    }
    return findings;
}

}  // namespace cutover::precheck
