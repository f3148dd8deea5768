// What the coordinating thread hands to a lane.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "migrator/engine/sink.h"
#include "migrator/stage/collapse.h"

namespace cutover::stage {

/// Source-form keys of rows whose image in the part is incomplete, by table and destination-form
/// key.
using RowKeys = std::vector<std::unordered_map<std::string, model::Tuple>>;

/// A batch of whole source transactions, or a piece of one that does not fit into memory.
struct Part {
    std::uint64_t batch = 0;  ///< numbers rise by one per batch
    bool first = true;
    bool last = true;
    bool alone = false;  ///< no other batch may be under way while this takes effect
    model::NetBatch net;
    Footprint footprint;
    std::vector<engine::ApplyMode> modes;
    RowKeys row_keys;
    std::vector<UnknownRow> unknown;
    /// Whose changes are in it, while there is a table whose rows may be read again: the view they
    /// are read under must have seen all of these.
    std::vector<model::TransactionId> transactions;
    model::Marker marker;  ///< with the last part
};

}  // namespace cutover::stage
