#include "migrator/engine/postgres/log/transaction_assembler.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "migrator/engine/postgres/log/log_message.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Streamed transactions are many at once and live long: each gets less memory than the one in
/// hand.
constexpr std::size_t kStreamedShare = 8;

Error out_of_order(const std::string& what) {
    return Error(ErrorClass::corrupt, "stream.out_of_order",
                 "the replication stream makes no sense: " + what,
                 "nothing after the last applied position was taken; start the task again");
}

std::optional<model::Instant> heartbeat_time(std::string_view content) {
    std::int64_t microseconds = 0;
    const auto parsed =
        std::from_chars(content.data(), content.data() + content.size(), microseconds);
    if (parsed.ec != std::errc()) {
        return std::nullopt;
    }
    return model::Instant(std::chrono::microseconds(microseconds));
}

}  // namespace

TransactionAssembler::TransactionAssembler(const plan::Plan& plan, TypeNames type_names,
                                           SpoolLimits limits, Start start)
    : plan_(plan),
      map_(plan, std::move(type_names), start.ancestors),
      limits_(std::move(limits)),
      start_(std::move(start)) {}

std::size_t TransactionAssembler::memory_bytes() const {
    std::size_t out = plain_ ? plain_->spool.memory_bytes() : 0;
    for (const auto& [xid, open] : streamed_) {
        out += open->spool.memory_bytes();
    }
    return out;
}

Assembled TransactionAssembler::feed(std::string_view bytes) {
    MessageReader reader(bytes);
    const auto kind = static_cast<char>(reader.byte());
    switch (kind) {
        case 'I':
        case 'U':
        case 'D':
            row(kind, reader);
            return {};
        case 'B':
            begin(reader);
            return {};
        case 'C':
            if (!plain_ || streaming_) {
                throw out_of_order("a commit without its begin");
            }
            current_ = nullptr;
            return commit(decode_commit(reader), std::move(plain_));
        case 'R':
            relation(reader);
            return {};
        case 'T':
            truncate(reader);
            return {};
        case 'M':
            return logical(reader);
        case 'S':
            stream_start(reader);
            return {};
        case 'E':
            if (!streaming_) {
                throw out_of_order("the end of a block that has not begun");
            }
            streaming_ = false;
            current_ = nullptr;
            return {};
        case 'c':
            return stream_commit(reader);
        case 'A':
            stream_abort(reader);
            return {};
        case 'Y':  // a type's name: types are known by the relation that uses them
        case 'O':  // a replication origin: changes of every origin are followed
            return {};
        default:
            throw out_of_order(fmt::format("a message of unknown kind {}", static_cast<int>(kind)));
    }
}

TransactionAssembler::Open& TransactionAssembler::current() {
    if (current_ == nullptr) {
        throw out_of_order("a change outside of any transaction");
    }
    return *current_;
}

void TransactionAssembler::begin(MessageReader reader) {
    if (current_ != nullptr) {
        throw out_of_order("a transaction begins within another");
    }
    const message::Begin begin = decode_begin(reader);
    plain_ = std::make_unique<Open>(limits_);
    plain_->xid = begin.xid;
    plain_->commit = begin.commit;
    current_ = plain_.get();
    last_ = nullptr;
}

Assembled TransactionAssembler::commit(const message::Commit& commit, std::unique_ptr<Open> open) {
    last_ = nullptr;
    for (auto& [oid, relation] : open->relations) {
        relations_[oid] = std::move(relation);  // the server takes them as known from here on
    }
    Assembled out;
    out.quiet_until = commit.end;
    out.source_time = open->heartbeat;
    const std::uint64_t count = open->spool.count();
    if (count == 0 || commit.end <= start_.from) {
        return out;
    }
    model::SourceTransaction transaction;
    start_.reference = widen(open->xid, start_.reference);
    transaction.id.bytes = std::to_string(start_.reference);
    transaction.id.text = transaction.id.bytes;
    transaction.commit = to_position({start_.timeline, commit.end});
    transaction.commit_time = commit.time;
    transaction.footprint_bytes = open->spool.memory_bytes();
    transaction.change_count = count;
    transaction.changes = open->spool.take();
    out.transaction = std::move(transaction);
    return out;
}

void TransactionAssembler::stream_start(MessageReader reader) {
    if (current_ != nullptr) {
        throw out_of_order("a block begins within a transaction");
    }
    const std::uint32_t xid = reader.number32();
    std::unique_ptr<Open>& open = streamed_[xid];
    if (!open) {
        SpoolLimits limits = limits_;
        limits.memory_bytes /= kStreamedShare;
        open = std::make_unique<Open>(limits);
        open->xid = xid;
    }
    current_ = open.get();
    streaming_ = true;
    last_ = nullptr;
}

Assembled TransactionAssembler::stream_commit(MessageReader reader) {
    const message::Commit decoded = decode_stream_commit(reader);
    const auto found = streamed_.find(decoded.xid);
    if (found == streamed_.end() || current_ != nullptr) {
        throw out_of_order(fmt::format("a commit of {}, which was not streamed", decoded.xid));
    }
    std::unique_ptr<Open> open = std::move(found->second);
    streamed_.erase(found);
    return commit(decoded, std::move(open));
}

void TransactionAssembler::stream_abort(MessageReader reader) {
    const message::StreamAbort abort = decode_stream_abort(reader);
    const auto found = streamed_.find(abort.xid);
    if (found == streamed_.end()) {
        return;  // nothing of it was streamed
    }
    if (abort.subxid != abort.xid) {
        found->second->spool.discard(abort.subxid);
        return;
    }
    if (current_ == found->second.get()) {
        throw out_of_order("a transaction is rolled back within its own block");
    }
    last_ = nullptr;
    streamed_.erase(found);
}

std::uint32_t TransactionAssembler::subxid(MessageReader& reader) {
    return streaming_ ? reader.number32() : 0;
}

void TransactionAssembler::relation(MessageReader reader) {
    subxid(reader);
    const message::Relation decoded = decode_relation(reader);
    Relations& relations = streaming_ ? current().relations : relations_;
    relations[decoded.oid] = map_.map(decoded);
    last_ = nullptr;
}

const TransactionAssembler::Relation& TransactionAssembler::find(std::uint32_t oid) {
    if (last_ != nullptr && last_oid_ == oid) {
        return *last_;
    }
    Relations& own = current().relations;
    auto found = own.find(oid);
    if (found == own.end()) {
        found = relations_.find(oid);
        if (found == relations_.end()) {
            throw out_of_order(
                fmt::format("a change of relation {}, which was not announced", oid));
        }
    }
    last_oid_ = oid;
    last_ = &found->second;
    return *last_;
}

void TransactionAssembler::row(char kind, MessageReader reader) {
    Open& open = current();
    const std::uint32_t sub = subxid(reader);
    const Relation& relation = find(reader.number32());
    if (relation->ancestor) {
        throw out_of_order("a row of a partitioned table itself");
    }
    if (relation->gone) {
        return;
    }
    const std::string_view body = reader.rest();
    if (body.size() > limits_.row_bytes && !relation->problem) {
        const RowOutline row = outline_of_message(body, relation->shape);
        if (row.bytes > limits_.row_bytes) {
            open.spool.refuse_row(
                sub, row_too_large(plan_.tables[relation->shape.table], row, limits_.row_bytes));
            return;
        }
    }
    open.spool.add_row(sub, relation, kind, body);
}

void TransactionAssembler::truncate(MessageReader reader) {
    Open& open = current();
    const std::uint32_t sub = subxid(reader);
    std::vector<Relation> relations;
    for (const std::uint32_t oid : decode_truncate(reader).relations) {
        if (const Relation& relation = find(oid); !relation->gone) {
            relations.push_back(relation);
        }
    }
    open.spool.add_truncate(sub, relations);
}

Assembled TransactionAssembler::logical(MessageReader reader) {
    subxid(reader);
    const message::Logical decoded = decode_logical(reader);
    if (decoded.prefix != kHeartbeatPrefix) {
        return {};
    }
    const std::optional<model::Instant> time = heartbeat_time(decoded.content);
    if (decoded.transactional) {
        if (current_ != nullptr) {
            current_->heartbeat = time;
        }
        return {};
    }
    Assembled out;
    if (current_ == nullptr) {
        out.quiet_until = decoded.lsn;
        out.source_time = time;
    }
    return out;
}

}  // namespace cutover::postgres
