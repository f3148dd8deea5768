// Facts about a memory server.
#pragma once

#include "migrator/engine/inspector.h"
#include "migrator/engine/memory/database/session.h"

namespace cutover::memory {

class MemoryInspector final : public engine::Inspector {
public:
    MemoryInspector(flow::Runtime& runtime, const Net& net, const plan::Endpoint& endpoint)
        : session_(runtime, net, endpoint, "inspector") {}

    engine::ServerFacts server() override;
    model::Catalog catalog(const plan::ObjectSelection& selection) override;
    /// A memory server needs nothing.
    std::vector<engine::Requirement> requirements(engine::Topic topic, const plan::TaskSpec& spec,
                                                  const model::Catalog& catalog,
                                                  bool as_source) override;
    std::vector<model::ObjectName> non_empty(const std::vector<model::ObjectName>& tables) override;
    /// Its statements take effect at once.
    std::optional<engine::Trial> try_steps(const std::vector<plan::SchemaStep>& steps) override;

private:
    Session session_;
};

}  // namespace cutover::memory
