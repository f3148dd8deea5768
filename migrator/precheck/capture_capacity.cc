#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings capture_capacity(const Facts& facts) {
    // A task that has started already has its place.
    const bool needs_place = facts.spec.phases.incremental && !facts.started;
    return needs_place ? unmet(facts, engine::Topic::capture_capacity, true) : Findings{};
}

}  // namespace cutover::precheck
