#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings log_retention(const Facts& facts) {
    // Only the incremental phase reads the log.
    return facts.spec.phases.incremental ? unmet(facts, engine::Topic::log_retention, true)
                                         : Findings{};
}

}  // namespace cutover::precheck
