// Types as the source prints them, by id and modifier: read for all planned tables at once, and one
// by one for those that turn up in the log later.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// One thread.
class TypeNameCache {
public:
    /// `connection` is used now only. Throws: connection, operation.
    TypeNameCache(plan::Endpoint endpoint, Connection& connection, const plan::Plan& plan);

    /// `???` for a type that does not exist any more. Throws: connection.
    const std::string& name(std::uint32_t type, std::int32_t modifier);

private:
    plan::Endpoint endpoint_;
    Attention attention_;
    std::map<std::pair<std::uint32_t, std::int32_t>, std::string> names_;
};

}  // namespace cutover::postgres
