#include "migrator/engine/postgres/control/control.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/control/control_rows.h"
#include "migrator/engine/postgres/control/control_schema.h"
#include "migrator/engine/postgres/control/stored_plan.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/trust/own_objects.h"

namespace cutover::postgres {

using engine::TaskRecord;
using model::Error;
using model::ErrorClass;

namespace {

/// The live session that holds the task or listens for it, but this one and those of process $2.
/// The start of another role's session may be hidden: its process number alone speaks for it then.
constexpr const char* kHolder = R"(
SELECT coalesce(host(a.client_addr), 'a local socket'),
       to_char(coalesce(a.backend_start, t.holder_since), 'YYYY-MM-DD HH24:MI:SS UTC'), a.pid,
       coalesce(a.application_name, ''), t.owner
  FROM cutover.task t JOIN pg_stat_activity a
    ON (a.pid = t.holder_process AND coalesce(a.backend_start, t.holder_since) = t.holder_since)
    OR (a.pid = t.listener_process AND t.listener <> $2
        AND coalesce(a.backend_start, t.listener_since) = t.listener_since)
 WHERE t.name = $1 AND a.pid <> pg_backend_pid() LIMIT 1)";

constexpr const char* kTake = R"(
UPDATE cutover.task t SET holder_process = a.pid, holder_since = a.backend_start, owner = $2
  FROM pg_stat_activity a WHERE t.name = $1 AND a.pid = pg_backend_pid())";

/// A process that was just killed may still be seen by the server for a moment.
constexpr std::chrono::milliseconds kHolderPause(100);
constexpr int kHolderLooks = 10;

/// Writers of a process that no longer holds the task. The epoch keeps them from committing;
/// this keeps their row and table locks from standing in our way.
constexpr const char* kEndLeftovers = R"(
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
   AND application_name = ANY ($1))";

constexpr const char* kClaim = R"(
UPDATE cutover.task SET epoch = epoch + 1, claimed_at = now()
 WHERE name = $1)";

constexpr const char* kListen = R"(
UPDATE cutover.task t
   SET listener = $3, listener_process = a.pid, listener_since = a.backend_start
  FROM pg_stat_activity a WHERE t.name = $1 AND t.epoch = $2 AND a.pid = pg_backend_pid())";

constexpr const char* kPost = R"(
INSERT INTO cutover.command (task, verb, argument, poster_process, poster_since)
SELECT t.name, $2, $3, a.pid, a.backend_start
  FROM cutover.task t, pg_stat_activity a WHERE t.name = $1 AND a.pid = pg_backend_pid()
RETURNING id)";

constexpr const char* kWithdraw = R"(
UPDATE cutover.command c SET answer = $3
  FROM cutover.task t
 WHERE t.name = c.task AND t.epoch = $2 AND c.task = $1 AND c.answer IS NULL
   AND NOT EXISTS (SELECT FROM pg_stat_activity a
                    WHERE a.pid = c.poster_process
                      AND coalesce(a.backend_start, c.poster_since) = c.poster_since))";

[[noreturn]] void throw_released(const std::string& task) {
    throw Error(ErrorClass::refused, "task.released",
                "task '" + task + "' was released while this process waited to go on with it",
                "nothing was begun anew: start `cutover migrate` if that is wanted");
}

/// `host:pid` of this process, for the message of the one that is refused.
std::string this_process() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return std::string(host.data()) + ", process " + std::to_string(getpid());
}

}  // namespace

PostgresControl::PostgresControl(SessionPool& sessions, std::string task, ClaimHolder& claims)
    : sessions_(sessions),
      task_(std::move(task)),
      claims_(claims),
      connection_(open_session(sessions_, task_, SessionRole::control)) {
    own_schema(connection_);  // a schema of that name which is another's is refused here
}

template <typename Body>
auto PostgresControl::guarded(Body body) -> decltype(body()) {
    reconnect_if_needed();
    try {
        return body();
    } catch (const Error& error) {
        connection_.rollback();
        if (error.error_class() == ErrorClass::connection && claim_) {
            lock_lost(error.message());
        }
        throw;
    }
}

template <typename Body>
void PostgresControl::claimed_transaction(Body body) {
    guarded([&] {
        const Claim claim = claimed();
        connection_.exec("BEGIN");
        require_claim(connection_, claim);
        body(claim);
        connection_.exec("COMMIT");
    });
}

const Claim& PostgresControl::claimed() const {
    if (!claim_) {
        throw Error(lost_ ? ErrorClass::connection : ErrorClass::refused,
                    lost_ ? "task.lock_lost" : "task.unclaimed",
                    "task '" + task_ + "' is not claimed by this process");
    }
    return *claim_;
}

void PostgresControl::lock_lost(const std::string& why) {
    claim_.reset();
    held_task_.clear();
    lost_ = true;
    throw Error(ErrorClass::connection, "task.lock_lost",
                "the connection that held task '" + task_ + "' is gone: " + why,
                "the task claims again by itself");
}

void PostgresControl::reconnect_if_needed() {
    if (connection_.alive()) {
        return;
    }
    if (claim_) {
        lock_lost("it was found closed");
    }
    held_task_.clear();
    connection_ = open_session(sessions_, task_, SessionRole::control);
}

/// The last task may take the schema along at any moment, which is then as if there were none; and
/// whoever makes another in its place has made it before our check or cannot before our end.
template <typename Work>
bool PostgresControl::in_schema(Hold hold, Work work) {
    if (!own_schema(connection_)) {
        return false;
    }
    try {
        connection_.exec("BEGIN");
        const bool there = hold_own_schema(connection_, hold);
        if (there) {
            work();
        }
        connection_.exec("COMMIT");
        return there;
    } catch (const Error& error) {
        connection_.rollback();
        if ((has_state(error, "42P01") || has_state(error, "3F000")) && !own_schema(connection_)) {
            return false;
        }
        throw;
    }
}

std::optional<Result> PostgresControl::look(const std::string& sql, const std::string& key) {
    std::optional<Result> row;
    in_schema(Hold::read, [&] { row = connection_.exec_params(sql, {key}); });
    return !row || row->rows() == 0 ? std::nullopt : std::move(row);
}

std::optional<TaskRecord> PostgresControl::load(const std::string& task) {
    return guarded([&]() -> std::optional<TaskRecord> {
        const std::optional<Result> row = look(kLoadTask, task);
        return row ? std::optional(record_of(task, *row)) : std::nullopt;
    });
}

void PostgresControl::refuse_running(const std::string& task, const Result& holder) {
    throw Error(ErrorClass::refused, "task.running",
                "task '" + task + "' is being run by another process: " + holder.text(0, 4) +
                    " (connected from " + holder.text(0, 0) + " since " + holder.text(0, 1) +
                    ", server session " + holder.text(0, 2) + " '" + holder.text(0, 3) + "')",
                "stop that process first, or give this task another name");
}

/// Makes this session the task's holder, unless another that holds it lives. The row is ours alone
/// to lock and to write; a lock that anybody could take would let anybody keep the task from
/// starting. Not FOR UPDATE: whoever writes for the task now may go on until we know.
std::optional<Result> PostgresControl::try_hold(const std::string& task,
                                                const std::string& process) {
    std::optional<Result> holder;
    in_schema(Hold::write, [&] {
        connection_.exec_params("SELECT FROM cutover.task WHERE name = $1 FOR NO KEY UPDATE",
                                {task});
        holder = connection_.exec_params(kHolder, {task, process});
        if (holder->rows() == 0) {
            holder.reset();
            connection_.exec_params(kTake, {task, this_process()});
        }
    });
    return holder;
}

void PostgresControl::hold_task(const std::string& task, const std::string& process) {
    if (held_task_ == task) {
        return;
    }
    for (int look = 1;; ++look) {
        const std::optional<Result> holder = try_hold(task, process);
        if (!holder) {
            break;
        }
        if (look == kHolderLooks) {
            refuse_running(task, *holder);
        }
        std::this_thread::sleep_for(kHolderPause);
    }
    held_task_ = task;
}

void PostgresControl::let_go(const std::string& task) noexcept {
    try {
        held_task_.clear();
        in_schema(Hold::write, [&] {
            connection_.exec_params(
                "UPDATE cutover.task SET holder_process = NULL, holder_since = NULL"
                " WHERE name = $1 AND holder_process = pg_backend_pid()",
                {task});
        });
    } catch (const Error&) {
        // A lost connection has let go of it already.
    }
}

void PostgresControl::end_leftover_sessions(const std::string& task) {
    connection_.exec_params(kEndLeftovers,
                            {array_literal({application_name(task, SessionRole::writer),
                                            application_name(task, SessionRole::applier),
                                            application_name(task, SessionRole::schema)})});
}

/// Schema and row in one transaction: from its commit on, nobody takes the schema for empty.
void PostgresControl::make_record(const std::string& task, const std::string& fingerprint) {
    in_control_schema(connection_, [&] {
        connection_.exec_params(
            "INSERT INTO cutover.task (name, fingerprint, phase, epoch, born, starts)"
            " SELECT $1, $2, 'created', born, born, 0 FROM"
            " (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) now(born)"
            " ON CONFLICT (name) DO NOTHING",
            {task, fingerprint});
    });
}

/// A process that goes on after an outage must not begin anew what was released meanwhile.
void PostgresControl::require_same(const std::string& task, const engine::Claimant& who) {
    const std::optional<Result> row = look("SELECT born FROM cutover.task WHERE name = $1", task);
    if (!row || unsigned_of(*row, 0, 0) != who.born) {
        throw_released(task);
    }
}

void PostgresControl::raise_epoch(const std::string& task, const std::string& fingerprint,
                                  const engine::Claimant& who) {
    connection_.exec("BEGIN");
    connection_.exec("SET LOCAL lock_timeout='30s'");
    // FOR UPDATE, not just the update: only it conflicts with the writers' FOR KEY SHARE.
    const Result row = connection_.exec_params(
        "SELECT fingerprint, phase, born FROM cutover.task WHERE name = $1 FOR UPDATE", {task});
    if (row.rows() != 1) {
        throw Error(ErrorClass::operation, "task.gone",
                    "the record of task '" + task + "' was removed while it was claimed",
                    "see who releases it, and start again");
    }
    if (who.born != 0 && unsigned_of(row, 0, 2) != who.born) {
        throw_released(task);
    }
    if (row.get(0, 1) == "finished") {
        throw Error(ErrorClass::refused, "task.finished",
                    "task '" + task + "' is finished: no process may write under its name any more",
                    "release it ('cutover release') and start anew, or use another task name");
    }
    if (row.get(0, 0) != fingerprint && !engine::may_be_corrected(phase_of(row.get(0, 1)))) {
        throw_changed(task, row.text(0, 0), fingerprint);
    }
    connection_.exec_params(kClaim, {task});
    connection_.exec("COMMIT");
}

TaskRecord PostgresControl::claim(const std::string& task, const std::string& fingerprint,
                                  const engine::Claimant& who) {
    lost_ = false;
    return guarded([&] {
        if (who.born == 0) {
            make_record(task, fingerprint);
        } else {
            require_same(task, who);
        }
        hold_task(task, who.process);
        try {
            end_leftover_sessions(task);
            raise_epoch(task, fingerprint, who);
        } catch (const Error&) {
            connection_.rollback();
            let_go(task);
            throw;
        }
        TaskRecord record = record_of(task, connection_.exec_params(kLoadTask, {task}));
        claim_ = Claim{task, record.epoch};
        claims_.set(*claim_);
        return record;
    });
}

bool PostgresControl::is_held(const std::string& task) {
    return guarded([&] {
        bool held = false;
        in_schema(Hold::read, [&] {
            held = connection_.exec_params(kHolder, {task, ""}).rows() > 0;
        });
        return held;
    });
}

/// No lock, and nothing for the sink's writers: the claim is another control's.
void PostgresControl::listen(const std::string& task, std::uint64_t epoch,
                             const std::string& process) {
    lost_ = false;
    claim_ = Claim{task, epoch};
    guarded([&] {
        in_schema(Hold::write, [&] {
            connection_.exec_params(kListen, {task, std::to_string(epoch), process});
        });
    });
}

void PostgresControl::save(const TaskRecord& record) {
    claimed_transaction([&](const Claim& claim) { store_record(connection_, claim.task, record); });
}

std::vector<model::Chunk> PostgresControl::chunks() {
    return guarded([&] { return read_chunks(connection_, claimed().task); });
}

std::vector<model::ChunkReceipt> PostgresControl::receipts() {
    return guarded([&] { return read_receipts(connection_, claimed().task); });
}

void PostgresControl::add_chunks(const std::vector<model::Chunk>& chunks) {
    claimed_transaction(
        [&](const Claim& claim) { insert_chunks(connection_, claim.task, chunks); });
}

void PostgresControl::restart_table(const plan::TablePlan& table,
                                    const std::vector<model::Chunk>& chunks) {
    claimed_transaction(
        [&](const Claim& claim) { begin_table_anew(connection_, claim, table, chunks); });
}

std::vector<std::string> PostgresControl::correct(const plan::Plan& plan) {
    std::vector<std::string> forgotten;
    claimed_transaction(
        [&](const Claim& claim) { forgotten = correct_plan(connection_, claim, plan); });
    return forgotten;
}

engine::StoredPlan PostgresControl::stored_plan(const std::string& task) {
    return guarded([&] {
        engine::StoredPlan stored;
        in_schema(Hold::read, [&] { stored = read_stored_plan(connection_, task); });
        return stored;
    });
}

void PostgresControl::store_catalog(const std::string& catalog) {
    claimed_transaction(
        [&](const Claim& claim) { postgres::store_catalog(connection_, claim, catalog); });
}

void PostgresControl::begin_evolution(const std::string& evolution,
                                      const std::set<std::string>& forgotten) {
    claimed_transaction([&](const Claim& claim) {
        postgres::begin_evolution(connection_, claim, evolution, forgotten);
    });
}

void PostgresControl::adopt(const engine::Adoption& adoption) {
    claimed_transaction([&](const Claim& claim) { postgres::adopt(connection_, claim, adoption); });
}

void PostgresControl::end_evolution() {
    claimed_transaction([&](const Claim& claim) { postgres::end_evolution(connection_, claim); });
}

std::vector<std::string> PostgresControl::done_schema_steps() {
    return guarded([&] {
        const Result rows = connection_.exec_params(
            "SELECT id FROM cutover.schema_step WHERE task = $1 ORDER BY done_at, id",
            {claimed().task});
        std::vector<std::string> out;
        for (int row = 0; row < rows.rows(); ++row) {
            out.push_back(rows.text(row, 0));
        }
        return out;
    });
}

void PostgresControl::save_marker(const model::Marker& marker) {
    guarded([&] { store_claimed_marker(connection_, claimed(), marker); });
}

std::vector<engine::Command> PostgresControl::pending_commands() {
    return guarded([&] {
        const Claim claim = claimed();
        connection_.exec_params(kWithdraw,
                                {claim.task, std::to_string(claim.epoch), engine::kWithdrawn});
        const Result rows = connection_.exec_params(
            "SELECT c.id, c.verb, c.argument FROM cutover.command c"
            " JOIN cutover.task t ON t.name = c.task AND t.epoch = $2"
            " WHERE c.task = $1 AND c.answer IS NULL ORDER BY c.id",
            {claim.task, std::to_string(claim.epoch)});
        std::vector<engine::Command> out;
        for (int row = 0; row < rows.rows(); ++row) {
            out.push_back({unsigned_of(rows, row, 0), rows.text(row, 1), rows.text(row, 2)});
        }
        return out;
    });
}

/// Answers and status are no migrated data: the process that has finished a task may still give
/// them.
void PostgresControl::check_own_epoch(const Result& written) const {
    if (written.affected() == 0) {
        throw Error(ErrorClass::stopped, "task.fenced",
                    "another process has taken over task '" + task_ + "'");
    }
}

void PostgresControl::answer_command(std::uint64_t id, const std::string& answer) {
    guarded([&] {
        const Claim claim = claimed();
        check_own_epoch(connection_.exec_params(
            "UPDATE cutover.command c SET answer = $3 FROM cutover.task t"
            " WHERE c.id = $1 AND c.task = t.name AND t.name = $2 AND t.epoch = $4",
            {std::to_string(id), claim.task, answer, std::to_string(claim.epoch)}));
    });
}

std::uint64_t PostgresControl::post_command(const std::string& task,
                                            const engine::Command& command) {
    return guarded([&] {
        std::optional<Result> posted;
        in_schema(Hold::write, [&] {
            posted = connection_.exec_params(kPost, {task, command.verb, command.argument});
        });
        if (!posted || posted->rows() == 0) {
            throw Error(ErrorClass::refused, "task.unknown",
                        "the destination knows no task '" + task + "'",
                        "check the task's name and the destination in the task file");
        }
        return unsigned_of(*posted, 0, 0);
    });
}

std::optional<std::string> PostgresControl::command_answer(std::uint64_t id) {
    return guarded([&]() -> std::optional<std::string> {
        const std::optional<Result> row =
            look("SELECT answer FROM cutover.command WHERE id = $1::bigint", std::to_string(id));
        return !row || row->is_null(0, 0) ? std::nullopt : std::optional(row->text(0, 0));
    });
}

void PostgresControl::publish_status(const std::string& json) {
    guarded([&] {
        const Claim claim = claimed();
        check_own_epoch(connection_.exec_params(
            "INSERT INTO cutover.status (task, json, published_at)"
            " SELECT name, $3, now() FROM cutover.task WHERE name = $1 AND epoch = $2"
            " ON CONFLICT (task) DO UPDATE SET json = excluded.json,"
            " published_at = excluded.published_at",
            {claim.task, std::to_string(claim.epoch), json}));
    });
}

std::string PostgresControl::status(const std::string& task) {
    return guarded([&]() -> std::string {
        const std::optional<Result> row =
            look("SELECT json FROM cutover.status WHERE task = $1", task);
        return row ? row->text(0, 0) : std::string();
    });
}

void PostgresControl::fence(const std::string& cutover) {
    guarded([&] {
        const Claim claim = claimed();
        connection_.exec("BEGIN");
        const Result row = connection_.exec_params(
            "SELECT 1 FROM cutover.task WHERE name = $1 AND epoch = $2 FOR UPDATE",
            {claim.task, std::to_string(claim.epoch)});
        if (row.rows() == 0) {
            throw Error(ErrorClass::stopped, "task.fenced",
                        "another process has taken over task '" + claim.task + "'");
        }
        connection_.exec_params(
            "UPDATE cutover.task SET phase = 'finished', cutover = $2 WHERE name = $1",
            {claim.task, cutover});
        connection_.exec("COMMIT");
    });
}

void PostgresControl::note_cutover(const std::string& cutover) {
    guarded([&] {
        const Claim claim = claimed();
        check_own_epoch(connection_.exec_params(
            "UPDATE cutover.task SET cutover = $3 WHERE name = $1 AND epoch = $2",
            {claim.task, std::to_string(claim.epoch), cutover}));
    });
}

void PostgresControl::release(const std::string& task) {
    guarded([&] {
        if (!look("SELECT FROM cutover.task WHERE name = $1", task)) {
            return;
        }
        hold_task(task, "");
        end_leftover_sessions(task);
        in_schema(Hold::remove, [&] {
            connection_.exec_params("SELECT 1 FROM cutover.task WHERE name = $1 FOR UPDATE",
                                    {task});
            for (const char* table :
                 {"marker", "chunk", "row_view", "schema_step", "command", "status", "conflict"}) {
                connection_.exec_params(
                    std::string("DELETE FROM cutover.") + table + " WHERE task = $1", {task});
            }
            connection_.exec_params("DELETE FROM cutover.task WHERE name = $1", {task});
            drop_control_schema_if_empty(connection_);
        });
        held_task_.clear();
        claim_.reset();
    });
}

}  // namespace cutover::postgres
