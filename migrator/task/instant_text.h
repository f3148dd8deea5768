// How instants are written where people and programs read them.
#pragma once

#include <string>

#include "migrator/model/units.h"

namespace cutover::task {

/// RFC 3339 in UTC with microseconds.
std::string rfc3339(model::Instant at);

}  // namespace cutover::task
