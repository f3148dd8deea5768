// The claim under which a process writes. Every writing transaction of this engine ends in
// require_claim(), which keeps a process that was thought dead from committing after a newer one
// has taken over.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

/// The right to write for one task, as taken by Control::claim().
struct Claim {
    std::string task;
    std::uint64_t epoch = 0;
};

/// Where a sink's control leaves the claim for the sink's writers. Any thread.
class ClaimHolder {
public:
    void set(const Claim& claim);
    /// Throws: refused `task.unclaimed`.
    Claim get() const;

private:
    mutable std::mutex mutex_;
    std::optional<Claim> claim_;
};

/// Throws stopped `task.fenced` unless `claim` is in force and the task is not finished. The row
/// lock it takes conflicts with a new claim and with a fence, so neither happens between here and
/// the commit; it does not conflict with other writers.
void require_claim(Connection& connection, const Claim& claim);

/// The error of a writer whose claim is no longer in force.
model::Error fenced(const Claim& claim);

}  // namespace cutover::postgres
