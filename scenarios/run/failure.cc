#include "scenarios/run/failure.h"

#include <nlohmann/json.hpp>

namespace cutover::scenarios {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

bool json_asked(const std::vector<std::string>& arguments) {
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const bool format =
            arguments[at] == "--format" && at + 1 < arguments.size() && arguments[at + 1] == "json";
        if (format || arguments[at] == "--json" || arguments[at] == "--format=json") {
            return true;
        }
    }
    return false;
}

std::string failure_json(const model::Error& error, const std::vector<plan::Problem>& problems,
                         int exit_code) {
    Json json = {{"event", "error"},     {"class", model::to_string(error.error_class())},
                 {"code", error.code()}, {"message", error.message()},
                 {"hint", error.hint()}, {"exit_code", exit_code}};
    if (const auto side = error.side()) {
        json["end"] = to_string(*side);
    }
    for (const plan::Problem& problem : problems) {
        json["problems"].push_back({{"line", problem.place.line},
                                    {"column", problem.place.column},
                                    {"code", problem.code},
                                    {"message", problem.message},
                                    {"remedy", problem.remedy}});
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cutover::scenarios
