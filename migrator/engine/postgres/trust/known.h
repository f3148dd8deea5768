// Finds what a server's answer speaks of and must have listed before: an object id, say, of a table
// that another answer has listed.
#pragma once

#include <string>

#include "migrator/model/error.h"

namespace cutover::postgres {

/// The value of a key. `Map`: its keys are strings or can be shown by std::to_string(). Throws:
/// corrupt `postgres.unknown_object`.
template <typename Map, typename Key>
auto& known(Map& map, const Key& key) {
    const auto found = map.find(static_cast<typename Map::key_type>(key));
    if (found == map.end()) {
        std::string shown;
        if constexpr (std::is_arithmetic_v<Key>) {
            shown = std::to_string(key);
        } else {
            shown = key;
        }
        throw model::Error(
            model::ErrorClass::corrupt, "postgres.unknown_object",
            "the server's answer speaks of object " + shown + ", which it has not listed",
            "it is no server that this program knows, or its catalog is damaged");
    }
    return found->second;
}

}  // namespace cutover::postgres
