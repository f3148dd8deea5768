#include "migrator/route/postgres_evolution.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/partition_settings.h"
#include "migrator/route/name_map.h"
#include "migrator/route/postgres_table_changes.h"

namespace cutover::route {

using model::ObjectName;
using model::TableSchema;
using plan::SchemaSection;
using plan::SchemaStep;
using postgres::quote;
using postgres::quote_identifier;

namespace {

const TableSchema* by_number(const model::Catalog& catalog, std::uint64_t number) {
    const auto found = std::find_if(catalog.tables.begin(), catalog.tables.end(),
                                    [&](const auto& table) { return table.number == number; });
    return found == catalog.tables.end() ? nullptr : &*found;
}

const plan::TablePlan* planned(const plan::Plan& plan, const ObjectName& source) {
    const auto found = std::find_if(plan.tables.begin(), plan.tables.end(),
                                    [&](const auto& table) { return table.source == source; });
    return found == plan.tables.end() ? nullptr : &*found;
}

/// The columns that a table's rows are found by, by number.
std::vector<std::uint32_t> key_numbers(const plan::TablePlan& table) {
    std::vector<std::uint32_t> out;
    for (const plan::KeyColumn& column : table.key.columns) {
        out.push_back(table.columns[column.column].source.number);
    }
    return out;
}

class Evolver {
public:
    Evolver(const plan::TaskSpec& spec, const engine::SchemaChange& change,
            const plan::Plan& planned_before, const engine::Planned& planned_after)
        : change_(change),
          planned_before_(planned_before),
          planned_after_(planned_after.plan),
          spec_before_(plan::with_partition_settings(spec, change.before)),
          spec_after_(plan::with_partition_settings(spec, change.after)),
          names_before_(spec_before_.mapping, change.before),
          names_after_(spec_after_.mapping, change.after),
          renamer_before_(names_before_),
          renamer_after_(names_after_),
          writer_before_(spec_before_, change.before, change.destination.server_version,
                         names_before_, renamer_before_),
          writer_after_(spec_after_, change.after, change.destination.server_version, names_after_,
                        renamer_after_),
          before_{change.before, names_before_, renamer_before_, writer_before_},
          after_{change.after, names_after_, renamer_after_, writer_after_} {
        out_.evolution.catalog = change.after;
        out_.evolution.in_force = change.after;
        for (const model::Finding& finding : planned_after.findings) {
            if (finding.severity == model::Severity::block) {
                out_.findings.push_back(finding);
            }
        }
    }

    engine::Evolved run() {
        for (const TableSchema& was : change_.before.tables) {
            write_table(was);
        }
        for (const TableSchema& is : change_.after.tables) {
            if (by_number(change_.before, is.number) == nullptr) {
                write_new_table(is);
            }
        }
        for (const model::TypeSchema& type : change_.after.types) {
            write_type(type);
        }
        for (const model::SequenceSchema& sequence : change_.after.sequences) {
            write_sequence(sequence);
        }
        copy_anew_where_needed();
        arrange();
        return std::move(out_);
    }

private:
    void write_table(const TableSchema& was) {
        const TableSchema* is = by_number(change_.after, was.number);
        if (is == nullptr) {
            write_gone_table(was);
            return;
        }
        const ObjectName then = names_before_.object(was.name);
        const ObjectName now = names_after_.object(is->name);
        if (was.name != is->name) {
            steps_.text.push_back(was.name.display() + " renamed to " + is->name.display());
        }
        if (then != now) {
            write_rename(then, now);
        }
        write_partition(was, *is);
        TableChanges(before_, was, after_, *is, steps_, out_.evolution, out_.findings).write();
    }

    /// Another table may come to be called as this one was.
    void write_rename(const ObjectName& then, const ObjectName& now) {
        for (const SchemaStep& step : planned_before_.schema_steps) {
            if (step.table == then) {
                out_.evolution.forgotten.insert(step.id);
            }
        }
        ObjectName called = then;
        if (then.schema != now.schema) {
            ChangeSteps::add(
                steps_.tables, "table " + now.display(),
                "ALTER TABLE " + quote(then) + " SET SCHEMA " + quote_identifier(now.schema), now);
            called.schema = now.schema;
        }
        if (then.name != now.name) {
            ChangeSteps::add(
                steps_.tables, "table " + now.display(),
                "ALTER TABLE " + quote(called) + " RENAME TO " + quote_identifier(now.name), now);
        }
    }

    void write_gone_table(const TableSchema& was) {
        if (const TableSchema* there = by_number(change_.whole, was.number)) {
            out_.findings.push_back(
                {"schema.left_selection",
                 model::Severity::block,
                 was.name.display(),
                 "it is called " + there->name.display() + " now, which the task does not select",
                 "whether its rows are to be followed, or it is to be gone, is not for the task to "
                 "guess",
                 "name it back, or release the task and migrate anew",
                 {"G129"}});
            return;
        }
        steps_.text.push_back(was.name.display() + " dropped");
        const ObjectName destination = names_before_.object(was.name);
        ChangeSteps::add(steps_.tables, "table " + destination.display(),
                         "DROP TABLE IF EXISTS " + quote(destination), destination);
        for (const SchemaStep& step : planned_before_.schema_steps) {
            if (step.table == destination) {
                out_.evolution.forgotten.insert(step.id);
            }
        }
        plan::TableEvolution gone;
        gone.before = was.name;
        out_.evolution.gone.insert(was.number);
        out_.evolution.tables.push_back(std::move(gone));
    }

    /// Its steps are the plan's: those before the rows at once, the others after them.
    void write_new_table(const TableSchema& is) {
        steps_.text.push_back(is.name.display() + " created");
        const ObjectName destination = names_after_.object(is.name);
        for (const SchemaStep& step : planned_after_.schema_steps) {
            if (step.table == destination) {
                out_.evolution.pending.insert(step.id);
                out_.evolution.forgotten.insert(step.id);  // of one that had its name
            }
        }
        out_.evolution.fresh.insert(destination);
        plan::TableEvolution made;
        made.after = is.name;
        made.copied_anew = !is.partition_key;
        out_.evolution.tables.push_back(std::move(made));
    }

    void write_partition(const TableSchema& was, const TableSchema& is) {
        const auto said = [](const TableSchema& table) {
            return table.partition_of
                       ? table.partition_of->parent.display() + " " + table.partition_of->bound
                       : std::string();
        };
        const bool parent_renamed = was.partition_of && is.partition_of &&
                                    was.partition_of->bound == is.partition_of->bound &&
                                    number_of(change_.before, was.partition_of->parent) ==
                                        number_of(change_.after, is.partition_of->parent);
        if (said(was) == said(is) || parent_renamed) {
            return;
        }
        const ObjectName now = names_after_.object(is.name);
        if (was.partition_of) {
            steps_.text.push_back(was.name.display() + " detached from " +
                                  was.partition_of->parent.display());
            ChangeSteps::add(steps_.dropped, "table " + now.display(),
                             "ALTER TABLE " +
                                 quote(names_before_.object(was.partition_of->parent)) +
                                 " DETACH PARTITION " + quote(names_before_.object(was.name)),
                             now);
        }
        if (is.partition_of) {
            in_force(out_.evolution, is).partition_of.reset();
            steps_.text.push_back(is.name.display() + " attached to " +
                                  is.partition_of->parent.display());
            ChangeSteps::add(steps_.later, "table " + now.display(),
                             "ALTER TABLE " + quote(names_after_.object(is.partition_of->parent)) +
                                 " ATTACH PARTITION " + quote(now) + " " + is.partition_of->bound,
                             now);
        }
    }

    static std::uint64_t number_of(const model::Catalog& catalog, const ObjectName& name) {
        const TableSchema* table = catalog.find(name);
        return table == nullptr ? 0 : table->number;
    }

    void write_type(const model::TypeSchema& is) {
        const auto was =
            std::find_if(change_.before.types.begin(), change_.before.types.end(),
                         [&](const model::TypeSchema& type) { return type.type_id == is.type_id; });
        const ObjectName now = names_after_.object(is.name);
        if (was == change_.before.types.end()) {
            steps_.text.push_back("type " + is.name.display() + " created");
            out_.evolution.pending.insert("type:" + now.display());
            return;
        }
        const ObjectName then = names_before_.object(was->name);
        if (then != now) {
            refuse(is.name, "the type was renamed from " + was->name.display());
            return;
        }
        if (is.type_class == model::TypeClass::enumeration) {
            write_labels(*was, is, now);
        } else if (definition_of(before_, *was) != definition_of(after_, is)) {
            refuse(is.name, "the type was changed");
        }
    }

    static std::string definition_of(const CatalogSide& side, const model::TypeSchema& type) {
        std::string out = side.renamer.objects(type.definition);
        for (const model::ColumnSchema& column : type.columns) {
            out += ", " + column.name + " " + side.renamer.objects(column.type) +
                   collation_clause(column);
        }
        return out;
    }

    void refuse(const ObjectName& object, const std::string& what) {
        out_.findings.push_back(
            {"schema.type_changed",
             model::Severity::block,
             object.display(),
             what,
             "values of it in the log may be of before or of now, and nothing tells them apart",
             "undo the change, or release the task and migrate anew",
             {"G129"}});
    }

    /// New labels go where the source has them. Where one has another name, values in the log may
    /// have either: tables that have such are copied anew.
    void write_labels(const model::TypeSchema& was, const model::TypeSchema& is,
                      const ObjectName& now) {
        rename_labels(was, is, now);
        for (std::size_t at = 0; at < is.labels.size(); ++at) {
            if (place_of_label(was, is.label_ids[at])) {
                continue;
            }
            steps_.text.push_back("type " + is.name.display() + ": label '" + is.labels[at] +
                                  "' added");
            ChangeSteps::add(
                steps_.dropped, "type " + now.display(),
                "ALTER TYPE " + quote(now) + " ADD VALUE IF NOT EXISTS " + literal(is.labels[at]) +
                    (at == 0 ? before_first_of(was, is) : " AFTER " + literal(is.labels[at - 1])),
                {});
        }
    }

    static std::optional<std::size_t> place_of_label(const model::TypeSchema& type,
                                                     std::uint64_t id) {
        const auto found = std::find(type.label_ids.begin(), type.label_ids.end(), id);
        return found == type.label_ids.end()
                   ? std::nullopt
                   : std::optional(static_cast<std::size_t>(found - type.label_ids.begin()));
    }

    /// Where a label goes that comes before all that were there, which have their new names by now.
    static std::string before_first_of(const model::TypeSchema& was, const model::TypeSchema& is) {
        for (std::size_t at = 0; at < is.labels.size(); ++at) {
            if (place_of_label(was, is.label_ids[at])) {
                return " BEFORE " + literal(is.labels[at]);
            }
        }
        return "";
    }

    /// Names may have been exchanged: those that another label still bears come last, from a name
    /// that nobody has.
    void rename_labels(const model::TypeSchema& was, const model::TypeSchema& is,
                       const ObjectName& now) {
        std::set<std::string> taken(was.labels.begin(), was.labels.end());
        std::vector<std::pair<std::string, std::string>> last;
        for (std::size_t at = 0; at < is.labels.size(); ++at) {
            const std::optional<std::size_t> then = place_of_label(was, is.label_ids[at]);
            if (!then || was.labels[*then] == is.labels[at]) {
                continue;
            }
            const bool is_free = !taken.contains(is.labels[at]);
            const std::string name =
                is_free ? is.labels[at] : "cutover:" + std::to_string(is.label_ids[at]);
            rename_label(is, now, was.labels[*then], name);
            taken.erase(was.labels[*then]);
            taken.insert(name);
            if (!is_free) {
                last.emplace_back(name, is.labels[at]);
            }
        }
        for (const auto& [name, label] : last) {
            rename_label(is, now, name, label);
        }
    }

    void rename_label(const model::TypeSchema& type, const ObjectName& now, const std::string& was,
                      const std::string& is) {
        steps_.text.push_back("type " + type.name.display() + ": label '" + was + "' renamed to '" +
                              is + "'");
        ChangeSteps::add(
            steps_.dropped, "type " + now.display(),
            "ALTER TYPE " + quote(now) + " RENAME VALUE " + literal(was) + " TO " + literal(is),
            {});
        relabeled_.insert(type.type_id);
        relabeled_.insert(type.array_type_id);
    }

    void write_sequence(const model::SequenceSchema& is) {
        const auto was = std::find_if(
            change_.before.sequences.begin(), change_.before.sequences.end(),
            [&](const model::SequenceSchema& sequence) { return sequence.name == is.name; });
        const ObjectName now = names_after_.object(is.name);
        const bool remade = was != change_.before.sequences.end() && goes_with_another(*was, is);
        if (remade && !is.identity) {
            out_.evolution.forgotten.insert("sequence:" + now.display());
            out_.evolution.forgotten.insert("sequence_owner:" + now.display());
        }
        if (remade || was == change_.before.sequences.end()) {
            if (!is.identity) {
                steps_.text.push_back("sequence " + is.name.display() + " created");
                out_.evolution.pending.insert("sequence:" + now.display());
                out_.evolution.pending.insert("sequence_owner:" + now.display());
            }
            return;
        }
        if (was->type != is.type || sequence_options(*was) != sequence_options(is)) {
            steps_.text.push_back("sequence " + is.name.display() + " changed");
            ChangeSteps::add(
                steps_.columns, "sequence " + now.display(),
                "ALTER SEQUENCE " + quote(now) + " AS " + is.type + " " + sequence_options(is), {});
        }
    }

    /// It was dropped with the table that it belonged to, and made again.
    bool goes_with_another(const model::SequenceSchema& was,
                           const model::SequenceSchema& is) const {
        return was.owned_by_table &&
               by_number(change_.after, number_of(change_.before, *was.owned_by_table)) ==
                   nullptr &&
               (!is.owned_by_table || number_of(change_.after, *is.owned_by_table) !=
                                          number_of(change_.before, *was.owned_by_table));
    }

    /// Beside what the columns say: rows that cannot be found by one key all the time, and rows
    /// whose change the copy may have brought already.
    void copy_anew_where_needed() {
        for (plan::TableEvolution& table : out_.evolution.tables) {
            if (table.before.name.empty() || table.after.name.empty()) {
                continue;
            }
            const plan::TablePlan* was = planned(planned_before_, table.before);
            const plan::TablePlan* is = planned(planned_after_, table.after);
            if (was == nullptr || is == nullptr) {
                continue;  // a partitioned table, which has no rows
            }
            decide(table, *was, *is);
        }
        for (const plan::TablePlan& is : planned_after_.tables) {
            if (const std::string why = otherwise_anew(is); !why.empty()) {
                entry_of(is).copied_anew = true;
                entry_of(is).why_anew = why;
            }
        }
    }

    void decide(plan::TableEvolution& table, const plan::TablePlan& was,
                const plan::TablePlan& is) const {
        if (!table.copied_anew && table.columns_differ &&
            change_.unsettled.contains(table.before)) {
            table.copied_anew = true;
            table.why_anew = "it was changed while it was being copied";
        }
        if (!table.copied_anew && key_numbers(was) != key_numbers(is)) {
            table.copied_anew = true;
            table.why_anew = "its rows are found by another key than before";
        }
    }

    /// Why a table is copied anew that has no change of its own columns.
    std::string otherwise_anew(const plan::TablePlan& is) const {
        const TableSchema* was = by_number(change_.before, is.schema.number);
        if (was == nullptr) {
            return {};
        }
        for (const plan::ColumnPlan& column : is.columns) {
            if (relabeled_.contains(column.source.type_id) && column.source.type_id != 0) {
                return "a label of the type of column " + column.source.name + " was renamed";
            }
        }
        const plan::TablePlan* planned_then = planned(planned_before_, was->name);
        if (planned_then != nullptr && key_numbers(*planned_then) != key_numbers(is)) {
            return "its rows are found by another key than before";
        }
        return {};
    }

    plan::TableEvolution& entry_of(const plan::TablePlan& is) {
        for (plan::TableEvolution& table : out_.evolution.tables) {
            if (table.after == is.source) {
                return table;
            }
        }
        plan::TableEvolution entry;
        entry.before = by_number(change_.before, is.schema.number)->name;
        entry.after = is.source;
        return out_.evolution.tables.emplace_back(std::move(entry));
    }

    /// In the order in which statements need each other. What is new and has to be there before the
    /// rows comes as the plan has it.
    void arrange() {
        std::vector<SchemaStep>& steps = out_.evolution.steps;
        const auto append = [&](std::vector<SchemaStep>& list) {
            std::move(list.begin(), list.end(), std::back_inserter(steps));
        };
        append(steps_.foreign_keys_dropped);
        append(steps_.dropped);
        const std::size_t made = steps.size();
        append(steps_.tables);
        std::vector<SchemaStep> fresh;
        std::set<std::string> known;
        for (const SchemaStep& step : planned_before_.schema_steps) {
            known.insert(step.id);
        }
        for (const SchemaStep& step : planned_after_.schema_steps) {
            const bool wanted = out_.evolution.pending.contains(step.id) ||
                                (step.id.starts_with("schema:") && !known.contains(step.id));
            if (step.section == SchemaSection::before_rows && wanted) {
                fresh.push_back(step);
                out_.evolution.pending.erase(step.id);
            }
        }
        // Schemas that tables move into, and types that columns get, come before them.
        const auto first =
            std::stable_partition(fresh.begin(), fresh.end(), [](const SchemaStep& step) {
                return step.id.starts_with("schema:") || step.id.starts_with("type:") ||
                       step.id.starts_with("sequence:");
            });
        steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(made), fresh.begin(), first);
        append(steps_.columns);
        std::move(first, fresh.end(), std::back_inserter(steps));
        out_.evolution.later = std::move(steps_.later);
        out_.evolution.text = std::move(steps_.text);
    }

    const engine::SchemaChange& change_;
    const plan::Plan& planned_before_;
    const plan::Plan& planned_after_;
    const plan::TaskSpec spec_before_;
    const plan::TaskSpec spec_after_;
    const NameMap names_before_;
    const NameMap names_after_;
    const SqlRenamer renamer_before_;
    const SqlRenamer renamer_after_;
    const TableWriter writer_before_;
    const TableWriter writer_after_;
    const CatalogSide before_;
    const CatalogSide after_;
    ChangeSteps steps_;
    std::set<std::uint64_t> relabeled_;
    engine::Evolved out_;
};

}  // namespace

engine::Evolved postgres_evolution(const plan::TaskSpec& spec, const engine::SchemaChange& change,
                                   const plan::Plan& planned_before,
                                   const engine::Planned& planned_after) {
    return Evolver(spec, change, planned_before, planned_after).run();
}

}  // namespace cutover::route
