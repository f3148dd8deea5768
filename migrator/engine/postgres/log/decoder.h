// pgoutput's messages (protocol version 2) out of bytes. Pure: no connection, no plan, no state
// beyond a scratch buffer. Whatever the bytes are, the answer is a message or a corrupt error.
// Assembling transactions is transaction_assembler.h's business, mapping relations
// relation_map.h's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/model/change.h"
#include "migrator/model/tuple.h"
#include "migrator/model/units.h"

namespace cutover::postgres {

/// Takes numbers and texts off the front of a message. Throws: corrupt (the message is too short).
class MessageReader {
public:
    explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).front()); }
    std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t number32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t number64() { return number(8); }
    /// Up to a zero byte, which is taken too.
    std::string_view text();
    std::string_view take(std::size_t length);
    std::string_view rest() const { return rest_; }

private:
    std::uint64_t number(std::size_t length);

    std::string_view rest_;
};

/// Microseconds since 2000 as the server writes them.
model::Instant instant_of(std::int64_t server_time);
/// The other way round.
std::int64_t server_time_of(model::Instant instant);

namespace message {

struct Begin {
    Lsn commit = 0;  ///< where the commit record starts
    model::Instant time;
    std::uint32_t xid = 0;
};
/// Commit and StreamCommit (which alone names the xid).
struct Commit {
    std::uint32_t xid = 0;
    Lsn end = 0;  ///< right after the commit record
    model::Instant time;
};
struct StreamAbort {
    std::uint32_t xid = 0;
    std::uint32_t subxid = 0;  ///< equal to xid: the whole transaction
};
struct RelationColumn {
    bool key = false;  ///< part of the replica identity
    std::string name;
    std::uint32_t type = 0;
    std::int32_t modifier = -1;
};
struct Relation {
    std::uint32_t oid = 0;
    std::string schema;
    std::string name;
    char identity = 'd';  ///< pg_class.relreplident
    std::vector<RelationColumn> columns;
};
struct Truncate {
    std::vector<std::uint32_t> relations;
};
struct Logical {
    bool transactional = false;
    Lsn lsn = 0;
    std::string_view prefix;
    std::string_view content;
};

}  // namespace message

// Each takes what follows the message's kind byte, and the xid where the transaction is streamed.
message::Begin decode_begin(MessageReader reader);
message::Commit decode_commit(MessageReader reader);
message::Commit decode_stream_commit(MessageReader reader);
message::StreamAbort decode_stream_abort(MessageReader reader);
message::Relation decode_relation(MessageReader reader);
message::Truncate decode_truncate(MessageReader reader);
message::Logical decode_logical(MessageReader reader);

/// How a relation's columns, in the order the server sends them, lie in a table plan.
struct RowShape {
    static constexpr std::uint32_t kSkipped = 0xFFFFFFFFu;
    static constexpr std::uint32_t kAbsent = 0xFFFFFFFFu;
    static constexpr std::uint32_t kFilled = 0xFFFFFFFEu;

    model::TableIndex table = 0;
    std::vector<std::uint32_t>
        targets;  ///< per sent column: index into the plan's columns, or kSkipped
    /// Per plan column: index of the sent column; kAbsent: not sent; kFilled: not sent, as the row
    /// is older than the column, and has what `fills` says.
    std::vector<std::uint32_t> sources;
    std::vector<std::optional<std::string>> fills;  ///< per plan column; nothing: NULL
    std::vector<bool> key;    ///< per sent column: part of the replica identity
    bool unreadable = false;  ///< nobody can tell what such rows mean
};

/// A message that lies somewhere else, as it is too large to be held beside what is made of it.
class StoredMessage {
public:
    virtual ~StoredMessage() = default;
    virtual std::uint64_t size() const = 0;
    /// Requires: they are within. Throws: corrupt (they cannot be read).
    virtual void read(std::uint64_t offset, std::size_t length, char* out) const = 0;
};

/// Decodes rows. One thread; keep it, it owns the scratch.
class RowDecoder {
public:
    template <typename Bytes>
    struct Cell {
        model::CellKind kind;
        Bytes bytes;
    };

    /// `kind` is I, U or D; `body` follows the relation's oid. `change` is overwritten. Absent
    /// cells of an update are filled from a complete old row. Throws: corrupt.
    void decode(char kind, std::string_view body, const RowShape& shape, model::Change& change);
    /// The same, holding none of it but what becomes of it.
    void decode(char kind, const StoredMessage& body, const RowShape& shape, model::Change& change);

private:
    std::vector<Cell<std::string_view>> cells_;
};

}  // namespace cutover::postgres
