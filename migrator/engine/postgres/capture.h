// What the log needs at the source, made, proved and removed: a publication, a logical slot (a failover slot
// from 17 on), and REPLICA IDENTITY FULL where the log would not name the old row. The order is fixed:
// old rows first, publication second, slot last, so that nothing after the slot's start is logged
// without them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "migrator/engine/postgres/connection.h"
#include "migrator/engine/postgres/positions.h"
#include "migrator/engine/source.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// `cutover_<task>`: the slot and the publication have the same name.
std::string capture_name(const plan::TaskSpec& spec);

/// A capture that this process has created: while it lives, so does the slot's exported snapshot.
class LiveCapture {
public:
    LiveCapture(Connection replication, std::string snapshot, std::string stamp)
        : replication_(std::move(replication)), snapshot_(std::move(snapshot)), stamp_(std::move(stamp)) {}

    /// For SET TRANSACTION SNAPSHOT.
    const std::string& snapshot() const { return snapshot_; }
    /// pg_current_snapshot() as seen inside it.
    const std::string& stamp() const { return stamp_; }

private:
    Connection replication_;
    std::string snapshot_;
    std::string stamp_;
};

struct CreatedCapture {
    engine::CaptureOrigin origin;
    std::unique_ptr<LiveCapture> live;
};

/// Throws: refused (no right, no free slot), connection, operation (a table stays locked).
CreatedCapture create_capture(const plan::TaskSpec& spec, const plan::Plan& plan);

/// Throws: refused, corrupt, connection; see engine::Source::verify_capture.
engine::CaptureProof verify_capture(const plan::TaskSpec& spec, const engine::CaptureOrigin& origin,
                                    LogPoint applied);

/// Removes slot and publication, gives tables their old replica identity back.
void drop_capture(const plan::TaskSpec& spec);

}  // namespace cutover::postgres
