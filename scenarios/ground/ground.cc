#include "scenarios/ground/ground.h"

#include "migrator/model/error.h"
#include "scenarios/ground/postgres_ground.h"
#include "scenarios/scenario/parameters.h"

namespace cutover::scenarios {

namespace {

model::Error refused(std::string code, std::string message) {
    return model::Error(model::ErrorClass::refused, std::move(code), std::move(message));
}

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::source:
            return "source";
        case Role::standby:
            return "standby";
        case Role::destination:
            return "destination";
    }
    return {};
}

Role parse_role(const std::string& text) {
    for (const Role role : {Role::source, Role::standby, Role::destination}) {
        if (text == to_string(role)) {
            return role;
        }
    }
    throw refused("scenario.server",
                  "there is no server " + unknown_word(text, {"source", "standby", "destination"}));
}

std::unique_ptr<Ground> make_ground(const Topology& topology, fixtures::ServerFactory& servers) {
    if (topology.source.engine == "postgres" && topology.destination.engine == "postgres") {
        return std::make_unique<PostgresGround>(topology, servers);
    }
    throw refused("scenario.engine", "no servers can be made for " + topology.source.engine +
                                         " -> " + topology.destination.engine +
                                         "; there is postgres -> postgres");
}

}  // namespace cutover::scenarios
