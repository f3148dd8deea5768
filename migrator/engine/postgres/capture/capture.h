// What the log needs at the source, made, proved and removed: a publication (publication.h) and a
// logical slot, a failover slot from version 17 on. The publication comes first, the slot last, so
// that nothing after the slot's start is logged without it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/capture/publication.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/source.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// `cutover_<task>`: the slot and the publication have the same name.
std::string capture_name(const plan::TaskSpec& spec);

/// A task without a log reads a standby if that is the only host it names: what is copied once need
/// not burden the primary. Among several hosts it takes the primary, for two standbys differ.
bool reads_standby(const plan::TaskSpec& spec);

/// A slot's exported snapshot: it can be imported while this object lives. Nothing is run on its
/// connection, because the next command would end it.
class SlotView {
public:
    SlotView(Connection replication, std::string snapshot, std::string stamp, LogPoint start)
        : replication_(std::move(replication)),
          snapshot_(std::move(snapshot)),
          stamp_(std::move(stamp)),
          start_(start) {}

    /// For SET TRANSACTION SNAPSHOT; empty if the slot was made without a view.
    const std::string& snapshot() const { return snapshot_; }
    /// pg_current_snapshot() as seen inside it.
    const std::string& stamp() const { return stamp_; }
    /// Everything that the view has seen was committed before.
    LogPoint start() const { return start_; }

private:
    Connection replication_;
    std::string snapshot_;
    std::string stamp_;
    LogPoint start_;
};

/// Files that held the tables' rows just before the slot was made, by table oid. A table in another
/// file now was truncated or rewritten since: the slot's view does not show its rows.
using HeapFiles = std::map<std::uint32_t, std::uint64_t>;

struct CreatedCapture {
    engine::CaptureOrigin origin;
    std::unique_ptr<SlotView> view;
};

/// Throws: refused (no right, no free slot, a table without replica identity), connection,
/// operation (a table stays locked, a transaction does not end).
CreatedCapture create_capture(const plan::TaskSpec& spec, const plan::Plan& plan,
                              const Attention& attention);

/// As Source::extend_capture().
engine::CaptureOrigin extend_capture(const plan::TaskSpec& spec, const plan::Plan& plan,
                                     const engine::CaptureOrigin& origin,
                                     const Attention& attention);

/// A view like a capture's, by way of a slot that lasts as long as the view.
std::unique_ptr<SlotView> open_slot_view(const plan::TaskSpec& spec, const Attention& attention);

/// What create_capture() has written into the origin's identity. Throws: corrupt.
HeapFiles heap_files(const engine::CaptureOrigin& origin);
PublicationAtStart publication_at_start(const engine::CaptureOrigin& origin);

struct VerifiedCapture {
    engine::CaptureProof proof;
    TimelineHistory history;  ///< of the server that answers
};

/// Throws: refused, corrupt, connection; see engine::Source::verify_capture.
VerifiedCapture verify_capture(const plan::TaskSpec& spec, const engine::CaptureOrigin& origin,
                               LogPoint applied, const Attention& attention);

/// Removes slot and publication, gives tables their old replica identity back.
void drop_capture(const plan::TaskSpec& spec, const Attention& attention);

}  // namespace cutover::postgres
