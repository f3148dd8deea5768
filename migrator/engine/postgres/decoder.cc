#include "migrator/engine/postgres/decoder.h"

#include <fmt/format.h>

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

void RowDecoder::read_tuple(MessageReader& reader, const RowShape& shape, bool key_only,
                            model::Tuple& out) {
    const std::uint16_t count = reader.number16();
    if (count != shape.targets.size()) {
        throw corrupt(fmt::format("a row of {} columns where {} were announced", count,
                                  shape.targets.size()));
    }
    cells_.clear();
    std::size_t bytes = 0;
    for (std::uint16_t at = 0; at < count; ++at) {
        const auto kind = static_cast<char>(reader.byte());
        CellView cell{CellKind::null, {}};
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
        cells_.push_back(cell);
    }
    out = model::Tuple();
    out.reserve(shape.sources.size(), bytes);
    for (const std::uint32_t source : shape.sources) {
        out.append(cells_[source].kind, cells_[source].bytes);
    }
}

void RowDecoder::decode(char kind, std::string_view body, const RowShape& shape,
                        model::Change& change) {
    MessageReader reader(body);
    change.table = shape.table;
    change.before = model::Tuple();
    change.after = model::Tuple();
    change.truncated.clear();
    auto part = static_cast<char>(reader.byte());
    bool whole_old_row = false;
    if (part == 'K' || part == 'O') {
        whole_old_row = part == 'O';
        read_tuple(reader, shape, !whole_old_row, change.before);
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
    read_tuple(reader, shape, false, change.after);
    if (whole_old_row) {
        change.after.fill_absent_from(change.before);
    }
}

}  // namespace cutover::postgres
