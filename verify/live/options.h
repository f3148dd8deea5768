// What a run of the judge is told about replication that is still running, and how it waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace cutover::verify {

void sleep_for(std::chrono::milliseconds pause);

/// How to judge while replication runs. Rows that differ are looked at again. A verdict rests on
/// positions; the waiting only bounds how long that is tried. If the task below is replicating, a
/// run uses this mode without being asked.
struct LiveOptions {
    bool asked = false;  ///< use the mode, whichever tool replicates
    std::string task;    ///< the task whose marker at the destination tells what has been applied
    std::chrono::seconds wait{60};  ///< give up when the destination has not moved for this long
    std::size_t keys = 100000;      ///< per table; a table with more differences is not judged
    unsigned rounds = 5;  ///< without our marker: for how many rounds a row must stay different
    std::function<void(std::chrono::milliseconds)> pause = sleep_for;  ///< replaced in tests
};

}  // namespace cutover::verify
