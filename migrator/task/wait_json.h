// A wait as JSON, the same in the events of a task and in its published status.
#pragma once

#include <nlohmann/json.hpp>

#include "migrator/model/wait.h"

namespace cutover::task {

inline nlohmann::ordered_json wait_json(const model::Wait& wait) {
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
    if (wait.end != model::End::neither) {
        out["end"] = model::to_string(wait.end);
    }
    return out;
}

/// What wait_json() has written, but for `since`.
inline model::Wait wait_of(const nlohmann::ordered_json& json) {
    model::Wait wait;
    wait.end = json.value("end", "") == "source" ? model::End::source : model::End::destination;
    wait.what = json.value("for", "");
    for (const auto& one : json.value("holders", nlohmann::ordered_json::array())) {
        model::Holder holder{one.value("kind", ""), one.value("id", ""),
                             one.value("application", ""), std::nullopt};
        if (one.contains("open_seconds")) {
            holder.open_for = std::chrono::seconds(one["open_seconds"].get<std::int64_t>());
        }
        wait.holders.push_back(std::move(holder));
    }
    return wait;
}

}  // namespace cutover::task
