// Writes the task file that a rehearsal hands to the program: both ends as the ground has them, the
// rest as the scenario says it. Passwords are names of environment variables, never values.
#pragma once

#include <map>
#include <string>

#include "migrator/plan/endpoint.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

/// The task's name in every rehearsal.
inline constexpr const char* kTaskName = "rehearsal";

std::string task_text(const Scenario& scenario, const plan::Endpoint& source,
                      const plan::Endpoint& destination);

/// What the program's environment must hold for such a file.
std::map<std::string, std::string> task_environment(const plan::Endpoint& source,
                                                    const plan::Endpoint& destination);

}  // namespace cutover::scenarios
