// What PostgreSQL requires of its end in a task file.
#pragma once

#include "migrator/plan/endpoint_rules.h"

namespace cutover::postgres {

plan::EndpointRules endpoint_rules();

}  // namespace cutover::postgres
