// What the questions of a precheck are asked about: both ends as their inspectors saw them, and the
// plan that a route made from that. Gathered once, before the first question; nothing here changes
// a server.
#pragma once

#include <memory>
#include <optional>

#include "migrator/engine/control.h"
#include "migrator/engine/inspector.h"
#include "migrator/engine/registry.h"
#include "migrator/engine/route.h"
#include "migrator/model/error.h"
#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"

namespace cutover::precheck {

/// One end. It holds either the inspector and what it saw, or the reason why there is none.
struct EndFacts {
    std::unique_ptr<engine::Inspector> inspector;
    engine::ServerFacts server;
    model::Catalog catalog;
    std::optional<model::Error> failure;

    bool answers() const { return inspector != nullptr && !failure; }
};

struct Facts {
    plan::TaskSpec spec;
    /// The task has a record of its own at the destination. It may also have tables and rows there,
    /// which are not foreign then, and it has its place at the source.
    bool started = false;
    std::optional<engine::TaskRecord> record;  ///< that record
    EndFacts source;
    EndFacts destination;
    std::optional<engine::Planned> planned;  ///< absent if an end does not answer
};

/// Asks both ends. A failure to answer is a fact too: it throws only for engines or routes that do
/// not exist (refused).
Facts gather(const engine::Registry& registry, const plan::TaskSpec& spec);

}  // namespace cutover::precheck
