#include "migrator/engine/postgres/sink.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/apply/change_applier.h"
#include "migrator/engine/postgres/apply/chunk_writer.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/control/control.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/requirements/schema_trial.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/trust/statement_guard.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// A column's own sequence may have another name if somebody else made the table. A sequence that
/// has gone beyond the source's stays there, because rows with its values may have been kept. A
/// sequence that cycles is never beyond.
constexpr const char* kSetSequence = R"(
SELECT setval(s.sequence, CASE WHEN s.beyond THEN s.last ELSE $4::bigint END,
              s.beyond OR $5::boolean)
  FROM (SELECT q.seqrelid::regclass AS sequence, l.last,
               l.last IS NOT NULL AND NOT q.seqcycle
                 AND CASE WHEN q.seqincrement > 0 THEN l.last >= $4::bigint
                          ELSE l.last <= $4::bigint END AS beyond
          FROM pg_sequence q CROSS JOIN LATERAL (SELECT CASE
               WHEN has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')
               THEN pg_sequence_last_value(q.seqrelid) END) AS l (last)
         WHERE q.seqrelid = to_regclass(coalesce(
               (SELECT pg_get_serial_sequence($1, a.attname) FROM pg_attribute a
                 WHERE a.attrelid = to_regclass($1) AND a.attname = $2), $3))) AS s)";

/// Sessions that are executing a step, so that they can be ended from outside.
class StepsAtWork {
public:
    class Entry {
    public:
        Entry(StepsAtWork& steps, Connection& connection) : steps_(steps), connection_(connection) {
            const std::lock_guard lock(steps_.mutex_);
            steps_.connections_.insert(&connection_);
        }
        ~Entry() {
            const std::lock_guard lock(steps_.mutex_);
            steps_.connections_.erase(&connection_);
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        StepsAtWork& steps_;
        Connection& connection_;
    };

    void cancel() noexcept {
        const std::lock_guard lock(mutex_);
        for (Connection* connection : connections_) {
            connection->cancel();
        }
    }

private:
    std::mutex mutex_;
    std::set<Connection*> connections_;
};

class PostgresSink final : public engine::Sink {
public:
    PostgresSink(const plan::TaskSpec& spec, flow::Waits* waits)
        : spec_(spec),
          sessions_(std::make_shared<SessionPool>(spec.destination,
                                                  Attention{waits, model::Side::destination})) {}

    std::unique_ptr<engine::Inspector> open_inspector() override {
        return std::make_unique<PostgresInspector>(sessions_);
    }
    std::unique_ptr<engine::Control> open_control() override {
        return std::make_unique<PostgresControl>(*sessions_, spec_.name, claims_);
    }
    std::unique_ptr<engine::ChunkWriter> open_writer(const plan::Plan&) override {
        return std::make_unique<PostgresChunkWriter>(*sessions_, spec_.conflict, claims_.get());
    }
    std::unique_ptr<engine::ChangeApplier> open_applier(const plan::Plan& plan) override {
        sessions_->close_idle();  // the copy's sessions: the log may be followed for weeks
        return std::make_unique<PostgresChangeApplier>(*sessions_, plan, claims_.get());
    }
    void prepare_writers(std::uint32_t count) override {
        postgres::prepare_writers(*sessions_, spec_.name, count);
    }
    engine::SinkTraits traits() override {
        Connection connection = open_session(*sessions_, spec_.name, SessionRole::writer);
        engine::SinkTraits traits;
        traits.foreign_keys =
            ignores_triggers(connection) ? engine::ForeignKeys::ignored : engine::ForeignKeys::held;
        sessions_->give_back(std::move(connection));
        return traits;
    }
    void run_schema_step(const plan::SchemaStep& step) override;
    void undo_schema_step(const plan::SchemaStep& step) override;
    void cancel_schema_steps() noexcept override { at_work_.cancel(); }
    void set_sequences(const plan::Plan& plan,
                       const std::vector<model::SequenceSchema>& values) override;

private:
    Error explained(const Error& error, const plan::SchemaStep& step) const;
    void execute_step(Connection& connection, const Claim& claim,
                      const plan::SchemaStep& step) const;
    bool record_step(Connection& connection, const Claim& claim,
                     const plan::SchemaStep& step) const;

    plan::TaskSpec spec_;
    std::shared_ptr<SessionPool> sessions_;
    ClaimHolder claims_;
    StepsAtWork at_work_;
};

/// A wrong statement stays wrong; only errors that may pass are left to the retry window.
Error PostgresSink::explained(const Error& error, const plan::SchemaStep& step) const {
    const bool needs_user =
        has_state(error, "42") || has_state(error, "23") || has_state(error, "3F");
    if (!needs_user) {
        return about(error, step.object);
    }
    const std::string hint =
        says_exists(error) ? "map the object to another name, remove it at the destination, or "
                             "leave out the schema phase"
        : error.hint().empty()
            ? "make what the statement needs at the destination, or exclude the object"
            : error.hint();
    return Error(ErrorClass::refused, says_exists(error) ? "schema.exists" : "schema.step",
                 step.object + " cannot be made at the destination: " + error.message(), hint);
}

bool PostgresSink::record_step(Connection& connection, const Claim& claim,
                               const plan::SchemaStep& step) const {
    return connection
               .exec_params(
                   "INSERT INTO cutover.schema_step (task, id, statement) VALUES ($1, $2, $3)"
                   " ON CONFLICT (task, id) DO NOTHING",
                   {claim.task, step.id, step.statement})
               .affected() == 1;
}

void PostgresSink::execute_step(Connection& connection, const Claim& claim,
                                const plan::SchemaStep& step) const {
    connection.exec("BEGIN");
    try {
        if (!record_step(connection, claim, step)) {
            connection.exec("ROLLBACK");
            return;
        }
        connection.exec("SAVEPOINT cutover_step");
        if (!step.before.empty()) {
            connection.exec(step.before);
        }
        require_harmless(connection, step.statement);
        connection.exec(step.statement);
    } catch (const Error& error) {
        // Under `conflict: ignore`, existing objects of the destination stay as they are.
        if (spec_.conflict != plan::ConflictRule::ignore || !says_exists(error)) {
            throw explained(error, step);
        }
        connection.exec("ROLLBACK TO SAVEPOINT cutover_step");
    }
    // The claim is checked last, so that a new claim need not wait while an index is built.
    require_claim(connection, claim);
    connection.exec("COMMIT");
}

void PostgresSink::run_schema_step(const plan::SchemaStep& step) {
    const Claim claim = claims_.get();
    Connection connection = open_session(*sessions_, claim.task, SessionRole::schema);
    {
        connection.set_purpose(step.object + " to be made");
        const StepsAtWork::Entry entry(at_work_, connection);
        execute_step(connection, claim, step);
    }
    sessions_->give_back(std::move(connection));
}

void PostgresSink::undo_schema_step(const plan::SchemaStep& step) {
    const Claim claim = claims_.get();
    Connection connection = open_session(*sessions_, claim.task, SessionRole::schema);
    {
        connection.set_purpose(step.object + " to be removed");
        const StepsAtWork::Entry entry(at_work_, connection);
        connection.exec("BEGIN");
        const bool recorded =
            connection
                .exec_params("DELETE FROM cutover.schema_step WHERE task = $1 AND id = $2",
                             {claim.task, step.id})
                .affected() == 1;
        if (recorded && !step.undo.empty()) {
            connection.exec(step.undo);
        }
        require_claim(connection, claim);
        connection.exec("COMMIT");
    }
    sessions_->give_back(std::move(connection));
}

void PostgresSink::set_sequences(const plan::Plan& plan,
                                 const std::vector<model::SequenceSchema>& values) {
    std::map<model::ObjectName, const model::SequenceSchema*> by_name;
    for (const model::SequenceSchema& value : values) {
        by_name[value.name] = &value;
    }
    const Claim claim = claims_.get();
    Connection connection = open_session(*sessions_, claim.task, SessionRole::schema);
    connection.exec("BEGIN");
    require_claim(connection, claim);
    for (const plan::SequencePlan& sequence : plan.sequences) {
        const auto value = by_name.find(sequence.source);
        if (value == by_name.end()) {
            continue;
        }
        const bool owned = !sequence.owner.name.empty();
        const Result set = connection.exec_params(
            kSetSequence,
            {owned ? Parameter(quote(sequence.owner)) : std::nullopt, sequence.owner_column,
             quote(sequence.destination), std::to_string(value->second->last_value),
             value->second->is_called ? "t" : "f"});
        if (set.rows() == 0) {
            throw Error(ErrorClass::refused, "sequence.missing",
                        "the destination has no sequence " + sequence.destination.display(),
                        "create it there, then finish again");
        }
    }
    connection.exec("COMMIT");
    sessions_->give_back(std::move(connection));
}

}  // namespace

std::unique_ptr<engine::Sink> make_sink(flow::Runtime&, const plan::TaskSpec& spec,
                                        flow::Waits* waits) {
    return std::make_unique<PostgresSink>(spec, waits);
}

}  // namespace cutover::postgres
