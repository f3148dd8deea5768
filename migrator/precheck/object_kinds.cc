#include "migrator/precheck/questions.h"

namespace cutover::precheck {

Findings object_kinds(const Facts& facts) {
    // An engine knows which kinds of object exist; it lists those that are not carried, and tables
    // that only look like tables.
    return unmet(facts, engine::Topic::object_kinds, true);
}

}  // namespace cutover::precheck
