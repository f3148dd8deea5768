#include "migrator/precheck/facts.h"

#include <functional>

#include "migrator/flow/thread_runtime.h"

namespace cutover::precheck {

namespace {

/// Runs `ask`, and keeps the reason if it fails.
void attempt(EndFacts& end, const std::function<void()>& ask) {
    try {
        ask();
    } catch (const model::Error& error) {
        end.failure = error;
    }
}

/// What the destination keeps of the task, if anything. Only reads: nothing is made there.
std::optional<engine::TaskRecord> record_of(const engine::EngineFactories& destination,
                                            const plan::TaskSpec& spec) {
    flow::ThreadRuntime runtime;
    const auto sink = destination.sink(runtime, spec, nullptr);
    return sink->open_control()->load(spec.name);
}

}  // namespace

Facts gather(const engine::Registry& registry, const plan::TaskSpec& spec) {
    const engine::EngineFactories& source = registry.engine(spec.source.engine);
    const engine::EngineFactories& destination = registry.engine(spec.destination.engine);
    const engine::Route& route = registry.route(spec.source.engine, spec.destination.engine);
    Facts facts;
    facts.spec = spec;
    attempt(facts.source, [&] {
        facts.source.inspector = source.inspector(spec.source);
        facts.source.server = facts.source.inspector->server();
        facts.source.catalog = facts.source.inspector->catalog(spec.objects);
    });
    attempt(facts.destination, [&] {
        facts.destination.inspector = destination.inspector(spec.destination);
        facts.destination.server = facts.destination.inspector->server();
        facts.destination.catalog = facts.destination.inspector->catalog({});
        if (facts.destination.server.writable) {
            facts.record = record_of(destination, spec);
            facts.started = facts.record.has_value();
        }
    });
    if (facts.source.answers() && facts.destination.answers()) {
        facts.planned = route.plan(spec, facts.source.catalog, facts.destination.catalog);
    }
    return facts;
}

}  // namespace cutover::precheck
