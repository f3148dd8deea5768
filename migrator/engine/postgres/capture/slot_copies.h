// Copies of a failover slot on the source's standbys. A standby keeps its copy only once the slot
// has moved past what the standby itself still holds, and a slot that nobody reads from stands
// still for as long as a copy of tables takes. So the slot is moved along before the copy begins;
// what a failover then finds is good from the first row on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Standbys among a task's hosts that have been told to keep copies of failover slots (17 and
/// later, `sync_replication_slots`). One that does not answer is left out, and so is one that still
/// refuses the account or the database after 30 seconds.
class SlotKeepers {
public:
    /// Throws: stopped.
    SlotKeepers(const plan::Endpoint& source, const Attention& attention);

    bool empty() const { return standbys_.empty(); }
    /// Moves the slot along until each of them keeps a copy that a promotion preserves. Gives up
    /// after `patience`, or if the slot cannot be moved because a standby does not follow: then a
    /// failover finds no copy until the log is read. What was committed before the slot's new
    /// position is not in its stream any more. Requires: nobody reads from the slot.
    /// Throws: operation, refused. A connection that breaks ends the wait.
    void wait_for_copies(Connection& primary, const plan::Endpoint& source, const std::string& name,
                         std::chrono::seconds patience);

private:
    void add(const plan::Endpoint& host, const Attention& attention);
    bool all_keep(const std::string& name);

    std::vector<Connection> standbys_;
};

}  // namespace cutover::postgres
