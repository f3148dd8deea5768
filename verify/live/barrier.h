// Waiting for the destination: opens snapshots there until one has what the source had at a
// position, as our migrator's marker in that same snapshot tells. Where no positions can be told it
// waits until somebody has written there at all. The time bounds the waiting and decides nothing.
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

    /// What is found can be proved: the destination has our marker, and both ends have a witness.
    /// Asked for when it is made.
    bool positional() const { return unproved_.empty(); }
    /// Why not, as a reason to add; empty: it can.
    const std::string& unproved() const { return unproved_; }
    /// True: the destination's open snapshot holds all that lies before `wanted` at the source
    /// (without positions: something has been written there since the last call). False: it has not
    /// moved for too long or never will; why() says it. Throws: connection, operation.
    bool pass(const Evidence& wanted);
    /// What the destination said in the snapshot that pass() has opened.
    const Evidence& applied() const { return applied_; }
    const std::string& why() const { return why_; }

private:
    bool pass_marker(const Evidence& wanted);
    bool pass_movement();
    /// Of a task of ours: it applies. Else why() says what it does instead.
    bool applies(const Applied& now);
    /// False once it has been asked too often in a row.
    bool wait();

    const Witness* const source_;  ///< may be null
    End& destination_;
    const LiveOptions& options_;
    bool marked_ = false;  ///< the destination has our marker
    std::string unproved_;
    Evidence applied_;
    Evidence writers_;
    std::string why_;
    std::chrono::milliseconds waited_{0};  ///< since the destination has moved last
};

}  // namespace cutover::verify
