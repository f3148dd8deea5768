#include "migrator/engine/registry.h"

#include "migrator/engine/ends.h"
#include "migrator/model/error.h"

namespace cutover::engine {

using model::Error;
using model::ErrorClass;
using model::Side;

namespace {

/// Takes the place of a factory that an engine does not have.
template <typename End>
std::function<std::unique_ptr<End>(flow::Runtime&, const plan::TaskSpec&, flow::Waits*)> refusing(
    const Error& refusal) {
    return [refusal](flow::Runtime&, const plan::TaskSpec&, flow::Waits*) -> std::unique_ptr<End> {
        throw Error(refusal);
    };
}

EngineFactories named_ends(const std::string& name, EngineFactories made) {
    if (!made.source) {
        made.source = refusing<Source>(
            Error(ErrorClass::refused, "engine.no_source",
                  "the engine '" + name + "' can be a destination only: nothing is read from it",
                  "name another engine under `source`"));
    }
    if (!made.sink) {
        made.sink = refusing<Sink>(
            Error(ErrorClass::refused, "engine.no_sink",
                  "the engine '" + name + "' can be a source only: nothing is written to it",
                  "name another engine under `destination`"));
    }
    made.source = [make = std::move(made.source)](flow::Runtime& runtime,
                                                  const plan::TaskSpec& spec, flow::Waits* waits) {
        return at_side(Side::source, [&] { return as_source_end(make(runtime, spec, waits)); });
    };
    made.sink = [make = std::move(made.sink)](flow::Runtime& runtime, const plan::TaskSpec& spec,
                                              flow::Waits* waits) {
        return at_side(Side::destination,
                       [&] { return as_destination_end(make(runtime, spec, waits)); });
    };
    made.inspector = [make = std::move(made.inspector)](const plan::Endpoint& endpoint) {
        return at_side(Side::neither, [&] { return as_inspector(make(endpoint)); });
    };
    return made;
}

}  // namespace

void Registry::add_engine(const std::string& name, EngineFactories factories) {
    engines_[name] = named_ends(name, std::move(factories));
}

void Registry::add_route(const std::string& source, const std::string& destination,
                         std::unique_ptr<Route> route) {
    routes_[{source, destination}] = std::move(route);
}

const EngineFactories& Registry::engine(const std::string& name) const {
    const auto found = engines_.find(name);
    if (found == engines_.end()) {
        std::string known;
        for (const auto& [known_name, factories] : engines_) {
            known += (known.empty() ? "" : ", ") + known_name;
        }
        throw Error(ErrorClass::refused, "engine.unknown", "no engine is called '" + name + "'",
                    "use one of: " + known);
    }
    return found->second;
}

plan::EngineRules Registry::endpoint_rules() const {
    plan::EngineRules rules;
    for (const auto& [name, factories] : engines_) {
        rules[name] = factories.endpoint;
    }
    return rules;
}

const Route& Registry::route(const std::string& source, const std::string& destination) const {
    const Route* const found = find_route(source, destination);
    if (found == nullptr) {
        std::string known;
        for (const auto& [ends, route] : routes_) {
            known += (known.empty() ? "" : ", ") + ends.first + " -> " + ends.second;
        }
        throw Error(ErrorClass::refused, "route.unknown",
                    "there is no route from '" + source + "' to '" + destination + "'",
                    "routes are: " + known);
    }
    return *found;
}

const Route* Registry::find_route(const std::string& source, const std::string& destination) const {
    const auto found = routes_.find({source, destination});
    return found == routes_.end() ? nullptr : found->second.get();
}

}  // namespace cutover::engine
