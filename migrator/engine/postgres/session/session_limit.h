// A limit that a session sets itself for a few statements. PostgreSQL has two of them that matter
// here: how long a statement waits for each lock, and how long it takes in all.
#pragma once

#include <chrono>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Holds while the object lives. Use it outside a transaction, whose end would undo it otherwise.
class SessionLimit {
public:
    enum class Kind : std::uint8_t {
        lock,       ///< each lock: has_state 55P03 after that
        statement,  ///< the whole statement: has_state 57014 after that
    };
    /// Throws: connection.
    SessionLimit(Connection& connection, Kind kind, std::chrono::milliseconds limit);
    /// Closes the connection if the limit cannot be taken back.
    ~SessionLimit();
    SessionLimit(const SessionLimit&) = delete;
    SessionLimit& operator=(const SessionLimit&) = delete;

private:
    Connection& connection_;
    const char* const setting_;
};

}  // namespace cutover::postgres
