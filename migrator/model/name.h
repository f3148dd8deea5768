// Names of objects as the database spells them: exact case, never quoted, never folded.
// Quoting belongs to an engine's dialect.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace cutover::model {

/// A table-like object inside one database.
struct ObjectName {
    std::string schema;
    std::string name;

    auto operator<=>(const ObjectName&) const = default;
    /// `schema.name`, for people; not for SQL.
    std::string display() const { return schema.empty() ? name : schema + "." + name; }
};

struct ObjectNameHash {
    std::size_t operator()(const ObjectName& name) const {
        return std::hash<std::string>()(name.schema) * 31 + std::hash<std::string>()(name.name);
    }
};

}  // namespace cutover::model
