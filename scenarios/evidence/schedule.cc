#include "scenarios/evidence/schedule.h"

#include <nlohmann/json.hpp>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

using nlohmann::json;

model::Error unusable(const std::string& why) {
    return model::Error(model::ErrorClass::refused, "schedule.unusable",
                        "the schedule cannot be replayed: " + why,
                        "use the schedule.json of a rehearsal's report folder");
}

json parsed(const std::string& text) {
    json schedule = json::parse(text, nullptr, false);
    if (!schedule.is_object() || !schedule.contains("scenario") || !schedule.contains("seed") ||
        !schedule.contains("steps") || !schedule["steps"].is_array()) {
        throw unusable("it is no schedule");
    }
    return schedule;
}

void replay_step(const json& executed, Trigger& trigger) {
    const auto at = [&](const char* key) {
        const double value = executed.value(key, 0.0);
        trigger.amount = {value, value};
        trigger.relative = false;
    };
    switch (trigger.kind) {
        case Trigger::Kind::progress:
            at("fraction");
            break;
        case Trigger::Kind::chunks:
            at("chunks");
            break;
        case Trigger::Kind::transactions:
            at("transactions");
            break;
        case Trigger::Kind::acknowledged:
            at("acknowledged");
            break;
        case Trigger::Kind::link_bytes:
            at("link_bytes");
            break;
        case Trigger::Kind::sync_point:
            if (const json drawn = executed.value("drawn", json::object());
                drawn.contains("amount")) {
                const double pass = std::stod(drawn["amount"].get<std::string>());
                trigger.amount = {pass, pass};
            }
            break;
        default:
            break;
    }
}

}  // namespace

std::string schedule_text(const Evidence& evidence) {
    json steps = json::array();
    for (const ScheduleStep& step : evidence.schedule) {
        steps.push_back({{"number", step.number},
                         {"trigger", step.trigger},
                         {"action", step.action},
                         {"fired", step.fired},
                         {"phase", step.phase},
                         {"fraction", step.fraction},
                         {"chunks", step.chunks},
                         {"transactions", step.transactions},
                         {"acknowledged", step.acknowledged},
                         {"link_bytes", step.link_bytes},
                         {"drawn", step.drawn}});
    }
    const json schedule = {
        {"scenario", evidence.scenario}, {"seed", evidence.seed}, {"steps", steps}};
    return schedule.dump(2) + "\n";
}

Replay read_schedule(const std::string& text) {
    const json schedule = parsed(text);
    return {schedule["scenario"].get<std::string>(), schedule["seed"].get<std::uint64_t>()};
}

void apply_schedule(const std::string& text, Scenario& scenario) {
    const json schedule = parsed(text);
    const json& steps = schedule["steps"];
    if (steps.size() != scenario.timeline.size()) {
        throw unusable("the scenario has " + std::to_string(scenario.timeline.size()) +
                       " steps, it has " + std::to_string(steps.size()));
    }
    for (std::size_t at = 0; at < steps.size(); ++at) {
        if (steps[at].value("fired", false)) {
            replay_step(steps[at], scenario.timeline[at].at);
        }
    }
}

}  // namespace cutover::scenarios
