#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings capture_settings(const Facts& facts) {
    return unmet(facts, engine::Topic::capture_settings, true);
}

}  // namespace cutover::precheck
