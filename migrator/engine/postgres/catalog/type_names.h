// Types as the source prints them, by id and modifier. They are read for all planned tables at
// once, and one by one for types that appear in the log later.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// For one thread.
class TypeNameCache {
public:
    /// `connection` is used only during this call. Throws: connection, operation.
    TypeNameCache(plan::Endpoint endpoint, Connection& connection, const plan::Plan& plan);

    /// `???` if the type no longer exists. Throws: connection.
    const std::string& name(std::uint32_t type, std::int32_t modifier);

private:
    plan::Endpoint endpoint_;
    Attention attention_;
    std::map<std::pair<std::uint32_t, std::int32_t>, std::string> names_;
};

}  // namespace cutover::postgres
