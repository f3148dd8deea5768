// What an exception of a library means where a server's words are taken apart: a number that is
// none, a key that is not there, JSON of another kind. It is the server's error, not our defect.
#pragma once

#include <exception>

#include "migrator/model/error.h"

namespace cutover::model {

/// corrupt `server.nonsense`, with what the library says.
Error nonsense(const std::exception& error);

}  // namespace cutover::model
