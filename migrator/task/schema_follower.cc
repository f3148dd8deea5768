#include "migrator/task/schema_follower.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/plan/catalog_text.h"
#include "migrator/stage/admission.h"
#include "migrator/task/plan_check.h"

namespace cutover::task {

using model::Error;
using model::ErrorClass;
using plan::SchemaStep;

namespace {

/// How often the catalog is read until it holds still.
constexpr int kMostReadings = 20;
/// With what the ids of an evolution's steps begin; its revision and a number follow.
constexpr std::string_view kChange = "change:";

std::optional<model::TableIndex> place_of(const plan::Plan& plan, const model::ObjectName& source) {
    for (const plan::TablePlan& table : plan.tables) {
        if (table.source == source) {
            return table.index;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> place_of(const plan::TablePlan& table, std::uint32_t column) {
    const auto planned = std::find_if(table.columns.begin(), table.columns.end(),
                                      [&](const auto& one) { return one.source.number == column; });
    return planned == table.columns.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(planned - table.columns.begin()));
}

/// Of a table that has only grown: a row of any time between is known by how many columns it has.
/// What is left out is known by its name alone.
void add_shapes_between(plan::TablePlan& table, std::size_t least) {
    plan::FormerShape shape;
    for (const model::ColumnSchema& column : table.schema.columns) {
        const std::optional<std::size_t> planned = place_of(table, column.number);
        if (column.generated_expression) {
            continue;
        }
        if (!planned) {
            return;
        }
        shape.columns.push_back({"", column.type, planned});
        if (shape.columns.size() >= least) {
            table.former.push_back(shape);
        }
    }
}

/// Which step it is, whatever its table is called: a renamed table's steps stay what they were. An
/// index is named beside its table, whose name its own may begin with.
std::string kind_and_name(const SchemaStep& step) {
    const std::string table = step.table.display();
    const std::size_t at = table.empty() ? std::string::npos : step.id.find(table);
    const std::size_t end = at + table.size();
    const bool names_table =
        at != std::string::npos && (end == step.id.size() || step.id[end] == '.');
    return std::to_string(static_cast<int>(step.section)) +
           (names_table ? step.id.substr(0, at) + step.id.substr(end) : step.id);
}

/// Tables at the destination that a change has given another name.
std::set<model::ObjectName> renamed(const plan::Plan& before, const plan::Evolution& evolution) {
    std::set<model::ObjectName> out;
    for (const plan::TablePlan& table : before.tables) {
        for (const plan::TableEvolution& change : evolution.tables) {
            if (change.before == table.source && !change.after.name.empty() &&
                change.after != change.before) {
                out.insert(table.destination);
            }
        }
    }
    return out;
}

/// Steps of the plan before a change that have yet to be run, for objects that it leaves there.
/// What it forgets is gone, but for a renamed table's: that is called something else by now.
std::set<std::string> waiting(const plan::Plan& before, const plan::Evolution& evolution,
                              const std::vector<std::string>& done) {
    const std::set<std::string> known(done.begin(), done.end());
    const std::set<model::ObjectName> moved = renamed(before, evolution);
    std::set<std::string> out;
    for (const SchemaStep& step : before.schema_steps) {
        const bool gone = evolution.forgotten.contains(step.id) && !moved.contains(step.table);
        if (!known.contains(step.id) && !gone) {
            out.insert(kind_and_name(step));
        }
    }
    return out;
}

/// One that no step of an earlier change bears.
std::uint64_t next_revision(const std::vector<std::string>& done) {
    std::uint64_t last = 0;
    for (const std::string& id : done) {
        std::uint64_t revision = 0;
        if (id.starts_with(kChange) &&
            std::from_chars(id.data() + kChange.size(), id.data() + id.size(), revision).ec ==
                std::errc()) {
            last = std::max(last, revision);
        }
    }
    return last + 1;
}

/// Of a table that was renamed or dropped since, which is the next change's: nothing.
std::optional<model::Chunk> whole(engine::Source& source, const plan::TablePlan& table) {
    try {
        return source.whole(table);
    } catch (const Error& error) {
        if (error.code() != "table.changed") {
            throw;
        }
        return std::nullopt;
    }
}

/// Those that are the plan's own have their ids.
void number_steps(plan::Evolution& evolution) {
    int number = 0;
    for (std::vector<SchemaStep>* steps : {&evolution.steps, &evolution.later}) {
        for (SchemaStep& step : *steps) {
            if (step.id.empty()) {
                step.id = std::string(kChange) + std::to_string(evolution.revision) + ":" +
                          std::to_string(++number);
            }
        }
    }
}

model::Finding told(const plan::Evolution& evolution) {
    std::string anew;
    for (const plan::TableEvolution& table : evolution.tables) {
        if (table.copied_anew && !table.before.name.empty()) {
            anew += (anew.empty() ? "copied anew: " : "; ") + table.after.display() + " (" +
                    table.why_anew + ")";
        }
    }
    return {"schema.followed",
            model::Severity::note,
            "revision " + std::to_string(evolution.revision),
            evolution.text.empty() ? "a column has come and gone" : model::some_of(evolution.text),
            anew,
            "",
            {"G129"}};
}

Error not_followed(const std::vector<model::Finding>& findings, const std::string& position) {
    std::string remedy;
    for (const model::Finding& finding : findings) {
        remedy += (remedy.empty() ? "" : "; ") + finding.remedy;
    }
    return Error(ErrorClass::refused, "schema.not_followed",
                 "the source's schema was changed, and the task cannot follow:" +
                     model::blocks_of(findings) + "; everything up to " + position + " is applied",
                 remedy)
        .at(model::Side::source);
}

}  // namespace

SchemaFollower::SchemaFollower(const plan::TaskSpec& spec, const engine::Route& route)
    : spec_(spec), route_(route) {}

bool SchemaFollower::load(engine::Control& control) {
    if (!spec_.phases.incremental) {
        return false;
    }
    engine::StoredPlan known = control.stored_plan(spec_.name);
    stored_ = !known.catalog.empty();
    if (stored_) {
        catalog_ = plan::read_catalog_text(known.catalog);
    }
    evolution_.reset();
    if (!known.evolution.empty()) {
        evolution_ = plan::read_evolution_text(known.evolution);
    }
    adopted_ = known.adopted;
    const bool news = known != loaded_;
    loaded_ = std::move(known);
    return news;
}

plan::Plan SchemaFollower::planned(engine::Sink& sink, const model::Catalog& catalog) const {
    engine::Planned made = route_.plan(spec_, catalog, sink.open_inspector()->catalog({}));
    if (const std::optional<Error> error = cannot_be_run(made, sink.traits())) {
        throw Error(*error);
    }
    return std::move(made.plan);
}

plan::Plan SchemaFollower::plan(engine::Source& source, engine::Sink& sink) {
    if (!catalog_) {
        catalog_ = source.open_inspector()->catalog(spec_.objects);
    }
    if (interrupted()) {  // what is there is neither of before nor of now
        const model::Catalog there = sink.open_inspector()->catalog({});
        return route_.plan(spec_, *catalog_, there.without_objects()).plan;
    }
    plan::Plan made = planned(sink, *catalog_);
    if (unsettled()) {
        add_former_shapes(made);
        hold_back(made);
    }
    return made;
}

/// What rows of before may not meet is no step of the plan yet, but for tables that had none.
void SchemaFollower::hold_back(plan::Plan& plan) const {
    std::erase_if(plan.schema_steps, [&](const SchemaStep& step) {
        return evolution_->pending.contains(step.id) && !evolution_->fresh.contains(step.table);
    });
}

void SchemaFollower::keep(engine::Control& control) {
    if (spec_.phases.incremental) {
        control.store_catalog(plan::catalog_text(*catalog_));
        stored_ = true;
    }
}

std::optional<model::Position> SchemaFollower::unsettled() const {
    return evolution_ && adopted_ ? std::optional(evolution_->settles_at) : std::nullopt;
}

void SchemaFollower::add_former_shapes(plan::Plan& plan) const {
    for (plan::TablePlan& table : plan.tables) {
        const auto former = evolution_->former.find(table.schema.number);
        if (former == evolution_->former.end()) {
            continue;
        }
        for (const plan::PastColumns& past : former->second) {
            plan::FormerShape& shape = table.former.emplace_back();
            for (const plan::PastColumns::Column& column : past.columns) {
                shape.columns.push_back({column.name, column.type, place_of(table, column.number)});
            }
            if (plan::only_grew(past, table.schema)) {
                add_shapes_between(table, past.columns.size());
            }
        }
    }
    plan.gone_tables = evolution_->gone;
}

model::Catalog SchemaFollower::read(engine::Source& source) {
    const std::unique_ptr<engine::Inspector> inspector = source.open_inspector();
    return inspector->catalog(spec_.objects);
}

bool SchemaFollower::differs(engine::Source& source) {
    return stored_ && !plan::same_schema(read(source), *catalog_);
}

/// True if a process has died while it brought what rows of before may not meet.
bool SchemaFollower::settles(engine::Control& control) const {
    const std::vector<std::string> done = control.done_schema_steps();
    return unsettled() &&
           std::any_of(evolution_->later.begin(), evolution_->later.end(),
                       [&](const SchemaStep& step) {
                           return std::find(done.begin(), done.end(), step.id) != done.end();
                       });
}

model::Finding SchemaFollower::follow(stage::Context& context) {
    if (settles(context.control)) {
        settle(context);
        begin(context, planned(context.sink, *catalog_));
    } else if (!interrupted()) {
        begin(context, context.plan);
    }
    run_steps(context, evolution_->steps);
    adopt(context);
    return told(*evolution_);
}

std::set<model::ObjectName> SchemaFollower::unsettled_tables(stage::Context& context) const {
    stage::Admission admission(context.source, context.plan, context.record,
                               context.control.receipts(), context.sink.traits().atomic);
    admission.advance(context.record.marker.position);
    std::set<model::ObjectName> tables;
    for (const plan::TablePlan& table : context.plan.tables) {
        if (context.record.phase == engine::TaskPhase::full || admission.tolerant(table.index)) {
            tables.insert(table.source);
        }
    }
    return tables;
}

/// The catalog of now, with a position that all of it lies before. Until two readings are equal
/// with that position between them: one that was made by statements which had not ended would be of
/// no moment.
std::pair<model::Catalog, model::Position> SchemaFollower::read_with_position(
    engine::Source& source) {
    model::Catalog now = read(source);
    for (int reading = 0; reading < kMostReadings; ++reading) {
        model::Position position = source.current_position();
        model::Catalog again = read(source);
        if (plan::same_schema(now, again)) {
            return {std::move(again), std::move(position)};
        }
        now = std::move(again);
    }
    throw Error(ErrorClass::operation, "schema.moving",
                "the source's schema changes faster than it can be read");
}

void SchemaFollower::begin(stage::Context& context, const plan::Plan& plan) {
    auto [now, position] = read_with_position(context.source);
    const model::Catalog whole = context.source.open_inspector()->catalog({});
    const model::Catalog there = context.sink.open_inspector()->catalog({});
    const std::set<model::ObjectName> copying = unsettled_tables(context);
    // What rows of before the last change may not meet is not there yet.
    const model::Catalog& before = unsettled() ? evolution_->in_force : *catalog_;
    engine::Evolved evolved = route_.evolve(spec_, {before, now, whole, there, copying});
    if (!model::blocks_of(evolved.findings).empty()) {
        throw Error(not_followed(evolved.findings, context.record.marker.position.text));
    }
    plan::Evolution next = std::move(evolved.evolution);
    next.settles_at = std::move(position);
    if (unsettled()) {
        next.gone.insert(evolution_->gone.begin(), evolution_->gone.end());
        next.fresh.insert(evolution_->fresh.begin(), evolution_->fresh.end());
    }
    plan::keep_former(unsettled() ? &*evolution_ : nullptr, *catalog_, next);
    const std::vector<std::string> done = context.control.done_schema_steps();
    next.waiting = waiting(plan, next, done);
    next.revision = next_revision(done);
    number_steps(next);
    context.control.begin_evolution(plan::evolution_text(next), next.forgotten);
    evolution_ = std::move(next);
    adopted_ = false;
    context.runtime.yield(flow::sync::kEvolutionBegun);
}

void SchemaFollower::run_steps(stage::Context& context, const std::vector<SchemaStep>& steps) {
    const std::vector<std::string> done = context.control.done_schema_steps();
    for (const SchemaStep& step : steps) {
        if (std::find(done.begin(), done.end(), step.id) == done.end()) {
            context.sink.run_schema_step(step);
            context.runtime.yield(flow::sync::kSchemaStep);
        }
    }
}

/// Steps of the plan of now that the plan before had done, or whose objects have come with the
/// evolution: all but those that were waiting, and those that are new.
std::vector<std::string> SchemaFollower::done_without_running(
    const plan::Plan& after, const std::vector<std::string>& done) const {
    const std::set<std::string> known(done.begin(), done.end());
    std::vector<std::string> out;
    for (const SchemaStep& step : after.schema_steps) {
        if (!known.contains(step.id) && !evolution_->pending.contains(step.id) &&
            !evolution_->waiting.contains(kind_and_name(step))) {
            out.push_back(step.id);
        }
    }
    return out;
}

void SchemaFollower::adopt(stage::Context& context) {
    const plan::Plan after = planned(context.sink, evolution_->catalog);
    engine::Adoption adoption;
    adoption.fingerprint = after.fingerprint;
    adoption.catalog = plan::catalog_text(evolution_->catalog);
    adoption.origin = context.source.extend_capture(after, *context.record.origin);
    context.runtime.yield(flow::sync::kCaptureExtended);
    adoption.places.resize(context.plan.tables.size());
    for (const plan::TablePlan& table : context.plan.tables) {
        model::ObjectName now = table.source;
        for (const plan::TableEvolution& change : evolution_->tables) {
            if (change.before == table.source) {
                now = change.after;
            }
        }
        adoption.places[table.index] = now.name.empty() ? std::nullopt : place_of(after, now);
    }
    for (const plan::TableEvolution& change : evolution_->tables) {
        const std::optional<model::TableIndex> place =
            change.copied_anew && !flow::deliberate_bug(flow::Bug::changed_table_not_copied_anew)
                ? place_of(after, change.after)
                : std::nullopt;
        if (!place) {
            continue;
        }
        adoption.copies = true;
        if (!change.before.name.empty()) {
            std::optional<model::Chunk> anew = whole(context.source, after.tables[*place]);
            if (!anew) {
                continue;
            }
            anew->table = *place;
            anew->generation = static_cast<std::uint32_t>(evolution_->revision + 1);
            adoption.copied_anew.emplace_back(&after.tables[*place], *anew);
        }
    }
    adoption.done = done_without_running(after, context.control.done_schema_steps());
    context.control.adopt(adoption);
    context.runtime.yield(flow::sync::kEvolutionAdopted);
}

void SchemaFollower::settle(stage::Context& context) {
    run_steps(context, evolution_->later);
    context.control.end_evolution();
    evolution_.reset();
    adopted_ = false;
}

}  // namespace cutover::task
