// What joins a source engine to a destination engine: which type becomes which, with which
// transcoder. A route is the only thing that knows two engines; it lives in migrator/route.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/schema.h"
#include "migrator/plan/evolution.h"
#include "migrator/plan/plan.h"

namespace cutover::engine {

/// A plan, or the reasons why there is none.
struct Planned {
    plan::Plan plan;
    /// `block` findings mean that the plan must not be run.
    std::vector<model::Finding> findings;
    /// What the schema phase needs at the destination, in the destination's names; both are empty
    /// if it is not selected. Schemas it makes objects in:
    std::vector<std::string> schemas;
    /// What it does not make and its statements are made of, with the source's names of the users.
    std::vector<model::NeededObject> needs;
};

/// A change of the source's schema, or the reasons why it is not followed.
struct Evolved {
    plan::Evolution evolution;  ///< without revision and position
    /// `block` findings mean that it must not be followed.
    std::vector<model::Finding> findings;
};

/// What a route is told of a change.
struct SchemaChange {
    const model::Catalog& before;       ///< what the task's plan was made of
    const model::Catalog& after;        ///< what is selected now
    const model::Catalog& whole;        ///< all that is at the source now
    const model::Catalog& destination;  ///< as it is now
    /// Tables of `before` whose copy the log has yet to catch up with: no change of theirs can be
    /// told from what the copy has brought already.
    const std::set<model::ObjectName>& unsettled;
};

/// Stateless, any thread.
class Route {
public:
    virtual ~Route() = default;
    virtual std::string name() const = 0;
    /// Names of the rules (model/value_rule.h) under which a value that was carried may differ from
    /// the source's, because the engines leave no other way.
    virtual std::vector<std::string_view> declared_rules() const { return {}; }
    /// Resolves the spec against what is at both ends. `destination` holds the tables that exist
    /// there already. Decides columns, keys, lanes, schema steps. Findings name each type that is
    /// not carried, each source column without a counterpart, each destination name claimed twice.
    virtual Planned plan(const plan::TaskSpec& spec, const model::Catalog& source,
                         const model::Catalog& destination) const = 0;
    /// What a change of the source's schema comes to. Requires: the two catalogs differ.
    virtual Evolved evolve(const plan::TaskSpec& spec, const SchemaChange& change) const = 0;
};

}  // namespace cutover::engine
