// The parallel half of the incremental phase: batches of whole source transactions, each applied in
// one destination transaction with its marker, on several lanes, committed in source order.
//
// A batch may be staged at any time. It may take effect once no earlier batch that is still under
// way touches one of its keys (primary, unique or parent), and it commits when all before it have.
// So a reader of the destination only ever sees states that the source had.
//
// What waits for its turn holds locks at the destination. Where an earlier batch waits for one of
// them (a trigger there that touches a row for every change, somebody who locks one table and wants
// the next), neither would ever go on and no server could see why: the later batch gives way. It is
// rolled back and applied again when its turn has come.
//
// A batch too large for memory comes in several parts; it takes effect alone.
//
// Rows that the log cannot complete are read again by the lane (RowRepair), before its turn.
//
// Where the sink is not atomic, a batch takes effect row by row, and readers see that; its marker
// is stored in its turn all the same. It holds nothing while it waits.
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "migrator/flow/bounded_queue.h"
#include "migrator/stage/context.h"
#include "migrator/stage/part.h"

namespace cutover::stage {

/// Used by one coordinating thread. `context` outlives it.
class Lanes {
public:
    /// `batch_bytes`: what a part may take in memory.
    Lanes(Context& context, const engine::SinkTraits& traits, std::uint32_t count,
          model::Bytes batch_bytes);
    /// As close().
    ~Lanes();

    /// What is not committed is given up; returns when no lane is at work any more. What has been
    /// committed until then can still be asked for.
    void close();

    /// Hands a part over; waits while its lane is busy with two others. Parts of a batch come in
    /// order. Throws: the first exception of a lane, whatever it is.
    void submit(Part part);
    /// Waits until every submitted part has taken effect (not: is committed). Throws as submit().
    void wait_applied();
    /// Waits until everything submitted is committed. Throws as submit().
    void drain();
    /// The last committed marker, if any has been committed since the last call. Throws as
    /// submit().
    std::optional<model::Marker> committed();
    bool idle() const;
    /// Receipts of rows that were read again: how long their tables stay tolerant.
    std::vector<model::ChunkReceipt> take_repairs();

private:
    struct Outstanding {
        std::uint64_t batch = 0;
        bool alone = false;
        Footprint footprint;
    };
    struct Lane;
    enum class Turn : std::uint8_t { come, give_way, given_up };

    void run(Lane& lane);
    // These answer false if the lanes are being given up.
    bool apply(Lane& lane, Part& part);
    bool take_effect(Lane& lane, const Part& part);
    bool in_turn(Lane& lane, const Part& part);
    bool wait_a_moment();
    void commit(Lane& lane, Part& part);
    bool wait_until_free(std::uint64_t batch);
    /// `holder`: what the batch holds meanwhile (ChangeApplier::holder()); empty: nothing.
    Turn wait_for_turn(std::uint64_t batch, const std::string& holder);
    bool in_the_way(const std::string& holder) const;
    void wait_and_tick(std::unique_lock<flow::Gate>& lock);
    void fail(std::exception_ptr thrown);
    void throw_failure() const;

    Context& context_;
    mutable std::unique_ptr<flow::Gate> gate_;
    std::deque<Outstanding> outstanding_;  ///< in order; the front commits next
    std::optional<model::Marker> committed_;
    std::vector<model::ChunkReceipt> repairs_;
    std::exception_ptr failure_;
    bool closing_ = false;
    flow::TimePoint in_turn_until_{};  ///< until then a batch takes effect when its turn has come
    std::size_t parts_pending_ = 0;    ///< submitted and not yet through a lane
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace cutover::stage
