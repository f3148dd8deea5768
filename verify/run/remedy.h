// An error as one sentence of a report, including what to do about it.
#pragma once

#include <string>

#include "migrator/model/error.h"

namespace cutover::verify {

inline std::string with_remedy(const model::Error& error) {
    return error.hint().empty() ? error.message() : error.message() + " (" + error.hint() + ")";
}

}  // namespace cutover::verify
