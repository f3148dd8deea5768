#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings replica_identity(const Facts& facts) {
    // Only the incremental phase reads the log.
    return facts.spec.phases.incremental ? unmet(facts, engine::Topic::replica_identity, true)
                                         : Findings{};
}

}  // namespace cutover::precheck
