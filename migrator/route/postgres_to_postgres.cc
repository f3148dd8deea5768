#include "migrator/route/postgres_to_postgres.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "migrator/plan/partition_settings.h"
#include "migrator/route/name_map.h"
#include "migrator/route/postgres_evolution.h"
#include "migrator/route/postgres_keys.h"
#include "migrator/route/postgres_needs.h"
#include "migrator/route/postgres_schema.h"
#include "migrator/route/postgres_transcoder.h"
#include "migrator/route/postgres_types.h"

namespace cutover::route {

using model::ColumnSchema;
using model::ObjectName;
using model::Severity;
using model::TableSchema;
using plan::ColumnPlan;
using plan::TablePlan;

namespace {

class Planner {
public:
    Planner(const plan::TaskSpec& spec, const model::Catalog& source,
            const model::Catalog& destination)
        : spec_(plan::with_partition_settings(spec, source)),
          source_(source),
          destination_(destination),
          names_(spec_.mapping, source),
          ids_(std::make_shared<const TypeIds>(source, destination, names_)) {
        out_.plan.spec = spec;
    }

    engine::Planned run() {
        for (const TableSchema& table : source_.tables) {
            if (!table.partition_key) {
                add_table(table);
            }
        }
        for (TablePlan& table : out_.plan.tables) {
            add_parents(table, out_.plan.tables, source_, destination_);
        }
        for (const model::SequenceSchema& sequence : source_.sequences) {
            add_sequence(sequence);
        }
        if (spec_.phases.schema) {
            out_.plan.schema_steps =
                schema_steps(spec_, source_, destination_.server_version, names_, out_.findings);
            out_.schemas = destination_schemas(source_, names_);
            out_.needs = needed_at_destination(spec_, source_, destination_, names_);
        }
        for (const model::TypeSchema& type : source_.types) {
            check_labels(type);
        }
        tell_of_values();
        check_encoding();
        check_claims();
        out_.plan.fingerprint = fingerprint();
        return std::move(out_);
    }

private:
    void find(const std::string& code, Severity severity, const std::string& object,
              const std::string& found, const std::string& why, const std::string& remedy,
              std::vector<std::string> guarantees = {}) {
        out_.findings.push_back(
            {code, severity, object, found, why, remedy, std::move(guarantees)});
    }

    void add_table(const TableSchema& schema) {
        TablePlan table;
        table.index = static_cast<model::TableIndex>(out_.plan.tables.size());
        table.source = schema.name;
        table.schema = schema;
        table.destination = names_.object(schema.name);
        const TableSchema* there = destination_.find(table.destination);
        if (there == nullptr && !spec_.phases.schema) {
            // A partition too needs a table of its own: what happens to it alone (a TRUNCATE, a
            // copy begun anew) must not touch the rows of its siblings.
            find("destination.table_missing", Severity::block, table.destination.display(),
                 std::string(schema.partition_of ? "the partition" : "it") +
                     " does not exist at the destination",
                 "without the schema phase the task creates no table",
                 "create it, map the source table to one that exists, or select the schema phase",
                 {"G11", "G12"});
            return;
        }
        const auto filter = spec_.filters.find(schema.name);
        table.filter = filter == spec_.filters.end() ? "" : filter->second;
        std::vector<Widening> widenings;
        for (const ColumnSchema& column : schema.columns) {
            add_column(table, column, there, widenings);
        }
        if (there != nullptr) {
            check_unfed(table, *there);
        }
        if (table.columns.empty()) {
            find("types.no_columns", Severity::block, table.source.display(),
                 "no column of it is carried",
                 "rows without columns have nothing by which they could be copied or told apart",
                 "exclude the table", {});
        }
        add_keys(table, source_, destination_);
        table.sets_replica_identity = spec_.phases.incremental && needs_whole_old_rows(table);
        check_virtual_columns(table);
        table.transcoder = make_transcoder(table, ids_, widenings);
        out_.plan.tables.push_back(std::move(table));
    }

    /// Carried columns that are of this built-in type or made of it.
    std::string columns_of(std::uint64_t built_in) const {
        std::string out;
        for (const TablePlan& table : out_.plan.tables) {
            for (const ColumnPlan& column : table.columns) {
                if (ids_->holds(column.source.type_id, built_in)) {
                    out += (out.empty() ? "" : ", ") + table.source.display() + "." +
                           column.source.name;
                }
            }
        }
        return out;
    }

    /// What only the values themselves can show: which the destination does not take, or not as
    /// they are.
    void tell_of_values() {
        const auto tell = [&](std::uint64_t built_in, const char* code, const std::string& found,
                              const char* why, const char* remedy) {
            const std::string columns = columns_of(built_in);
            if (!columns.empty()) {
                find(code, Severity::note, columns, found, why, remedy);
            }
        };
        const int shift = ids_->leaves().money_shift();
        if (ids_->leaves().finite_intervals_only()) {
            tell(kInterval, "types.interval_infinity",
                 "the destination's version has no infinite intervals",
                 "it would read them as 178956970 years: the task stops at such a value and names "
                 "its row",
                 "look for them (isfinite(column) is false)");
        }
        if (shift != 0) {
            tell(kMoney, "types.money_digits",
                 "lc_monetary counts money with another number of digits after the point at the "
                 "destination (" +
                     std::string(shift > 0 ? "more" : "less") + " by " +
                     std::to_string(std::abs(shift)) + ")",
                 "amounts are carried by value; one that the destination cannot hold stops the "
                 "task and its row is named; constants of money in defaults and checks are not "
                 "changed",
                 "give the destination's database the source's lc_monetary (ALTER DATABASE ... "
                 "SET) if amounts shall be counted as there");
        }
        tell(kXml, "types.xml_declaration",
             "the encoding that an xml value declares is neither sent nor logged by PostgreSQL",
             "values arrive without it (declared rule xml_declaration; verify counts them)",
             "nothing: what the value holds is the same");
    }

    bool excluded(const TableSchema& table, const std::string& column) const {
        const auto found = spec_.mapping.excluded_columns.find(table.name);
        return found != spec_.mapping.excluded_columns.end() && found->second.contains(column);
    }

    void add_column(TablePlan& table, const ColumnSchema& source, const TableSchema* there,
                    std::vector<Widening>& widenings) {
        if (excluded(table.schema, source.name)) {
            return;
        }
        const std::string object = table.source.display() + "." + source.name;
        if (source.generated_expression) {
            check_generated(object, table, source, there);
            return;
        }
        if (source.holds_table_row) {
            find("types.row_type", Severity::block, object,
                 "its type, " + source.type + ", is or holds the row type of a table",
                 "such values have the form of that table's rows, which is not carried apart from "
                 "it",
                 "exclude the column (objects.exclude_columns) or give it a type of its own "
                 "(CREATE TYPE ... AS)",
                 {"G17"});
            return;
        }
        if (const auto reason = cannot_carry(source, source_)) {
            find("types.cannot_carry", Severity::block, object, *reason,
                 "its values would change meaning",
                 "exclude the column (objects.exclude_columns) or change its type at the source",
                 {"G17"});
            return;
        }
        check_inner_types(object, source);
        ColumnPlan column;
        column.source = source;
        column.destination_name = spec_.mapping.column(table.source, source.name);
        column.destination_type = source.type;
        Widening wider = nullptr;
        if (there != nullptr) {
            const auto at = there->column_index(column.destination_name);
            if (!at) {
                find("destination.column_missing", Severity::block, object,
                     "table " + table.destination.display() + " has no column '" +
                         column.destination_name + "'",
                     "the column's data would be lost",
                     "exclude it (objects.exclude_columns: {" + table.source.display() + ": [" +
                         source.name +
                         "]}); before the task has begun, it may be added there or mapped to a "
                         "column that exists instead",
                     {"G52"});
                return;
            }
            wider = compare_types(object, source, there->columns[*at]);
            column.destination_type = there->columns[*at].type;
        }
        table.columns.push_back(std::move(column));
        widenings.push_back(wider);
    }

    /// Types inside values are named by the destination's own ids. Without the schema phase nobody
    /// makes what is missing.
    void check_inner_types(const std::string& object, const ColumnSchema& source) {
        const std::string missing = ids_->missing(source.type_id);
        if (!spec_.phases.schema && !missing.empty()) {
            find("types.without_counterpart", Severity::block, object,
                 "its type, " + source.type + ", holds values of " + missing +
                     ", which the destination does not have",
                 "such values say of which type they are, in each database by another number",
                 "create the type there, select the schema phase, or exclude the column "
                 "(objects.exclude_columns)",
                 {"G39"});
        }
    }

    /// Computed, never copied: so the destination must compute it, too.
    void check_generated(const std::string& object, const TablePlan& table,
                         const ColumnSchema& source, const TableSchema* there) {
        if (there == nullptr) {
            return;
        }
        const auto at = there->column_index(spec_.mapping.column(table.source, source.name));
        if (at && there->columns[*at].generated_expression) {
            return;
        }
        find(
            "destination.not_generated", at ? Severity::block : Severity::alert_ignorable, object,
            at ? "the column is generated at the source and a plain one at the destination"
               : "the column is generated at the source and missing at the destination",
            "generated columns are computed, not copied: the destination would not have its values",
            "generate it there by the same expression, or exclude it (objects.exclude_columns)",
            {"G39"});
    }

    /// Both ends must read the same bytes in the same way, or the destination's type holds every
    /// value of the source's: then, how values are written for it. A destination without a modifier
    /// takes any.
    Widening compare_types(const std::string& object, const ColumnSchema& source,
                           const ColumnSchema& there) {
        const bool same_type = names_.object(source.type_name) == there.type_name;
        const bool modifier = there.type.find('(') != std::string::npos;
        const bool tighter = modifier && source.type != there.type;
        if (!there.generated_expression && same_type && !tighter) {
            return nullptr;
        }
        const std::optional<Widening> wider = widening(source, there);
        if (!wider) {
            find("types.differ", Severity::block, object,
                 "the source has " + source.type + ", the destination " +
                     (there.generated_expression ? "a generated column" : there.type),
                 "values would be refused or changed on the way",
                 "give the destination column the source's type or one that holds all its values, "
                 "or exclude the column",
                 {"G39"});
        }
        return wider.value_or(nullptr);
    }

    void add_sequence(const model::SequenceSchema& sequence) {
        const TableSchema* owner =
            sequence.owned_by_table ? source_.find(*sequence.owned_by_table) : nullptr;
        const bool left_out = owner != nullptr && excluded(*owner, sequence.owned_by_column);
        if (left_out && sequence.identity) {
            return;  // it goes with its column
        }
        plan::SequencePlan planned{sequence.name, names_.object(sequence.name), {}, {}};
        if (sequence.owned_by_table) {
            planned.owner = names_.object(*sequence.owned_by_table);
            planned.owner_column =
                spec_.mapping.column(*sequence.owned_by_table, sequence.owned_by_column);
        }
        if (will_be_there(sequence, planned)) {
            out_.plan.sequences.push_back(std::move(planned));
        } else if (!left_out) {
            find("destination.sequence_missing", Severity::alert_ignorable,
                 planned.destination.display(),
                 "the destination has no such sequence" +
                     (planned.owner.name.empty()
                          ? ""
                          : ", and " + planned.owner.display() + "." + planned.owner_column +
                                " draws from no other"),
                 "after the cutover new rows would need another source of such values",
                 "create the sequence (or make the column draw from one) at the destination", {});
        }
    }

    /// True if the schema phase makes it, or the destination has it, under its name or as the
    /// column's own.
    bool will_be_there(const model::SequenceSchema& sequence,
                       const plan::SequencePlan& planned) const {
        const bool with_column = sequence.identity && destination_.find(planned.owner) != nullptr;
        if (spec_.phases.schema && !with_column) {
            return true;
        }
        return std::any_of(destination_.sequences.begin(), destination_.sequences.end(),
                           [&](const model::SequenceSchema& there) {
                               const bool own = there.owned_by_table == planned.owner &&
                                                there.owned_by_column == planned.owner_column;
                               return there.name == planned.destination || own;
                           });
    }

    /// A destination column that nobody fills must be able to fill itself.
    void check_unfed(const TablePlan& table, const TableSchema& there) {
        for (const ColumnSchema& column : there.columns) {
            const bool fed = std::any_of(
                table.columns.begin(), table.columns.end(),
                [&](const ColumnPlan& planned) { return planned.destination_name == column.name; });
            if (fed || column.nullable || column.default_expression ||
                column.generated_expression || column.identity != model::Identity::none) {
                continue;
            }
            find("destination.column_unfed", Severity::block,
                 table.destination.display() + "." + column.name,
                 "it is NOT NULL, has no default, and no source column is mapped to it",
                 "every row would be refused", "give it a default, or map a source column to it",
                 {"G39"});
        }
    }

    /// No publication holds virtual columns, so one over whole old rows would be incomplete.
    void check_virtual_columns(const TablePlan& table) {
        const bool full = table.sets_replica_identity || table.schema.logs_old_rows();
        for (const ColumnSchema& column : table.schema.columns) {
            if (spec_.phases.incremental && full && column.generated_virtual) {
                find("source.virtual_column", Severity::block,
                     table.source.display() + "." + column.name,
                     "a virtual generated column of a table that needs REPLICA IDENTITY FULL",
                     "publishing the table would make the source refuse its updates and deletes",
                     "give the table a primary key, make the column STORED, or exclude the table",
                     {});
            }
        }
    }

    /// Before the task as well as in its course: the schema phase brings labels once.
    void check_labels(const model::TypeSchema& type) {
        const ObjectName name = names_.object(type.name);
        const auto there = std::find_if(
            destination_.types.begin(), destination_.types.end(),
            [&](const model::TypeSchema& candidate) { return candidate.name == name; });
        if (there == destination_.types.end()) {
            return;
        }
        for (const std::string& label : type.labels) {
            if (std::find(there->labels.begin(), there->labels.end(), label) ==
                there->labels.end()) {
                find("types.label_missing", Severity::block, name.display(),
                     "the destination's enum has no label '" + label + "'",
                     "values of the source would be refused",
                     "ALTER TYPE ... ADD VALUE (or RENAME VALUE, as the source did) there, then "
                     "start again",
                     {"G39"});
                return;
            }
        }
    }

    /// UTF8 has a place for every character, and SQL_ASCII asks of none what it is.
    void check_encoding() {
        const std::string& there = destination_.encoding;
        if (source_.encoding == there || source_.encoding.empty() || there.empty() ||
            there == "UTF8" || there == "SQL_ASCII") {
            return;
        }
        find("types.encoding", Severity::alert_ignorable, there,
             "the source's database has the encoding " + source_.encoding + ", the destination's " +
                 there,
             "the destination refuses a character that its encoding has no place for, be it in a "
             "row or in a name, label or expression: the task stops at the first one",
             "create the destination's database with ENCODING 'UTF8'; or see first that every text "
             "has a place there (SELECT convert_to(c, '" +
                 there + "') at the source fails on what has none)",
             {"G17"});
    }

    void check_claims() {
        std::map<ObjectName, const TablePlan*> claimed;
        for (const TablePlan& table : out_.plan.tables) {
            const auto [at, first] = claimed.emplace(table.destination, &table);
            if (!first) {
                find("mapping.claimed_twice", Severity::block, table.destination.display(),
                     "both " + at->second->source.display() + " and " + table.source.display() +
                         " map to it",
                     "their rows would be mixed", "rename one of them (objects.rename)", {"G33"});
            }
            check_column_claims(table);
        }
        std::map<ObjectName, ObjectName> sequences;
        for (const plan::SequencePlan& sequence : out_.plan.sequences) {
            const auto [at, first] = sequences.emplace(sequence.destination, sequence.source);
            if (!first) {
                find("mapping.claimed_twice", Severity::block, sequence.destination.display(),
                     "both sequences " + at->second.display() + " and " +
                         sequence.source.display() + " map to it",
                     "one would continue the other", "rename one of them (objects.rename)",
                     {"G33"});
            }
        }
    }

    void check_column_claims(const TablePlan& table) {
        std::map<std::string, std::string> claimed;
        for (const ColumnPlan& column : table.columns) {
            const auto [at, first] = claimed.emplace(column.destination_name, column.source.name);
            if (!first) {
                find("mapping.claimed_twice", Severity::block,
                     table.destination.display() + "." + column.destination_name,
                     "both columns " + at->second + " and " + column.source.name + " map to it",
                     "one would overwrite the other", "rename one of them (objects.rename.columns)",
                     {"G33"});
            }
        }
    }

    /// A column that was dropped and made again has another number, and none of the old values.
    static std::string number_of(const ColumnSchema& column) {
        return column.number == 0 ? "" : " #" + std::to_string(column.number);
    }

    /// What a resumed task relies on: tables, columns, types, names, filters, phases.
    std::string fingerprint() const {
        std::string text = "1;" + std::to_string(spec_.phases.schema) +
                           std::to_string(spec_.phases.full) +
                           std::to_string(spec_.phases.incremental);
        for (const TablePlan& table : out_.plan.tables) {
            text += ";" + table.source.display() + ">" + table.destination.display();
            for (const ColumnPlan& column : table.columns) {
                text += "," + column.source.name + ">" + column.destination_name + ":" +
                        column.source.type + number_of(column.source);
            }
            text += " key";
            for (const plan::KeyColumn& column : table.key.columns) {
                text += " " + table.columns[column.column].source.name;
            }
            text += table.filter.empty() ? "" : " where " + table.filter;
            if (table.schema.partition_of) {
                text += " partition of " + table.schema.partition_of->parent.display();
            }
            for (const ObjectName& parent : table.schema.inherits) {
                text += " inherits:" + parent.display();
            }
        }
        return text;
    }

    const plan::TaskSpec spec_;
    const model::Catalog& source_;
    const model::Catalog& destination_;
    NameMap names_;
    std::shared_ptr<const TypeIds> ids_;
    engine::Planned out_;
};

}  // namespace

engine::Planned PostgresToPostgres::plan(const plan::TaskSpec& spec, const model::Catalog& source,
                                         const model::Catalog& destination) const {
    return Planner(spec, source, destination).run();
}

namespace {

/// How columns that were added are left out.
std::string advice_of(const plan::Evolution& evolution) {
    std::string tables;
    for (const plan::TableEvolution& table : evolution.tables) {
        std::string columns;
        for (const std::string& column : table.added) {
            columns += (columns.empty() ? "" : ", ") + column;
        }
        if (!columns.empty() && !table.before.name.empty()) {
            tables += (tables.empty() ? "" : ", ") + table.after.display() + ": [" + columns + "]";
        }
    }
    return tables.empty() ? ""
                          : "leave out what was added (objects.exclude_columns: {" + tables +
                                "}) and start again, ";
}

}  // namespace

engine::Evolved PostgresToPostgres::evolve(const plan::TaskSpec& spec,
                                           const engine::SchemaChange& change) const {
    // As if the destination had nothing yet: what it has is what the change is to be brought to.
    const model::Catalog bare = change.destination.without_objects();
    const model::Catalog& there = spec.phases.schema ? bare : change.destination;
    engine::Evolved out = postgres_evolution(spec, change, plan(spec, change.before, there).plan,
                                             plan(spec, change.after, there));
    const bool needs_steps = !out.evolution.steps.empty() || !out.evolution.later.empty() ||
                             !out.evolution.pending.empty();
    if (!spec.phases.schema && needs_steps) {
        out.findings.push_back({"schema.not_selected",
                                Severity::block,
                                model::some_of(out.evolution.text),
                                "the destination would have to be changed, too",
                                "without the schema phase its objects are not the task's to change",
                                advice_of(out.evolution) +
                                    "undo the change at the source, or release the task and "
                                    "migrate anew",
                                {"G129"}});
    }
    return out;
}

}  // namespace cutover::route
