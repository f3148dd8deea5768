#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings filters(const Facts& facts) {
    return unmet(facts, engine::Topic::filters, true);
}

}  // namespace cutover::precheck
