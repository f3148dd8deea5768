#include <map>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::ObjectName;
using model::Severity;

namespace {

class SameNames {
public:
    explicit SameNames(const Facts& facts) : facts_(facts), spec_(facts.spec) {
        // The schema phase also makes partitioned parents, which hold no rows and have no plan.
        for (const model::TableSchema& table : facts.source.catalog.tables) {
            if (spec_.phases.schema) {
                wanted_.try_emplace(spec_.mapping.table(table.name), table.name);
            }
        }
        for (const plan::TablePlan& table : facts.planned->plan.tables) {
            wanted_.try_emplace(table.destination, table.source);
        }
    }

    Findings ask() {
        std::vector<ObjectName> present;
        for (const auto& [destination, source] : wanted_) {
            if (facts_.destination.catalog.find(destination) != nullptr) {
                present.push_back(destination);
            }
        }
        // Without the schema phase the tables must exist; the route has reported those that do not.
        if (spec_.phases.schema) {
            tell_present(present);
        }
        // What the schema phase refuses anyway need not be reported twice.
        if (spec_.phases.full && !(spec_.phases.schema && refuses())) {
            tell_rows(facts_.destination.inspector->non_empty(present));
        }
        return std::move(findings_);
    }

private:
    bool refuses() const { return spec_.conflict == plan::ConflictRule::precheck; }

    void tell_present(const std::vector<ObjectName>& present) {
        for (const ObjectName& name : present) {
            if (refuses()) {
                findings_.push_back({"destination.table_exists",
                                     Severity::block,
                                     name.display(),
                                     "the destination has a table of this name; " +
                                         wanted_.at(name).display() + " is mapped to it",
                                     "the schema phase would meet an object that is not its own",
                                     "give the source table another name under `objects.rename`, "
                                     "drop the destination's, "
                                     "or write `conflict: ignore`; if this task has been started "
                                     "before, the table is "
                                     "its own: `cutover migrate` goes on with it",
                                     {"G31", "G32", "G33"}});
                continue;
            }
            findings_.push_back(
                {"destination.table_kept",
                 Severity::alert_ignorable,
                 name.display(),
                 "the destination has a table of this name; it is used as it is",
                 "if its columns or keys differ, rows cannot be written as they are",
                 "compare the two definitions",
                 {"G34", "G39"}});
        }
    }

    void tell_rows(const std::vector<ObjectName>& filled) {
        for (const ObjectName& name : filled) {
            if (refuses()) {
                findings_.push_back(
                    {"destination.table_not_empty",
                     Severity::block,
                     name.display(),
                     "the destination's table holds rows",
                     "rows that are not the task's own would be mixed with the source's",
                     "empty the table, map to another one, or write `conflict: ignore`",
                     {"G31", "G40", "G55"}});
                continue;
            }
            findings_.push_back(
                {"destination.rows_kept",
                 Severity::alert_ignorable,
                 name.display(),
                 "the destination's table holds rows, and `conflict: ignore` keeps them",
                 "a row with the key of a source row is kept by the full copy and "
                 "overwritten by a later change: the two ends may differ",
                 "empty the table, or look at the conflicts that the run reports",
                 {"G34", "G35", "G36", "G37", "G38", "G55"}});
        }
    }

    const Facts& facts_;
    const plan::TaskSpec& spec_;
    std::map<ObjectName, ObjectName> wanted_;  ///< destination to source
    Findings findings_;
};

}  // namespace

Findings same_names(const Facts& facts) {
    // A resumed task's own tables and rows are not foreign.
    return facts.started ? Findings{} : SameNames(facts).ask();
}

}  // namespace cutover::precheck
