// Nodes in one ring; each transaction takes three neighbouring links and puts the middle node
// elsewhere, which keeps the ring (FoundationDB's Cycle). A torn transaction, or one applied out of
// order with another that it touches, breaks it. What it cannot see, a transaction lost whole, the
// receipts see.
#pragma once

#include "scenarios/workload/script.h"

namespace cutover::scenarios {

class Ring final : public Script {
public:
    /// Requires: nodes >= 4.
    explicit Ring(std::uint64_t nodes) : nodes_(nodes) {}

    std::vector<std::string> tables() const override { return {"ring_node"}; }
    void create(fixtures::Session& session) override;
    bool transact(Turn& turn) const override;
    std::vector<Check> always(fixtures::Session& session) const override;
    std::vector<Check> at_rest(fixtures::Session&) const override { return {}; }

private:
    std::uint64_t nodes_;
};

}  // namespace cutover::scenarios
