// The line that a report ends with: the command that runs the same again. It is to be complete when
// it is pasted into a shell in the project's folder; it says nothing of where the report goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace cutover::scenarios {

/// `folder` holds the scenario, `own_folder` is the one that the program looks in without being
/// told: the project's. A relative `folder` starts at the working directory.
std::string reproduction_of(const std::string& scenario, std::uint64_t seed,
                            const std::filesystem::path& folder,
                            const std::filesystem::path& own_folder);

}  // namespace cutover::scenarios
