// Waits for the destination: opens snapshots there until one has what the source had at a position,
// according to our migrator's marker in that same snapshot. Where no positions can be told, it
// waits until something has been written there at all. The time limit bounds the waiting and
// decides nothing.
#pragma once

#include <chrono>
#include <string>

#include "verify/end/end.h"
#include "verify/live/options.h"

namespace cutover::verify {

class LiveBarrier {
public:
    /// The ends must outlive it. Requires: `options.pause` is set.
    LiveBarrier(End& source, End& destination, const LiveOptions& options);

    /// Whether findings can be proved: the destination has our marker, and both ends have a
    /// witness. Determined by the constructor.
    bool positional() const { return unproved_.empty(); }
    /// Why findings cannot be proved, as a reason to add; empty if they can.
    const std::string& unproved() const { return unproved_; }
    /// True: the destination's open snapshot holds all that lies before `wanted` at the source
    /// (without positions: something has been written there since the last call). False: the
    /// destination has not moved for too long, or never will; why() gives the reason. Throws:
    /// connection, operation.
    bool pass(const Evidence& wanted);
    /// What the destination said in the snapshot that pass() opened.
    const Evidence& applied() const { return applied_; }
    const std::string& why() const { return why_; }

private:
    bool pass_marker(const Evidence& wanted);
    bool pass_movement();
    /// Whether a task of ours is applying changes. Else why() says what it does instead.
    bool applies(const Applied& now);
    /// False once it has been called too often in a row.
    bool wait();

    const Witness* const source_;  ///< may be null
    End& destination_;
    const LiveOptions& options_;
    bool marked_ = false;  ///< the destination has our marker
    std::string unproved_;
    Evidence applied_;
    Evidence writers_;
    std::string why_;
    std::chrono::milliseconds waited_{0};  ///< since the destination last moved
};

}  // namespace cutover::verify
