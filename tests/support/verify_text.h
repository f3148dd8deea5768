// A judge's result in the words that a person reads, for the message of a failed expectation.
#pragma once

#include <sstream>
#include <string>

#include "verify/report/report.h"

namespace cutover::verify {

inline std::string text_of(const Result& result) {
    std::ostringstream out;
    write_text(out, result);
    return out.str();
}

}  // namespace cutover::verify
