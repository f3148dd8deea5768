#include "migrator/task/wait_json.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace cutover::task {

nlohmann::ordered_json wait_json(const model::Wait& wait) {
    nlohmann::ordered_json holders = nlohmann::ordered_json::array();
    for (const model::Holder& holder : wait.holders) {
        nlohmann::ordered_json one = {{"kind", holder.kind}, {"id", holder.id}};
        if (!holder.application.empty()) {
            one["application"] = holder.application;
        }
        if (holder.open_for) {
            one["open_seconds"] = holder.open_for->count();
        }
        holders.push_back(std::move(one));
    }
    nlohmann::ordered_json out = {{"for", wait.what}, {"holders", std::move(holders)}};
    if (wait.side != model::Side::neither) {
        out["end"] = model::to_string(wait.side);
    }
    return out;
}

/// What wait_json() has written, but for `since`. It comes back from a server: what is of another
/// kind than it should be reads as absent.
model::Wait wait_of(const nlohmann::ordered_json& json) {
    const auto text = [](const nlohmann::ordered_json& from, const char* key) {
        return from.is_object() && from.contains(key) && from[key].is_string()
                   ? from[key].get<std::string>()
                   : std::string();
    };
    model::Wait wait;
    wait.side = text(json, "end") == "source" ? model::Side::source : model::Side::destination;
    wait.what = text(json, "for");
    if (!json.is_object() || !json.contains("holders") || !json["holders"].is_array()) {
        return wait;
    }
    for (const auto& one : json["holders"]) {
        model::Holder holder{text(one, "kind"), text(one, "id"), text(one, "application"),
                             std::nullopt};
        if (one.is_object() && one.contains("open_seconds") &&
            one["open_seconds"].is_number_integer()) {
            holder.open_for = std::chrono::seconds(one["open_seconds"].get<std::int64_t>());
        }
        wait.holders.push_back(std::move(holder));
    }
    return wait;
}

}  // namespace cutover::task
