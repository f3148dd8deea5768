// Net batches into a memory server, in the order that model/net_batch.h prescribes.
#pragma once

#include <vector>

#include "migrator/engine/memory/control.h"
#include "migrator/engine/memory/destination_rows.h"
#include "migrator/engine/sink.h"

namespace cutover::memory {

class MemoryChangeApplier final : public engine::ChangeApplier {
public:
    MemoryChangeApplier(flow::Runtime& runtime, const Net& net, const plan::Plan& plan,
                        std::shared_ptr<Claim> claim)
        : session_(runtime, net, plan.spec.destination, "applier"),
          plan_(plan),
          claim_(std::move(claim)) {}

    void begin() override;
    void stage(const model::NetBatch& part) override;
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>& mode) override;
    void note_view(const model::ChunkReceipt& receipt) override;
    void commit(const model::Marker& marker) override;
    void abort() noexcept override;
    std::string holder() const override;

private:
    struct Part {
        const model::TableBatch& batch;
        DestinationRows rows;
        engine::ApplyMode mode;
        bool strict() const { return mode == engine::ApplyMode::strict; }
        DestinationRows::Existing existing() const;
    };
    const Claim* alone() const { return traits_.atomic ? nullptr : claim_.get(); }

    void apply_staged(const std::vector<engine::ApplyMode>& mode);
    void fire_trigger();
    void apply_table(Part& part);
    void apply_removals(Part& part);
    void apply_moves(Part& part);
    void apply_update(Part& part, const model::Tuple& key, const model::Tuple& row);
    void apply_insert(Part& part, const model::Tuple& row);
    void apply_step(Part& part, const model::RowStep& step);
    void no_base(Part& part, const model::Tuple& old_key, const model::Tuple& row);
    [[noreturn]] void contradiction(const Part& part, const char* what,
                                    const model::Tuple& key) const;

    Session session_;
    const plan::Plan& plan_;
    std::shared_ptr<Claim> claim_;
    engine::SinkTraits traits_;
    bool counted_ = false;
    std::vector<model::NetBatch> staged_;
    bool held_back_ = false;  ///< by a deliberate bug: staged_ is applied after the commit
    std::vector<engine::MissingBase> missing_;
    std::vector<model::ChunkReceipt> receipts_;
};

}  // namespace cutover::memory
