// Somebody waits for a server, and somebody else is in the way: what an engine finds out about a
// wait, told by the task to whoever looks on. Names and ages only: never what another session runs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/error.h"
#include "migrator/model/units.h"

namespace cutover::model {

/// Who keeps a server from answering.
struct Holder {
    std::string kind;         ///< `process`, `prepared transaction`, `synchronous standby`
    std::string id;           ///< what ends it: a session's number, a transaction's name
    std::string application;  ///< as it calls itself; empty: it does not
    /// How long its transaction is open; nothing if the server does not say.
    std::optional<std::chrono::seconds> open_for;

    bool operator==(const Holder&) const = default;
};

/// `process 4711 ('psql'), its transaction open for 40 s`
std::string to_text(const Holder& holder);
/// All of them, separated by semicolons.
std::string to_text(const std::vector<Holder>& holders);

struct Wait {
    Side side = Side::neither;
    std::string what;             ///< completes `waiting for ...`
    Instant since;                ///< on this machine's clock
    std::vector<Holder> holders;  ///< empty: nobody is in the way, or nobody is known to be
};

}  // namespace cutover::model
