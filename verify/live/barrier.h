// Waiting for the destination: opens snapshots there until one has what the source had at a
// position, as our migrator's marker in that same snapshot tells. Without our marker it waits until
// somebody has written there at all. The time bounds the waiting and decides nothing.
#pragma once

#include <chrono>
#include <string>

#include "verify/end/end.h"
#include "verify/live/options.h"

namespace cutover::verify {

class LiveBarrier {
public:
    /// The ends must outlive it. `options.pause` is set.
    LiveBarrier(const End& source, End& destination, const LiveOptions& options);

    /// Whether the destination has our marker; asked for when it is made.
    bool positional() const { return positional_; }
    /// True: the destination's open snapshot holds all that lies before `wanted` at the source
    /// (without a marker: something has been written there since the last call). False: it has not
    /// moved for too long or never will; why() says it. Throws: connection, operation.
    bool pass(const std::string& wanted);
    /// What the destination said in the snapshot that pass() has opened.
    const std::string& applied() const { return applied_; }
    const std::string& why() const { return why_; }

private:
    bool pass_marker(const std::string& wanted);
    bool pass_movement();
    /// False once it has been asked too often in a row.
    bool wait();

    const End& source_;
    End& destination_;
    const LiveOptions& options_;
    bool positional_ = false;
    std::string applied_;
    std::string writers_;
    std::string why_;
    std::chrono::milliseconds waited_{0};  ///< since the destination has moved last
};

}  // namespace cutover::verify
