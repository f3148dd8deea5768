// Every writer appends to a list of its own: a row per entry, and a head that counts the entries
// and names the last ones in order. The head says from a single row which updates were applied, in
// which order, and whether one was applied twice; its value must match the entries in every state.
#pragma once

#include "scenarios/workload/script.h"

namespace cutover::scenarios {

class Append final : public Script {
public:
    explicit Append(WriterNumber writers) : writers_(writers) {}

    std::vector<std::string> tables() const override { return {"append_entry", "append_head"}; }
    void create(fixtures::Session& session) override;
    bool transact(Turn& turn) const override;
    std::vector<Check> always(fixtures::Session& session) const override;
    std::vector<Check> at_rest(fixtures::Session& session) const override;

private:
    WriterNumber writers_;
};

}  // namespace cutover::scenarios
