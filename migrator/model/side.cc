#include "migrator/model/side.h"

namespace cutover::model {

std::string_view to_string(Side side) {
    switch (side) {
        case Side::source:
            return "source";
        case Side::destination:
            return "destination";
        case Side::neither:
            return "neither";
    }
    return "unknown";
}

}  // namespace cutover::model
