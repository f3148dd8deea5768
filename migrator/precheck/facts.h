// What the questions of a precheck are asked of: both ends as their inspectors saw them, and the
// plan that a route made of it. Gathered once, before the first question; nothing here changes a
// server.
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

/// One end. Either the inspector and what it saw are there, or the reason why not.
struct EndFacts {
    std::unique_ptr<engine::Inspector> inspector;
    engine::ServerFacts server;
    model::Catalog catalog;
    std::optional<model::Error> failure;

    bool answers() const { return inspector != nullptr && !failure; }
};

struct Facts {
    plan::TaskSpec spec;
    /// The task has a record of its own at the destination, and may have tables and rows: those are
    /// no strangers, and it has its place at the source.
    bool started = false;
    std::optional<engine::TaskRecord> record;  ///< that record
    EndFacts source;
    EndFacts destination;
    std::optional<engine::Planned> planned;  ///< absent if an end does not answer
};

/// Asks both ends. What cannot be asked is a fact too: only engines or routes that do not exist
/// throw (refused).
Facts gather(const engine::Registry& registry, const plan::TaskSpec& spec);

}  // namespace cutover::precheck
