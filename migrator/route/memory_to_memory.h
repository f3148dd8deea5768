// Memory to memory: the route of simulations and contract tests. It renames, drops columns, and
// rewrites `number` cells (decimal text, any spelling) to `packed` ones (eight bytes): tables with
// such a column go through the codec lane, all others through the raw lane.
#pragma once

#include "migrator/engine/route.h"
#include "migrator/engine/sink.h"

namespace cutover::route {

class MemoryToMemory final : public engine::Route {
public:
    /// `destination`: what it can do. Sequences and foreign keys are not planned where it has none.
    explicit MemoryToMemory(engine::SinkTraits destination = {}) : destination_(destination) {}

    std::string name() const override { return "memory to memory"; }
    engine::Planned plan(const plan::TaskSpec& spec, const model::Catalog& source,
                         const model::Catalog& destination) const override;
    /// Refuses: schemas in memory do not change.
    engine::Evolved evolve(const plan::TaskSpec& spec,
                           const engine::SchemaChange& change) const override;

private:
    engine::SinkTraits destination_;
};

}  // namespace cutover::route
