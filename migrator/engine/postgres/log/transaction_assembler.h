// Whole transactions, in commit order, out of pgoutput's messages. A transaction that is streamed
// while it still runs is collected beside the others and handed over when its commit arrives, or
// dropped. No connection: bytes in, transactions out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/log/relation_map.h"
#include "migrator/engine/postgres/log/transaction_spool.h"
#include "migrator/model/change.h"

namespace cutover::postgres {

/// What one message has brought.
struct Assembled {
    std::optional<model::SourceTransaction> transaction;
    Lsn quiet_until = 0;  ///< 0, or: all that was committed up to here has been handed over
    std::optional<model::Instant> source_time;  ///< with quiet_until, from a heartbeat
};

/// One thread. `plan` must outlive it and the transactions it makes.
class TransactionAssembler {
public:
    struct Start {
        Timeline timeline = 0;
        Lsn from = 0;        ///< transactions that end up to here are not handed over
        Xid8 reference = 0;  ///< a full transaction id of about now
        std::vector<model::ObjectName> ancestors;  ///< partitioned tables above the plan's
    };

    TransactionAssembler(const plan::Plan& plan, TypeNames type_names, SpoolLimits limits,
                         Start start);

    /// `message`: one pgoutput message. Throws: corrupt; refused (a changed table); operation
    /// (spill).
    Assembled feed(std::string_view message);
    /// True between a begin and its commit, or inside a block of a streamed transaction.
    bool within() const { return current_ != nullptr; }
    /// Memory of transactions that are not complete.
    std::size_t memory_bytes() const;

private:
    using Relation = std::shared_ptr<const MappedRelation>;
    using Relations = std::unordered_map<std::uint32_t, Relation>;

    struct Open {
        explicit Open(const SpoolLimits& limits) : spool(limits) {}
        std::uint32_t xid = 0;
        Lsn commit = 0;  ///< announced by a begin
        TransactionSpool spool;
        Relations relations;  ///< met in this transaction only, while it is streamed
        std::optional<model::Instant> heartbeat;
    };

    void begin(MessageReader reader);
    Assembled commit(const message::Commit& commit, std::unique_ptr<Open> open);
    void stream_start(MessageReader reader);
    Assembled stream_commit(MessageReader reader);
    void stream_abort(MessageReader reader);
    void relation(MessageReader reader);
    void row(char kind, MessageReader reader);
    void truncate(MessageReader reader);
    Assembled logical(MessageReader reader);
    std::uint32_t subxid(MessageReader& reader);
    const Relation& find(std::uint32_t oid);
    Open& current();

    const plan::Plan& plan_;
    RelationMap map_;
    SpoolLimits limits_;
    Start start_;
    Relations relations_;
    std::unique_ptr<Open> plain_;  ///< the transaction between begin and commit
    std::unordered_map<std::uint32_t, std::unique_ptr<Open>> streamed_;
    Open* current_ = nullptr;
    bool streaming_ = false;
    std::uint32_t last_oid_ = 0;
    const Relation* last_ = nullptr;
};

}  // namespace cutover::postgres
