// Transfers between accounts. Money is neither made nor lost, so the total is the same in every
// state that the source ever had; and every balance is explained by the transfers. A torn, lost or
// doubled transaction shows in one of the two.
#pragma once

#include "scenarios/workload/script.h"

namespace cutover::scenarios {

class Bank final : public Script {
public:
    /// Requires: accounts >= 2.
    explicit Bank(std::uint64_t accounts) : accounts_(accounts) {}

    std::vector<std::string> tables() const override { return {"bank_account", "bank_transfer"}; }
    void create(fixtures::Session& session) override;
    bool transact(Turn& turn) const override;
    std::vector<Check> always(fixtures::Session& session) const override;
    std::vector<Check> at_rest(fixtures::Session& session) const override;

private:
    std::uint64_t accounts_;
};

}  // namespace cutover::scenarios
