// The style sheet and the script of the page, compiled in from page.css and page.js
// (CMakeLists.txt).
#pragma once

#include <string_view>

namespace cutover::scenarios::report {

std::string_view page_style();
std::string_view page_script();

}  // namespace cutover::scenarios::report
