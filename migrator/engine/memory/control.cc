#include "migrator/engine/memory/control.h"

#include "migrator/engine/memory/destination_rows.h"
#include "migrator/engine/memory/own_objects.h"
#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using engine::TaskPhase;
using engine::TaskRecord;
using model::Error;
using model::ErrorClass;

void check_claim(const Server& server, const Claim& claim) {
    if (flow::deliberate_bug(flow::Bug::fence_not_checked)) {
        return;
    }
    const auto rows = server.tasks.find(claim.task);
    if (rows == server.tasks.end() || rows->second.record.epoch != claim.epoch ||
        rows->second.record.phase == TaskPhase::finished) {
        throw Error(ErrorClass::stopped, "task.fenced",
                    "task " + claim.task +
                        " may not write any more: another process has claimed it, or "
                        "it is finished");
    }
}

Error too_large(model::Rows rows, model::Rows most) {
    return Error(ErrorClass::refused, "memory.batch_too_large",
                 std::to_string(rows.count) + " rows came in one batch; the server takes " +
                     std::to_string(most.count));
}

namespace {

[[noreturn]] void throw_changed(const std::string& task) {
    throw Error(ErrorClass::refused, "task.changed",
                "task " + task + " was begun with another plan")
        .at(model::Side::neither);
}

bool held_by_others(const TaskRows& rows, std::uint64_t session, const std::string& process) {
    const bool locked = rows.lock_holder != 0 && rows.lock_holder != session;
    return locked || (rows.listener_session != 0 && rows.listener_session != session &&
                      (process.empty() || rows.listener != process));
}

/// True of a task that is finished, too: its last process may still answer.
bool is_last_claim(const Server& server, const Claim& claim) {
    const auto rows = server.tasks.find(claim.task);
    return rows != server.tasks.end() && rows->second.record.epoch == claim.epoch;
}

}  // namespace

void MemoryControl::read(const char* name, const std::function<void(TaskRows&)>& work) {
    session_.call(name, CallKind::read, [&](Server& server) {
        const auto rows = server.tasks.find(claim_->task);
        if (rows != server.tasks.end()) {
            work(rows->second);
        }
    });
}

void MemoryControl::write(const char* name, const std::function<void(Server&, TaskRows&)>& work) {
    session_.call(name, CallKind::write, [&](Server& server) {
        check_claim(server, *claim_);
        TaskRows& rows = server.tasks[claim_->task];
        if (rows.lock_holder == 0 && !listens_) {
            rows.lock_holder = session_.number();  // back after a lost connection
        }
        work(server, rows);
    });
}

std::optional<TaskRecord> MemoryControl::load(const std::string& task) {
    std::optional<TaskRecord> record;
    session_.call("control.load", CallKind::read, [&](Server& server) {
        require_own_control(server);
        const auto rows = server.tasks.find(task);
        if (rows != server.tasks.end()) {
            record = rows->second.record;
        }
    });
    return record;
}

TaskRecord MemoryControl::claim(const std::string& task, const std::string& fingerprint,
                                const engine::Claimant& who) {
    TaskRecord record;
    session_.call("control.claim", CallKind::write, [&](Server& server) {
        require_own_control(server);
        const auto known = server.tasks.find(task);
        const std::uint64_t born = known == server.tasks.end() ? 0 : known->second.record.born;
        if (who.born != 0 && born != who.born) {
            throw Error(ErrorClass::refused, "task.released",
                        "task " + task + " was released meanwhile");
        }
        TaskRows& rows = server.tasks[task];
        TaskRecord& stored = rows.record;
        if (held_by_others(rows, session_.number(), who.process)) {
            throw Error(ErrorClass::refused, "task.running",
                        "task " + task + " is running elsewhere");
        }
        if (stored.phase == TaskPhase::finished) {
            throw Error(ErrorClass::refused, "task.finished", "task " + task + " is finished");
        }
        if (stored.name.empty()) {
            stored.name = task;
            stored.fingerprint = fingerprint;
            stored.born = server.next_birth;
            stored.epoch = stored.born;
            server.next_birth += 1'000'000;
        } else if (stored.fingerprint != fingerprint && !engine::may_be_corrected(stored.phase)) {
            throw_changed(task);
        }
        ++stored.epoch;
        rows.lock_holder = session_.number();
        record = stored;
    });
    // Only a claim whose answer has arrived is ours.
    *claim_ = {task, record.epoch};
    return record;
}

std::vector<std::string> MemoryControl::correct(const plan::Plan& plan) {
    std::map<std::string, std::string> kept;
    for (const plan::SchemaStep& step : plan.schema_steps) {
        kept[step.id] = step.statement;
    }
    std::vector<std::string> forgotten;
    write("control.correct", [&](Server&, TaskRows& rows) {
        if (!engine::may_be_corrected(rows.record.phase)) {
            throw_changed(rows.record.name);
        }
        rows.record.fingerprint = plan.fingerprint;
        rows.record.phase = TaskPhase::created;
        rows.record.origin.reset();
        rows.record.marker = {};
        rows.plan = {};
        rows.record.reach = {};
        for (auto done = rows.done_steps.begin(); done != rows.done_steps.end();) {
            const auto same = kept.find(done->first);
            if (same != kept.end() && same->second == done->second) {
                ++done;
                continue;
            }
            forgotten.push_back(done->first);
            done = rows.done_steps.erase(done);
        }
    });
    return forgotten;
}

bool MemoryControl::is_held(const std::string& task) {
    bool held = false;
    session_.call("control.is_held", CallKind::read, [&](Server& server) {
        require_own_control(server);
        const auto rows = server.tasks.find(task);
        held = rows != server.tasks.end() && held_by_others(rows->second, session_.number(), "");
    });
    return held;
}

void MemoryControl::listen(const std::string& task, std::uint64_t epoch,
                           const std::string& process) {
    claim_ = std::make_shared<Claim>(Claim{task, epoch});
    listens_ = true;
    session_.call("control.listen", CallKind::write, [&](Server& server) {
        if (is_last_claim(server, *claim_)) {
            TaskRows& rows = server.tasks[task];
            rows.listener = process;
            rows.listener_session = session_.number();
        }
    });
}

void MemoryControl::save(const TaskRecord& record) {
    write("control.save", [&](Server&, TaskRows& rows) {
        rows.record.phase = record.phase;
        rows.record.origin = record.origin;
        rows.record.copy_view = record.copy_view;
        rows.record.last_error = record.last_error;
        rows.record.starts = record.starts;
        rows.record.source_fence = record.source_fence;
        rows.record.reach = record.reach;
    });
}

std::vector<model::Chunk> MemoryControl::chunks() {
    std::vector<model::Chunk> chunks;
    read("control.chunks", [&](TaskRows& rows) { chunks = rows.chunks; });
    return chunks;
}

std::vector<model::ChunkReceipt> MemoryControl::receipts() {
    std::vector<model::ChunkReceipt> receipts;
    read("control.receipts", [&](TaskRows& rows) { receipts = rows.receipts; });
    return receipts;
}

void MemoryControl::add_chunks(const std::vector<model::Chunk>& chunks) {
    write("control.add_chunks", [&](Server&, TaskRows& rows) {
        for (const model::Chunk& chunk : chunks) {
            std::erase_if(rows.chunks, [&](const model::Chunk& one) {
                return one.table == chunk.table && one.number == chunk.number;
            });
            rows.chunks.push_back(chunk);
        }
    });
}

void MemoryControl::restart_table(const plan::TablePlan& table,
                                  const std::vector<model::Chunk>& chunks) {
    bool atomic = true;
    session_.call("control.traits", CallKind::read,
                  [&](Server& server) { atomic = server.as_sink.atomic; });
    if (atomic) {
        restart_at_once(table, chunks);
        return;
    }
    write("control.forget_receipts", [&](Server&, TaskRows& rows) {
        std::erase_if(rows.receipts,
                      [&](const auto& one) { return one.chunk.table == table.index; });
    });
    write("control.replace_chunks", [&](Server&, TaskRows& rows) {
        std::erase_if(rows.chunks, [&](const auto& one) { return one.table == table.index; });
        rows.chunks.insert(rows.chunks.end(), chunks.begin(), chunks.end());
    });
    if (!flow::deliberate_bug(flow::Bug::resume_without_emptying)) {
        DestinationRows(session_, table, claim_.get()).truncate();
    }
}

void MemoryControl::restart_at_once(const plan::TablePlan& table,
                                    const std::vector<model::Chunk>& chunks) {
    if (!session_.in_transaction()) {
        session_.begin();
    }
    session_.statement("control.restart_table", [&](Server& server) {
        if (flow::deliberate_bug(flow::Bug::resume_without_emptying)) {
            return Outcome{};
        }
        return server.database.truncate(session_.transaction(),
                                        {&server.database.table(table.destination)});
    });
    session_.commit("control.restart_commit", [claim = *claim_, number = table.index,
                                               chunks](Server& server) {
        check_claim(server, claim);
        TaskRows& rows = server.tasks[claim.task];
        std::erase_if(rows.chunks, [&](const auto& one) { return one.table == number; });
        std::erase_if(rows.receipts, [&](const auto& one) { return one.chunk.table == number; });
        rows.chunks.insert(rows.chunks.end(), chunks.begin(), chunks.end());
    });
}

std::vector<std::string> MemoryControl::done_schema_steps() {
    std::vector<std::string> steps;
    read("control.done_schema_steps", [&](TaskRows& rows) {
        for (const auto& [id, statement] : rows.done_steps) {
            steps.push_back(id);
        }
    });
    return steps;
}

engine::StoredPlan MemoryControl::stored_plan(const std::string& task) {
    engine::StoredPlan stored;
    session_.call("control.stored_plan", CallKind::read, [&](Server& server) {
        const auto rows = server.tasks.find(task);
        if (rows != server.tasks.end()) {
            stored = rows->second.plan;
        }
    });
    return stored;
}

void MemoryControl::store_catalog(const std::string& catalog) {
    write("control.store_catalog", [&](Server&, TaskRows& rows) { rows.plan.catalog = catalog; });
}

void MemoryControl::begin_evolution(const std::string& evolution,
                                    const std::set<std::string>& forgotten) {
    write("control.begin_evolution", [&](Server&, TaskRows& rows) {
        rows.plan.evolution = evolution;
        rows.plan.adopted = false;
        std::erase_if(rows.done_steps,
                      [&](const auto& step) { return forgotten.contains(step.first); });
    });
}

/// Of chunks and receipts: those of tables that are gone go, the others are moved.
void MemoryControl::adopt(const engine::Adoption& adoption) {
    if (!session_.in_transaction()) {
        session_.begin();
    }
    session_.statement("control.adopt", [&](Server& server) {
        std::vector<Table*> emptied;
        for (const auto& [table, chunk] : adoption.copied_anew) {
            emptied.push_back(&server.database.table(table->destination));
        }
        return emptied.empty() ? Outcome{}
                               : server.database.truncate(session_.transaction(), emptied);
    });
    session_.commit("control.adopt_commit", [claim = *claim_, adoption](Server& server) {
        check_claim(server, claim);
        TaskRows& rows = server.tasks[claim.task];
        const auto moved = [&](model::TableIndex table) { return adoption.places.at(table); };
        std::erase_if(rows.chunks, [&](const auto& one) { return !moved(one.table); });
        std::erase_if(rows.receipts, [&](const auto& one) { return !moved(one.chunk.table); });
        for (model::Chunk& chunk : rows.chunks) {
            chunk.table = *moved(chunk.table);
        }
        for (model::ChunkReceipt& receipt : rows.receipts) {
            receipt.chunk.table = *moved(receipt.chunk.table);
        }
        for (const auto& [table, chunk] : adoption.copied_anew) {
            const model::TableIndex number = chunk.table;
            std::erase_if(rows.chunks, [&](const auto& one) { return one.table == number; });
            std::erase_if(rows.receipts,
                          [&](const auto& one) { return one.chunk.table == number; });
            rows.chunks.push_back(chunk);
        }
        for (const std::string& id : adoption.done) {
            rows.done_steps.emplace(id, "");
        }
        rows.record.fingerprint = adoption.fingerprint;
        rows.record.origin = adoption.origin;
        rows.record.phase = adoption.copies ? TaskPhase::full : rows.record.phase;
        rows.plan.catalog = adoption.catalog;
        rows.plan.adopted = true;
    });
}

void MemoryControl::end_evolution() {
    write("control.end_evolution", [&](Server&, TaskRows& rows) {
        rows.plan.evolution.clear();
        rows.plan.adopted = false;
    });
}

void MemoryControl::save_marker(const model::Marker& marker) {
    write("control.save_marker", [&](Server&, TaskRows& rows) { rows.record.marker = marker; });
}

std::vector<engine::Command> MemoryControl::pending_commands() {
    std::vector<engine::Command> pending;
    session_.call("control.pending_commands", CallKind::write, [&](Server& server) {
        if (!is_last_claim(server, *claim_)) {
            return;
        }
        for (auto& [id, row] : server.commands) {
            if (row.task != claim_->task || row.answer) {
                continue;
            }
            if (row.poster == 0) {
                row.answer = engine::kWithdrawn;
                continue;
            }
            pending.push_back(row.command);
        }
    });
    return pending;
}

void MemoryControl::answer_command(std::uint64_t id, const std::string& answer) {
    // A command may be answered when the task is fenced already: `finish` is.
    session_.call("control.answer_command", CallKind::write, [&](Server& server) {
        if (!is_last_claim(server, *claim_)) {
            throw Error(ErrorClass::stopped, "task.fenced",
                        "another process has taken over task '" + claim_->task + "'");
        }
        server.commands.at(id).answer = answer;
    });
}

std::uint64_t MemoryControl::post_command(const std::string& task, const engine::Command& command) {
    std::uint64_t id = 0;
    session_.call("control.post_command", CallKind::write, [&](Server& server) {
        require_own_control(server);
        id = server.next_command++;
        server.commands[id] = {task, command, std::nullopt, session_.number()};
        server.commands[id].command.id = id;
    });
    return id;
}

std::optional<std::string> MemoryControl::command_answer(std::uint64_t id) {
    std::optional<std::string> answer;
    session_.call("control.command_answer", CallKind::read, [&](Server& server) {
        require_own_control(server);
        const auto row = server.commands.find(id);
        if (row != server.commands.end()) {
            answer = row->second.answer;
        }
    });
    return answer;
}

void MemoryControl::publish_status(const std::string& json) {
    write("control.publish_status", [&](Server&, TaskRows& rows) { rows.status = json; });
}

std::string MemoryControl::status(const std::string& task) {
    std::string json;
    session_.call("control.status", CallKind::read, [&](Server& server) {
        require_own_control(server);
        const auto rows = server.tasks.find(task);
        json = rows == server.tasks.end() ? "" : rows->second.status;
    });
    return json;
}

void MemoryControl::fence(const std::string& cutover) {
    write("control.fence", [&](Server&, TaskRows& rows) {
        rows.record.phase = TaskPhase::finished;
        rows.record.cutover = cutover;
    });
}

void MemoryControl::note_cutover(const std::string& cutover) {
    session_.call("control.note_cutover", CallKind::write, [&](Server& server) {
        if (is_last_claim(server, *claim_)) {
            server.tasks[claim_->task].record.cutover = cutover;
        }
    });
}

void MemoryControl::release(const std::string& task) {
    session_.call("control.release", CallKind::write, [&](Server& server) {
        require_own_control(server);
        server.tasks.erase(task);
    });
}

}  // namespace cutover::memory
