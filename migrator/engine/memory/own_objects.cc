#include "migrator/engine/memory/own_objects.h"

#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

void require_own_control(const Server& server) {
    if (server.foreign_control) {
        throw Error(ErrorClass::refused, "control.schema_foreign",
                    "what tasks keep at the destination was made by another role",
                    "find out who has made it, and remove it");
    }
}

void require_own_capture(const Server& server, const std::string& name) {
    if (server.foreign_captures.contains(name)) {
        throw Error(ErrorClass::refused, "capture.foreign",
                    "the source has a capture '" + name + "' of another role",
                    "give the task another name, or have that one removed");
    }
}

}  // namespace cutover::memory
