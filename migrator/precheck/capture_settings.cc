#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings capture_settings(const Facts& facts) {
    // Only the incremental phase reads the log.
    return facts.spec.phases.incremental ? unmet(facts, engine::Topic::capture_settings, true)
                                         : Findings{};
}

}  // namespace cutover::precheck
