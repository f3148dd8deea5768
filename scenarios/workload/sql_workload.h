// Plays a script on an SQL database: makes its tables, runs its writers, keeps the ledger, and
// judges both ends. Every transaction leaves two receipts beside what the script writes: one in a
// table with a key (which also names the last transaction that the writer could see), one in a
// table without, where a row applied twice stays visible. With the script's own rows all of it is
// one transaction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scenarios/workload/script.h"
#include "scenarios/workload/workload.h"
#include "scenarios/workload/writers.h"

namespace cutover::scenarios {

class SqlWorkload final : public Workload {
public:
    SqlWorkload(WorkloadOptions options, std::unique_ptr<Script> script);

    const std::string& name() const override { return options_.name; }
    std::vector<model::ObjectName> tables() const override;
    void setup(const WorkloadEnd& source) override;
    void start() override;
    void stop() override { writers_.stop(); }
    std::vector<Check> sample(const WorkloadEnd& end, const std::string& side) override;
    WorkloadVerdict check(const WorkloadEnd& source, const WorkloadEnd& destination,
                          SourceDurability durability) override;
    WorkloadMetrics metrics() const override;
    std::vector<std::uint64_t> acknowledged_by_writer() const override;
    WorkloadRecord record() const override;

private:
    std::unique_ptr<fixtures::Session> open(const WorkloadEnd& end) const;
    bool transact(fixtures::Session& session, WriterNumber writer, WriteNumber number) const;
    std::string receipts(WriterNumber writer, WriteNumber number) const;
    TransactionTally read_tally(fixtures::Session& session) const;
    std::vector<Check> own_checks(fixtures::Session& session, const std::string& side,
                                  bool at_rest) const;

    WorkloadOptions options_;
    std::unique_ptr<Script> script_;
    WorkloadEnd source_;
    Ledger ledger_;
    Writers writers_;
};

}  // namespace cutover::scenarios
