#include "migrator/engine/memory/engine.h"

#include "migrator/engine/memory/inspector.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/engine/memory/source.h"

namespace cutover::memory {

void add_engine(engine::Registry& registry, const Net& net, flow::Runtime& runtime) {
    engine::EngineFactories factories;
    factories.source = [&net](flow::Runtime& own, const plan::TaskSpec& spec, flow::Waits* waits) {
        return std::make_unique<MemorySource>(own, net, spec, waits);
    };
    factories.sink = [&net](flow::Runtime& own, const plan::TaskSpec& spec, flow::Waits* waits) {
        return std::make_unique<MemorySink>(own, net, spec, waits);
    };
    factories.inspector = [&net, &runtime](const plan::Endpoint& endpoint) {
        return std::make_unique<MemoryInspector>(runtime, net, endpoint);
    };
    registry.add_engine("memory", std::move(factories));
}

}  // namespace cutover::memory
