// engine::Sink over a memory server. Where the server is no atomic destination (Server::as_sink),
// rows become visible one by one, each asking for the claim, and the receipt or the marker comes
// last.
#pragma once

#include <memory>

#include "migrator/engine/memory/control.h"
#include "migrator/engine/sink.h"

namespace cutover::memory {

class MemorySink final : public engine::Sink {
public:
    MemorySink(flow::Runtime& runtime, const Net& net, const plan::TaskSpec& spec,
               flow::Waits* waits);

    std::unique_ptr<engine::Inspector> open_inspector() override;
    std::unique_ptr<engine::Control> open_control() override;
    void prepare_writers(std::uint32_t) override {}
    std::unique_ptr<engine::ChunkWriter> open_writer(const plan::Plan& plan) override;
    std::unique_ptr<engine::ChangeApplier> open_applier(const plan::Plan& plan) override;
    engine::SinkTraits traits() override;
    void run_schema_step(const plan::SchemaStep& step) override;
    void undo_schema_step(const plan::SchemaStep& step) override;
    void cancel_schema_steps() noexcept override {}
    void set_sequences(const plan::Plan& plan,
                       const std::vector<model::SequenceSchema>& values) override;

private:
    flow::Runtime& runtime_;
    const Net net_;
    plan::TaskSpec spec_;
    std::shared_ptr<Claim> claim_ = std::make_shared<Claim>();
};

}  // namespace cutover::memory
