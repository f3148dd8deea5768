#include "migrator/engine/postgres/log/change_stream.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/catalog/type_names.h"
#include "migrator/engine/postgres/log/replication_link.h"
#include "migrator/engine/postgres/log/transaction_assembler.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

namespace {

class PostgresChangeStream final : public engine::ChangeStream {
public:
    PostgresChangeStream(std::unique_ptr<TypeNameCache> types, Connection replication,
                         const plan::Plan& plan, SpoolLimits limits, const std::string& slot,
                         const std::string& publication, TransactionAssembler::Start start)
        : types_(std::move(types)),
          timeline_(start.timeline),
          told_(start.from),
          assembler_(
              plan,
              [names = types_.get()](std::uint32_t type, std::int32_t modifier) {
                  return names->name(type, modifier);
              },
              std::move(limits), std::move(start)),
          link_(std::move(replication), slot, publication, told_) {}

    engine::StreamEvent next(std::chrono::milliseconds wait) override {
        const auto deadline = Clock::now() + wait;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            const auto message = link_.receive(std::max(left, std::chrono::milliseconds(0)));
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
            // A transaction may take hours to come; the caller looks up meanwhile.
            if (Clock::now() >= deadline) {
                return quiet();
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
            event.source_time =
                std::exchange(source_time_, std::nullopt).value_or(model::Instant{});
        }
        return event;
    }

    std::unique_ptr<TypeNameCache> types_;
    Timeline timeline_;
    Lsn told_;       ///< what the caller knows
    Lsn quiet_ = 0;  ///< nothing of ours that was not handed over lies before
    TransactionAssembler assembler_;
    ReplicationLink link_;
    std::optional<model::Instant> source_time_;
};

std::vector<model::ObjectName> partitioned_ancestors(Connection& connection,
                                                     const plan::Plan& plan) {
    std::vector<model::ObjectName> leaves;
    for (const plan::TablePlan& table : plan.tables) {
        if (table.schema.partition_of) {
            leaves.push_back(table.source);
        }
    }
    const Result rows = connection.exec(
        "SELECT DISTINCT an.nspname, a.relname FROM " +
        names_as_rows(connection, leaves, 0, leaves.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name"
        " CROSS JOIN LATERAL pg_partition_ancestors(c.oid) up JOIN pg_class a ON a.oid = up.relid"
        " AND a.relkind = 'p' JOIN pg_namespace an ON an.oid = a.relnamespace");
    std::vector<model::ObjectName> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return out;
}

}  // namespace

std::unique_ptr<engine::ChangeStream> open_change_stream(
    const plan::TaskSpec& spec, const plan::Plan& plan, const std::string& slot,
    const std::string& publication, const model::Position& from, engine::LogReader reader,
    const Attention& attention) {
    const std::string task = "cutover_" + spec.name;
    ConnectOptions options;
    options.attention = attention;
    options.application_name = reader == engine::LogReader::task ? task : task + " onlooker";
    Connection session = Connection::open(spec.source, options);
    options.replication = true;
    Connection replication = Connection::open(session.same_host(spec.source), options);

    const ServerIdentity server = identify(replication);
    const LogPoint start = to_log_point(from);
    free_slot(session, slot, task);
    require_slot_reaches(read_slot(session, slot), slot, server_name(session),
                         session.server_version(), spec.source.database, start);

    TransactionAssembler::Start begin;
    begin.timeline = server.timeline;
    begin.from = start.lsn;
    const Result xid = session.exec("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    begin.reference = static_cast<Xid8>(xid.integer(0, 0));
    begin.ancestors = partitioned_ancestors(session, plan);
    auto types = std::make_unique<TypeNameCache>(spec.source, session, plan);
    return std::make_unique<PostgresChangeStream>(std::move(types), std::move(replication), plan,
                                                  SpoolLimits{spec.spill_directory}, slot,
                                                  publication, std::move(begin));
}

}  // namespace cutover::postgres
