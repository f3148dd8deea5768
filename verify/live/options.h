// What a run of the judge is told about replication that goes on, and how it waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace cutover::verify {

void sleep_for(std::chrono::milliseconds pause);

/// To judge while replication runs. What differs is looked at again; a verdict rests on positions,
/// the waiting only bounds how long that is tried. Where the task below is replicating, a run does
/// so by itself.
struct LiveOptions {
    bool asked = false;             ///< whoever replicates
    std::string task;               ///< whose marker at the destination tells what it has applied
    std::chrono::seconds wait{60};  ///< give up when the destination has not moved for so long
    std::size_t keys = 100000;      ///< per table: with more differences it is not judged
    unsigned rounds = 5;            ///< without our marker: so often a row must stay different
    std::function<void(std::chrono::milliseconds)> pause = sleep_for;  ///< replaced in tests
};

}  // namespace cutover::verify
