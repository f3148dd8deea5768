#include "migrator/task/aftermath.h"

#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"

namespace cutover::task {

using engine::TaskPhase;
using engine::TaskRecord;
using model::Error;

namespace {

constexpr flow::Duration kLookLimit = std::chrono::seconds(20);

stage::LateWrites read_log(flow::Runtime& runtime, const engine::Registry& registry,
                           const plan::TaskSpec& spec, engine::Sink& sink,
                           const TaskRecord& record) {
    const auto source = registry.engine(spec.source.engine).source(runtime, spec, nullptr);
    const plan::Plan plan = registry.route(spec.source.engine, spec.destination.engine)
                                .plan(spec, source->open_inspector()->catalog(spec.objects),
                                      sink.open_inspector()->catalog({}))
                                .plan;
    // Another server's log says nothing about this cutover, whatever its positions look like.
    source->verify_capture(*record.origin, record.marker.position);
    return stage::read_late_writes(runtime, *source, plan, *record.origin, record.marker.position,

                                   {engine::LogReader::onlooker, flow::Duration(0), kLookLimit},
                                   [] {});
}

}  // namespace

std::optional<Aftermath> look_after(flow::Runtime& runtime, const engine::Registry& registry,
                                    const plan::TaskSpec& spec, engine::Sink& sink,
                                    const TaskRecord& record) {
    std::optional<CutoverEvidence> evidence = evidence_from(record.cutover);
    if (record.phase != TaskPhase::finished || !evidence || !record.origin) {
        return std::nullopt;
    }
    Aftermath found{std::move(*evidence), ""};
    const bool under_way = !found.evidence.watched && found.evidence.watch_ended.empty() &&
                           sink.open_control()->is_held(spec.name);
    if (under_way) {
        found.not_looked = "the process that cut over is reading it";
        return found;
    }
    try {
        stage::LateWrites now = read_log(runtime, registry, spec, sink, record);
        found.not_looked = now.complete ? "" : "there was too much of it to read to its end";
        if (now.transactions >= found.evidence.late.transactions) {
            found.evidence.late = std::move(now);
        }
    } catch (const Error& error) {
        found.not_looked = error.message();
    }
    return found;
}

std::optional<Aftermath> look_after(const engine::Registry& registry, const plan::TaskSpec& spec) {
    flow::ThreadRuntime runtime;
    const auto sink = registry.engine(spec.destination.engine).sink(runtime, spec, nullptr);
    std::optional<TaskRecord> record;
    try {
        record = sink->open_control()->load(spec.name);
    } catch (const Error& error) {
        if (error.error_class() != model::ErrorClass::refused) {
            throw;
        }
    }
    return record ? look_after(runtime, registry, spec, *sink, *record) : std::nullopt;
}

std::vector<std::string> lines(const Aftermath& aftermath) {
    std::vector<std::string> out = lines(aftermath.evidence);
    if (aftermath.not_looked.empty()) {
        out.push_back("looked at now: the log behind the cutover was read up to " +
                      aftermath.evidence.late.read_to.text);
    } else {
        // First: whatever was seen before is no answer to what is so now.
        out.insert(out.begin(), "CANNOT TELL what came after the cutover: " + aftermath.not_looked);
    }
    return out;
}

}  // namespace cutover::task
