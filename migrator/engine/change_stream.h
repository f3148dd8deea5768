// The source's log from a position on, as whole transactions in commit order. At least once: after
// a reconnect inside the engine a transaction may come again, never out of order; the reader drops
// what its marker covers. It does not filter, map or apply.
#pragma once

#include <chrono>
#include <optional>

#include "migrator/model/change.h"
#include "migrator/model/position.h"

namespace cutover::engine {

struct StreamEvent {
    /// Set if a transaction has arrived.
    std::optional<model::SourceTransaction> transaction;
    /// Otherwise: nothing of interest lies between the last transaction and `quiet_until`
    /// (empty if the source has said nothing new).
    model::Position quiet_until;
    model::Instant source_time{};  ///< source clock with `quiet_until`, if it was told
};

/// One thread.
class ChangeStream {
public:
    virtual ~ChangeStream() = default;
    /// Waits up to `wait` for the next transaction. Throws: connection; refused (the slot is gone,
    /// a table has changed its shape: the message names it); corrupt (undecodable bytes).
    virtual StreamEvent next(std::chrono::milliseconds wait) = 0;
    /// The source may forget everything up to here. Only positions that are durable *and*
    /// checkpointed at the destination may be named. Never moves back.
    virtual void acknowledge(const model::Position& position) = 0;
};

}  // namespace cutover::engine
