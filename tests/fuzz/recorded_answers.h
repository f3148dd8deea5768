// Where fuzzing of answers starts from: those of a real server, in the order of who asks
// (server_target.cc). They are only a start; nothing is expected of them but that they are read to
// their end.
#pragma once

#include <string>
#include <vector>

namespace cutover::fuzz {

std::vector<std::string> recorded_answers();
/// Those to one who reads the catalog.
std::string recorded_catalog();

}  // namespace cutover::fuzz
