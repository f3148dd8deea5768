#include "migrator/engine/memory/sink.h"

#include <algorithm>

#include "migrator/engine/memory/change_applier.h"
#include "migrator/engine/memory/chunk_writer.h"
#include "migrator/engine/memory/database/statement.h"
#include "migrator/engine/memory/inspector.h"

namespace cutover::memory {

MemorySink::MemorySink(flow::Runtime& runtime, const Net& net, const plan::TaskSpec& spec,
                       flow::Waits* waits)
    : runtime_(runtime), net_(net.on_behalf_of(waits, model::Side::destination)), spec_(spec) {}

std::unique_ptr<engine::Inspector> MemorySink::open_inspector() {
    return std::make_unique<MemoryInspector>(runtime_, net_, spec_.destination);
}

std::unique_ptr<engine::Control> MemorySink::open_control() {
    return std::make_unique<MemoryControl>(runtime_, net_, spec_.destination, claim_);
}

std::unique_ptr<engine::ChunkWriter> MemorySink::open_writer(const plan::Plan& plan) {
    return std::make_unique<MemoryChunkWriter>(runtime_, net_, plan, claim_);
}

std::unique_ptr<engine::ChangeApplier> MemorySink::open_applier(const plan::Plan& plan) {
    return std::make_unique<MemoryChangeApplier>(runtime_, net_, plan, claim_);
}

engine::SinkTraits MemorySink::traits() {
    Session session(runtime_, net_, spec_.destination, "sink");
    engine::SinkTraits traits;
    session.call("sink.traits", CallKind::read, [&](Server& server) { traits = server.as_sink; });
    return traits;
}

/// The second call takes what the first has made for its own, and so does a first that comes again.
void MemorySink::run_schema_step(const plan::SchemaStep& step) {
    Session session(runtime_, net_, spec_.destination, "sink");
    bool recorded = false;
    session.statement("sink.schema_step", [&](Server& server) -> Outcome {
        check_claim(server, *claim_);
        std::map<std::string, std::string>& done = server.tasks[claim_->task].done_steps;
        recorded = done.contains(step.id);
        if (!recorded) {
            const bool again = !server.as_sink.atomic;
            const Outcome outcome =
                execute(server.database, step.statement, again ? IfDone::leave : IfDone::refuse);
            if (outcome.kind == Outcome::Kind::blocked) {
                return outcome;
            }
        }
        if (server.as_sink.atomic) {
            done[step.id] = step.statement;
            recorded = true;
        }
        return {};
    });
    if (!recorded) {
        session.call("sink.record_step", CallKind::write, [&](Server& server) {
            check_claim(server, *claim_);
            server.tasks[claim_->task].done_steps[step.id] = step.statement;
        });
    }
}

void MemorySink::undo_schema_step(const plan::SchemaStep& step) {
    Session session(runtime_, net_, spec_.destination, "sink");
    bool recorded = false;
    session.call("sink.undo_schema_step", CallKind::write, [&](Server& server) {
        check_claim(server, *claim_);
        std::map<std::string, std::string>& done = server.tasks[claim_->task].done_steps;
        recorded = done.contains(step.id);
        if (recorded && !step.undo.empty()) {
            execute(server.database, step.undo, IfDone::leave);
        }
        if (server.as_sink.atomic) {
            done.erase(step.id);
            recorded = false;
        }
    });
    if (recorded) {
        session.call("sink.forget_step", CallKind::write, [&](Server& server) {
            check_claim(server, *claim_);
            server.tasks[claim_->task].done_steps.erase(step.id);
        });
    }
}

void MemorySink::set_sequences(const plan::Plan& plan,
                               const std::vector<model::SequenceSchema>& values) {
    Session session(runtime_, net_, spec_.destination, "sink");
    session.call("sink.set_sequences", CallKind::write, [&](Server& server) {
        check_claim(server, *claim_);
        for (const plan::SequencePlan& sequence : plan.sequences) {
            const auto value = std::find_if(values.begin(), values.end(), [&](const auto& one) {
                return one.name == sequence.source;
            });
            if (value != values.end()) {
                server.database.sequences()[sequence.destination].last_value = value->last_value;
            }
        }
    });
}

}  // namespace cutover::memory
