#include "migrator/engine/control.h"

namespace cutover::engine {

std::string_view to_string(TaskPhase phase) {
    switch (phase) {
        case TaskPhase::created:
            return "created";
        case TaskPhase::schema:
            return "schema";
        case TaskPhase::full:
            return "full";
        case TaskPhase::keys:
            return "keys";
        case TaskPhase::incremental:
            return "incremental";
        case TaskPhase::finished:
            return "finished";
    }
    return "unknown";
}

}  // namespace cutover::engine
