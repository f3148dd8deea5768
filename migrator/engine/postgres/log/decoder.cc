#include "migrator/engine/postgres/log/decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::CellKind;
using model::Error;
using model::ErrorClass;

namespace {

Error corrupt(const std::string& what) {
    return Error(
        ErrorClass::corrupt, "stream.undecodable",
        "the replication stream cannot be decoded: " + what,
        "nothing after the last applied position was taken; start the task again, and report "
        "the server's version if it comes again");
}

constexpr std::chrono::sys_days kServerEpoch =
    std::chrono::year(2000) / std::chrono::January / std::chrono::day(1);

}  // namespace

std::string_view MessageReader::take(std::size_t length) {
    if (length > rest_.size()) {
        throw corrupt(fmt::format("{} bytes wanted, {} left", length, rest_.size()));
    }
    const std::string_view out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return out;
}

std::uint64_t MessageReader::number(std::size_t length) {
    std::uint64_t out = 0;
    for (const char byte : take(length)) {
        out = (out << 8) | static_cast<std::uint8_t>(byte);
    }
    return out;
}

std::string_view MessageReader::text() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
        throw corrupt("a text has no end");
    }
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return out;
}

model::Instant instant_of(std::int64_t server_time) {
    // Unsigned, so that no bytes whatever can overflow.
    const auto epoch = static_cast<std::uint64_t>(
        std::chrono::microseconds(kServerEpoch.time_since_epoch()).count());
    return model::Instant(std::chrono::microseconds(
        static_cast<std::int64_t>(epoch + static_cast<std::uint64_t>(server_time))));
}

std::int64_t server_time_of(model::Instant instant) {
    return (instant.time_since_epoch() - kServerEpoch.time_since_epoch()).count();
}

message::Begin decode_begin(MessageReader reader) {
    message::Begin out;
    out.commit = reader.number64();
    out.time = instant_of(static_cast<std::int64_t>(reader.number64()));
    out.xid = reader.number32();
    return out;
}

message::Commit decode_commit(MessageReader reader) {
    message::Commit out;
    reader.byte();      // flags, unused
    reader.number64();  // where the commit record starts
    out.end = reader.number64();
    out.time = instant_of(static_cast<std::int64_t>(reader.number64()));
    return out;
}

message::Commit decode_stream_commit(MessageReader reader) {
    const std::uint32_t xid = reader.number32();
    message::Commit out = decode_commit(reader);
    out.xid = xid;
    return out;
}

message::StreamAbort decode_stream_abort(MessageReader reader) {
    message::StreamAbort out;
    out.xid = reader.number32();
    out.subxid = reader.number32();
    return out;
}

message::Relation decode_relation(MessageReader reader) {
    message::Relation out;
    out.oid = reader.number32();
    out.schema = reader.text();
    out.name = reader.text();
    if (out.schema.empty()) {
        out.schema = "pg_catalog";  // sent as nothing
    }
    out.identity = static_cast<char>(reader.byte());
    const std::uint16_t count = reader.number16();
    for (std::uint16_t at = 0; at < count; ++at) {
        message::RelationColumn column;
        column.key = (reader.byte() & 1) != 0;
        column.name = reader.text();
        column.type = reader.number32();
        column.modifier = static_cast<std::int32_t>(reader.number32());
        out.columns.push_back(std::move(column));
    }
    return out;
}

message::Truncate decode_truncate(MessageReader reader) {
    message::Truncate out;
    const std::uint32_t count = reader.number32();
    reader.byte();  // CASCADE, RESTART IDENTITY: what they empty is listed, sequences are set at
                    // the end
    for (std::uint32_t at = 0; at < count; ++at) {
        out.relations.push_back(reader.number32());
    }
    return out;
}

message::Logical decode_logical(MessageReader reader) {
    message::Logical out;
    out.transactional = (reader.byte() & 1) != 0;
    out.lsn = reader.number64();
    out.prefix = reader.text();
    out.content = reader.take(reader.number32());
    return out;
}

namespace {

void append(const MessageReader&, model::Tuple& out, CellKind kind, std::string_view bytes) {
    out.append(kind, bytes);
}

/// As MessageReader, of a message that is stored: what it takes is where the bytes lie.
class StoredReader {
public:
    struct Span {
        std::uint64_t offset = 0;
        std::size_t length = 0;
        std::size_t size() const { return length; }
    };

    explicit StoredReader(const StoredMessage& message) : message_(message) {}

    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t number32() { return number(4); }
    Span take(std::size_t length) {
        if (length > message_.size() - at_) {
            throw corrupt(fmt::format("{} bytes wanted, {} left", length, message_.size() - at_));
        }
        const Span out{at_, length};
        at_ += length;
        return out;
    }
    const StoredMessage& message() const { return message_; }

private:
    std::uint32_t number(std::size_t length) {
        char bytes[4];
        message_.read(take(length).offset, length, bytes);
        std::uint32_t out = 0;
        for (std::size_t at = 0; at < length; ++at) {
            out = (out << 8) | static_cast<std::uint8_t>(bytes[at]);
        }
        return out;
    }

    const StoredMessage& message_;
    std::uint64_t at_ = 0;
};

void append(const StoredReader& reader, model::Tuple& out, CellKind kind, StoredReader::Span span) {
    constexpr std::size_t kPiece = 256 << 10;
    std::string piece;
    out.append(kind);
    while (span.length > 0) {
        piece.resize(std::min(kPiece, span.length));
        reader.message().read(span.offset, piece.size(), piece.data());
        out.extend(piece);
        span.offset += piece.size();
        span.length -= piece.size();
    }
}

template <typename Reader, typename Bytes>
void read_tuple(Reader& reader, const RowShape& shape, bool key_only,
                std::vector<RowDecoder::Cell<Bytes>>& cells, model::Tuple& out) {
    const std::uint16_t count = reader.number16();
    if (count != shape.targets.size()) {
        throw corrupt(fmt::format("a row of {} columns where {} were announced", count,
                                  shape.targets.size()));
    }
    cells.clear();
    std::size_t bytes = 0;
    for (std::uint16_t at = 0; at < count; ++at) {
        const auto kind = static_cast<char>(reader.byte());
        RowDecoder::Cell<Bytes> cell{CellKind::null, {}};
        if (kind == 'b' || kind == 't') {
            cell = {kind == 'b' ? CellKind::binary : CellKind::text,
                    reader.take(reader.number32())};
            bytes += cell.bytes.size();
        } else if (kind == 'u') {
            cell.kind = CellKind::absent;
        } else if (kind != 'n') {
            throw corrupt(fmt::format("a cell of unknown kind {}", static_cast<int>(kind)));
        }
        if (key_only && !shape.key[at]) {
            cell = {CellKind::absent, {}};  // sent as NULL, which it need not be
        }
        cells.push_back(cell);
    }
    out = model::Tuple();
    out.reserve(shape.sources.size(), bytes);
    for (std::size_t at = 0; at < shape.sources.size(); ++at) {
        const std::uint32_t source = shape.sources[at];
        if (source < cells.size()) {
            append(reader, out, cells[source].kind, cells[source].bytes);
        } else if (source == RowShape::kAbsent || key_only) {
            out.append(CellKind::absent);
        } else if (shape.fills[at]) {
            out.append(CellKind::binary, *shape.fills[at]);
        } else {
            out.append(CellKind::null);
        }
    }
}

template <typename Reader, typename Bytes>
void decode_row(char kind, Reader reader, const RowShape& shape,
                std::vector<RowDecoder::Cell<Bytes>>& cells, model::Change& change) {
    change.table = shape.table;
    change.unreadable = shape.unreadable;
    change.before = model::Tuple();
    change.after = model::Tuple();
    change.truncated.clear();
    auto part = static_cast<char>(reader.byte());
    bool whole_old_row = false;
    if (part == 'K' || part == 'O') {
        whole_old_row = part == 'O';
        read_tuple(reader, shape, !whole_old_row, cells, change.before);
        part = kind == 'U' ? static_cast<char>(reader.byte()) : '\0';
    }
    const bool has_before = !change.before.empty() || shape.sources.empty();
    if (kind == 'D') {
        change.kind = model::ChangeKind::remove;
        if (!has_before) {
            throw corrupt("a delete without an old row");
        }
        return;
    }
    change.kind = kind == 'I' ? model::ChangeKind::insert : model::ChangeKind::update;
    if ((kind != 'I' && kind != 'U') || part != 'N') {
        throw corrupt(fmt::format("a row message of kind {} with part {}", static_cast<int>(kind),
                                  static_cast<int>(part)));
    }
    read_tuple(reader, shape, false, cells, change.after);
    if (whole_old_row) {
        change.after.fill_absent_from(change.before);
    }
}

}  // namespace

void RowDecoder::decode(char kind, std::string_view body, const RowShape& shape,
                        model::Change& change) {
    decode_row(kind, MessageReader(body), shape, cells_, change);
}

void RowDecoder::decode(char kind, const StoredMessage& body, const RowShape& shape,
                        model::Change& change) {
    std::vector<Cell<StoredReader::Span>> cells;
    decode_row(kind, StoredReader(body), shape, cells, change);
}

}  // namespace cutover::postgres
