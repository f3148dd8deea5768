// Where in a source's history something is. Every value here is opaque outside its engine: bytes
// that a checkpoint stores and a text for people. Order and visibility are asked of the engine
// (engine::Source::covers, engine::Source::visible), never computed from the bytes.
#pragma once

#include <string>

namespace cutover::model {

/// A point in one source's log (an LSN, a GTID set, a resume token).
struct Position {
    std::string bytes;
    std::string text;

    bool empty() const { return bytes.empty(); }
    bool operator==(const Position& other) const { return bytes == other.bytes; }
};

/// What a read view had seen (a PostgreSQL snapshot, an executed GTID set, a cluster time).
/// A position alone is never a stamp: commit order is not visibility order.
struct Stamp {
    std::string bytes;
    std::string text;

    bool empty() const { return bytes.empty(); }
    bool operator==(const Stamp& other) const { return bytes == other.bytes; }
};

/// A source transaction's own id, to be asked for in a stamp (a 64-bit xid, a GTID).
struct TransactionId {
    std::string bytes;
    std::string text;
};

}  // namespace cutover::model
