// A wait as JSON, the same in the events of a task and in its published status.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "migrator/model/wait.h"

namespace cutover::task {

nlohmann::ordered_json wait_json(const model::Wait& wait);
/// What wait_json() has written, but for `since`.
model::Wait wait_of(const nlohmann::ordered_json& json);

}  // namespace cutover::task
