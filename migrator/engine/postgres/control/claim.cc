#include "migrator/engine/postgres/control/claim.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

void ClaimHolder::set(const Claim& claim) {
    const std::lock_guard lock(mutex_);
    claim_ = claim;
}

Claim ClaimHolder::get() const {
    const std::lock_guard lock(mutex_);
    if (!claim_) {
        throw Error(ErrorClass::refused, "task.unclaimed",
                    "the destination is written to only under a claim, and none was taken");
    }
    return *claim_;
}

void require_claim(Connection& connection, const Claim& claim) {
    const Result result = connection.exec_params(
        "SELECT 1 FROM cutover.task WHERE name = $1 AND epoch = $2 AND phase <> 'finished'"
        " FOR KEY SHARE",
        {claim.task, std::to_string(claim.epoch)});
    if (result.rows() == 0) {
        throw fenced(claim);
    }
}

Error fenced(const Claim& claim) {
    return Error(ErrorClass::stopped, "task.fenced",
                 "another process has taken over task '" + claim.task +
                     "', or the task is finished: nothing more is written here (claim " +
                     std::to_string(claim.epoch) + ")");
}

}  // namespace cutover::postgres
