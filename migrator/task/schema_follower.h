// Follows what becomes of the source's schema while a task runs: remembers the catalog that the
// plan was made of, finds out what has changed, has the route say what that comes to, and brings
// the destination and the plan along. Everything is recorded before it is done, so that whichever
// process comes next goes on with it.
//
//   change seen -> evolution stored -> its steps -> capture extended -> adopted (catalog, plan,
//   tables to be copied anew: one transaction) -> [log passes settles_at] -> later steps -> ended
//
// It applies no row: whoever uses it has seen to it that no lane works.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/registry.h"
#include "migrator/engine/route.h"
#include "migrator/model/finding.h"
#include "migrator/plan/evolution.h"
#include "migrator/plan/plan.h"
#include "migrator/stage/context.h"

namespace cutover::task {

/// One process's. One thread. What it is given must outlive it.
class SchemaFollower {
public:
    SchemaFollower(const plan::TaskSpec& spec, const engine::Route& route);

    /// What the task has stored; nothing has been stored, if it has not begun to move rows yet.
    /// True if it is not what was loaded before.
    bool load(engine::Control& control);
    /// The next plan() reads the source again. Only while nothing is stored.
    void forget() { catalog_.reset(); }
    /// Plans from the stored catalog, or else from the source's as it was at the first call.
    /// Throws: refused `plan.blocked`.
    plan::Plan plan(engine::Source& source, engine::Sink& sink);
    /// From here on the task is planned from the catalog of the last plan().
    void keep(engine::Control& control);

    /// An evolution was begun, and is not adopted yet.
    bool interrupted() const { return evolution_.has_value() && !adopted_; }
    /// Up to here the log may have rows of before the change; nothing: it has none.
    std::optional<model::Position> unsettled() const;

    /// True if the source's schema is another than the task's.
    bool differs(engine::Source& source);
    /// Brings everything to the source's schema of now, or goes on with what was begun; says what
    /// that was. Afterwards the record and this must be loaded, and the plan made again.
    /// Throws: refused (naming what cannot be
    /// carried, and the position that is applied), connection, operation.
    model::Finding follow(stage::Context& context);
    /// Runs what rows of before could not have met, and forgets the change. Requires: the log has
    /// passed unsettled(), and no lane works.
    void settle(stage::Context& context);

private:
    model::Catalog read(engine::Source& source);
    std::pair<model::Catalog, model::Position> read_with_position(engine::Source& source);
    bool settles(engine::Control& control) const;
    void begin(stage::Context& context, const plan::Plan& plan);
    void run_steps(stage::Context& context, const std::vector<plan::SchemaStep>& steps);
    void adopt(stage::Context& context);
    std::set<model::ObjectName> unsettled_tables(stage::Context& context) const;
    plan::Plan planned(engine::Sink& sink, const model::Catalog& catalog) const;
    void add_former_shapes(plan::Plan& plan) const;
    void hold_back(plan::Plan& plan) const;
    std::vector<std::string> done_without_running(const plan::Plan& after,
                                                  const std::vector<std::string>& done) const;

    const plan::TaskSpec& spec_;
    const engine::Route& route_;
    std::optional<model::Catalog> catalog_;
    bool stored_ = false;
    std::optional<plan::Evolution> evolution_;
    bool adopted_ = false;
    engine::StoredPlan loaded_;
};

}  // namespace cutover::task
