// Which of a migration's two sides something belongs to.
#pragma once

#include <cstdint>
#include <string_view>

namespace cutover::model {

/// `neither`: this machine, the plan, what the task itself remembers.
enum class Side : std::uint8_t { source, destination, neither };

std::string_view to_string(Side side);

}  // namespace cutover::model
