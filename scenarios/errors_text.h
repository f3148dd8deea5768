// The catalogue of error codes as text, compiled in from errors.yaml (CMakeLists.txt).
#pragma once

#include <string_view>

namespace cutover::scenarios {

std::string_view errors_text();

}  // namespace cutover::scenarios
