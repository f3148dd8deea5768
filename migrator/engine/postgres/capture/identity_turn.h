// Tasks of one database share the replica identities of its tables, and take turns: what one finds
// while another puts back must not be half of it. A turn is a temporary replication slot: it ends
// with its session, the server says whose it is, and only who may replicate can hold it, who could
// drop the slot of every task anyway. It takes the place of the task's own slot, which is not made
// yet, or removed already.
#pragma once

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// One turn, until end() or the end of this object. One thread.
class IdentityTurn {
public:
    /// Waits until it is this task's. `session` is used for nothing else: a server takes temporary
    /// slots away at any error. Throws: operation `source.identities_held` (naming who holds it for
    /// more than a minute) and others (no free slot, no right), stopped, connection.
    explicit IdentityTurn(Connection session);

    /// The server has let it go. Throws: connection (the turn was lost), operation.
    void end();

private:
    Connection session_;
};

}  // namespace cutover::postgres
