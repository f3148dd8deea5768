// What goes wrong between a client and a memory server, and how long calls take. Calm by default;
// the simulation brings its own. It decides nothing about data.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "migrator/flow/runtime.h"

namespace cutover::memory {

/// What becomes of one call.
enum class Fate : std::uint8_t {
    pass,
    lose_before,  ///< the connection is lost before the call had an effect
    lose_after,   ///< it had its effect; the answer is lost with the connection
    lose_late,    ///< commits only: the connection is lost, the server executes the call some time
                  ///< later
    fail,         ///< the statement fails; its transaction is rolled back
};

enum class CallKind : std::uint8_t { read, write, commit };

class Weather {
public:
    virtual ~Weather() = default;
    virtual Fate fate(std::string_view /*call*/, CallKind /*kind*/) { return Fate::pass; }
    /// How long the call takes.
    virtual flow::Duration delay(std::string_view /*call*/) { return flow::Duration(0); }
    /// The client died with a commit under way: true if the commit still happens, later.
    virtual bool commit_survives_client() { return false; }
    /// Executes `action` some time later, when no call is under way.
    virtual void later(const std::function<void()>& action) { action(); }
    /// A choice among 0 .. end - 1 inside the engine; 0 is the tame one.
    virtual std::uint64_t choose(std::string_view /*what*/, std::uint64_t /*end*/) { return 0; }
};

}  // namespace cutover::memory
