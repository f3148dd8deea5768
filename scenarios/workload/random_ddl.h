// What developers do to a schema on a day of releases: every writer has a few tables of its own,
// and creates, alters, renames and drops them between and within transactions that write their
// rows. The judge says whether tables and structure are equal afterwards. This workload counts the
// rows of each writer's tables in a table that never changes, and holds the tables against that
// count.
#pragma once

#include <string>
#include <vector>

#include "scenarios/workload/script.h"

namespace cutover::scenarios {

class RandomDdl final : public Script {
public:
    /// `percent` of the transactions change the schema, too.
    RandomDdl(WriterNumber writers, std::uint64_t percent) : writers_(writers), percent_(percent) {}

    std::vector<std::string> tables() const override { return {"ddl_count"}; }
    void create(fixtures::Session& session) override;
    bool transact(Turn& turn) const override;
    /// Tables come and go: while rows are moved, a count says nothing.
    std::vector<Check> always(fixtures::Session&) const override { return {}; }
    std::vector<Check> at_rest(fixtures::Session& session) const override;

private:
    WriterNumber writers_;
    std::uint64_t percent_;
};

}  // namespace cutover::scenarios
