#include "migrator/engine/postgres/change_stream.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "migrator/engine/postgres/connection.h"
#include "migrator/engine/postgres/positions.h"
#include "migrator/engine/postgres/replication_link.h"
#include "migrator/engine/postgres/slot.h"
#include "migrator/engine/postgres/transaction_assembler.h"
#include "migrator/engine/postgres/type_names.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

class PostgresChangeStream final : public engine::ChangeStream {
public:
    PostgresChangeStream(std::unique_ptr<TypeNameCache> types, Connection replication,
                         const plan::Plan& plan, SpoolLimits limits, const std::string& slot,
                         const std::string& publication, TransactionAssembler::Start start)
        : types_(std::move(types)),
          timeline_(start.timeline),
          assembler_(
              plan,
              [names = types_.get()](std::uint32_t type, std::int32_t modifier) {
                  return names->name(type, modifier);
              },
              std::move(limits), start),
          link_(std::move(replication), slot, publication, start.from),
          told_(start.from) {}

    engine::StreamEvent next(std::chrono::milliseconds wait) override {
        const auto deadline = Clock::now() + wait;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            const auto message =
                link_.receive(std::max(left, std::chrono::milliseconds(0)));
            if (!message) {
                if (left.count() <= 0) {
                    return quiet();
                }
                continue;
            }
            engine::StreamEvent event;
            if (take(*message, event)) {
                return event;
            }
        }
    }

    void acknowledge(const model::Position& position) override {
        link_.confirm(to_log_point(position).lsn);
    }

private:
    using Clock = std::chrono::steady_clock;

    /// True if the message made an event.
    bool take(const ReplicationMessage& message, engine::StreamEvent& event) {
        if (message.kind == ReplicationMessage::Kind::keepalive) {
            if (!assembler_.within()) {
                quiet_ = std::max(quiet_, message.log_end);
            }
            // Sent when the server has nothing more for us: the moment to say so.
            event = quiet();
            return !event.quiet_until.empty();
        }
        Assembled assembled = assembler_.feed(message.data);
        if (assembled.transaction) {
            event.transaction = std::move(assembled.transaction);
            quiet_ = told_ = std::max(told_, assembled.quiet_until);
            return true;
        }
        quiet_ = std::max(quiet_, assembled.quiet_until);
        if (assembled.source_time) {
            source_time_ = assembled.source_time;
            event = quiet();
            return !event.quiet_until.empty();
        }
        return false;
    }

    /// What can be said when there is no transaction.
    engine::StreamEvent quiet() {
        engine::StreamEvent event;
        if (quiet_ > told_) {
            told_ = quiet_;
            event.quiet_until = to_position({timeline_, quiet_});
            event.source_time = std::exchange(source_time_, std::nullopt).value_or(model::Instant{});
        }
        return event;
    }

    std::unique_ptr<TypeNameCache> types_;
    Timeline timeline_;
    TransactionAssembler assembler_;
    ReplicationLink link_;
    Lsn quiet_ = 0;  ///< nothing of ours that was not handed over lies before
    Lsn told_;       ///< what the caller knows
    std::optional<model::Instant> source_time_;
};

}  // namespace

std::unique_ptr<engine::ChangeStream> open_change_stream(const plan::TaskSpec& spec,
                                                         const plan::Plan& plan,
                                                         const std::string& slot,
                                                         const std::string& publication,
                                                         const model::Position& from) {
    ConnectOptions options;
    options.application_name = "cutover_" + spec.name;
    Connection session = Connection::open(spec.source, options);
    options.replication = true;
    Connection replication = Connection::open(spec.source, options);

    const ServerIdentity server = identify(replication);
    const LogPoint start = to_log_point(from);
    free_slot(session, slot, options.application_name);
    require_slot_reaches(read_slot(session, slot), slot, server_name(session), session.server_version(),
                         spec.source.database, start);

    TransactionAssembler::Start begin;
    begin.timeline = server.timeline;
    begin.from = start.lsn;
    const Result xid = session.exec("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    begin.reference = static_cast<Xid8>(xid.integer(0, 0));
    auto types = std::make_unique<TypeNameCache>(spec.source, session, plan);
    return std::make_unique<PostgresChangeStream>(std::move(types), std::move(replication), plan,
                                                  SpoolLimits{spec.spill_directory}, slot, publication,
                                                  begin);
}

}  // namespace cutover::postgres
