// Name to factories: the one place where engines and routes are known by name. Filled by the
// program (and by tests); read by task and by the commands. Not a singleton.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "migrator/engine/route.h"
#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/flow/waits.h"
#include "migrator/plan/endpoint_rules.h"

namespace cutover::engine {

/// An engine that has no `source` or no `sink` cannot be that end of a task. `task` names the
/// auxiliary objects and the control rows. Where a source, a sink, or what they open, waits for its
/// server on behalf of a task, it tells its `waits` what lasts and who is in the way, and gives up
/// (throws stopped) when they are over; null: nobody looks on, and each call takes as long as it
/// takes.
struct EngineFactories {
    std::function<std::unique_ptr<Source>(flow::Runtime&, const plan::TaskSpec&, flow::Waits*)>
        source;
    std::function<std::unique_ptr<Sink>(flow::Runtime&, const plan::TaskSpec&, flow::Waits*)> sink;
    std::function<std::unique_ptr<Inspector>(const plan::Endpoint&)> inspector;
    plan::EndpointRules endpoint = {};  ///< what a task file must and may say of such an end
};

class Registry {
public:
    /// Errors of what `source` and `sink` make will say which end they came from (ends.h).
    void add_engine(const std::string& name, EngineFactories factories);
    void add_route(const std::string& source, const std::string& destination,
                   std::unique_ptr<Route> route);
    /// Throws: refused, naming the engines or routes there are.
    const EngineFactories& engine(const std::string& name) const;
    /// By which task files are read.
    plan::EngineRules endpoint_rules() const;
    const Route& route(const std::string& source, const std::string& destination) const;
    /// Null if there is none.
    const Route* find_route(const std::string& source, const std::string& destination) const;

private:
    std::map<std::string, EngineFactories> engines_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<Route>> routes_;
};

}  // namespace cutover::engine
