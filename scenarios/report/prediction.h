// From what a rehearsal measured to what production will take, with a band and the method said.
// Pure. It extrapolates and says so: another machine, network or row width is not in the numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios::report {

/// Low and high are the 10th and 90th percentile.
struct Band {
    double low = 0;
    double middle = 0;
    double high = 0;
};

struct Prediction {
    std::optional<Band> rows_per_second;  ///< of the full copy, outside of faults
    std::optional<double> bytes_per_row;
    std::size_t windows = 0;  ///< that the band stands on
    std::optional<Band>
        cutover_window_seconds;  ///< writers stopped -> the destination is the database
    std::optional<double> sustainable_changes_per_second;
    std::string full_method;
    std::string cutover_method;

    /// Requires: rows_per_second. Low is the shortest time.
    Band seconds_for(double rows) const;
};

Prediction predict(const Evidence& evidence);

}  // namespace cutover::scenarios::report
