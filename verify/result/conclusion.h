// The verdict of a run and its reasons, from all that was found. Nothing is compared here and no
// end is asked.
#pragma once

#include <string>
#include <vector>

#include "verify/result/result.h"

namespace cutover::verify {

/// What keeps a run from a verdict, apart from its tables, structure and sequences.
struct Doubts {
    std::vector<std::string> idle_patterns;  ///< patterns that select nothing
    std::vector<std::string> idle_settings;  ///< settings for tables or columns that do not exist
    std::string unread_structure;            ///< why it could not be read; empty: it could
    std::vector<std::string> open_writers;   ///< sentences about writers of compared tables
};

/// Sums up the tables, sorts them and sets verdict and reasons.
void conclude_run(Result& result, const Doubts& doubts);

}  // namespace cutover::verify
