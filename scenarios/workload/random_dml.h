// Anything that an application might do to the tables of the dataset main (or small): one to six
// acts per transaction, savepoints that are kept or rolled back, whole transactions that are rolled
// back, key changes, swaps of unique values, hot rows, rows without a key, values outside the row
// touched and untouched, truncation, many rows under one commit. That the tables are equal
// afterwards is the judge's to say; this workload checks what it can know by itself, in tables of
// its own.
#pragma once

#include <optional>

#include "scenarios/workload/dml_acts.h"
#include "scenarios/workload/script.h"

namespace cutover::scenarios {

class RandomDml final : public Script {
public:
    /// `without`: names of acts that are left out. Throws: refused (no such act).
    RandomDml(WriterNumber writers, const std::vector<std::string>& without);

    std::vector<std::string> tables() const override;
    void create(fixtures::Session& session) override;
    bool transact(Turn& turn) const override;
    std::vector<Check> always(fixtures::Session& session) const override;
    std::vector<Check> at_rest(fixtures::Session&) const override { return {}; }

private:
    const DmlAct& choose(Draw& draw) const;

    WriterNumber writers_;
    std::vector<DmlAct> acts_;
    std::uint64_t weights_ = 0;
    DmlGround ground_;
};

}  // namespace cutover::scenarios
