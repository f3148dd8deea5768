#include "migrator/route/memory_to_memory.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "migrator/engine/memory/database/cells.h"
#include "migrator/engine/memory/database/statement.h"
#include "migrator/engine/memory/row_filter.h"
#include "migrator/model/error.h"
#include "migrator/model/side.h"
#include "migrator/route/memory_evolution.h"

namespace cutover::route {

using memory::CellType;
using model::CellKind;
using model::Tuple;

namespace {

/// Packs the `number` cells of a row and seals the `term` cells, leaves the others alone.
class CellConverter final : public plan::Transcoder {
public:
    explicit CellConverter(std::vector<CellType> types) : types_(std::move(types)) {}

    void batch(const model::RowBatch& in, model::RowBatch& out) const override {
        std::size_t offset = 0;
        Tuple row;
        while (memory::take_row(in.bytes, offset, row)) {
            memory::append_row(tuple(row), out);
        }
    }
    Tuple tuple(const Tuple& in) const override {
        Tuple out;
        for (std::size_t column = 0; column < in.size(); ++column) {
            const bool value = in.kind(column) == CellKind::text;
            if (value && types_[column] == CellType::number) {
                out.append(CellKind::binary, memory::pack(memory::parse_number(in.bytes(column))));
            } else if (value && types_[column] == CellType::term) {
                out.append(CellKind::binary, memory::seal(in.bytes(column)));
            } else {
                out.append(in.kind(column), in.bytes(column));
            }
        }
        return out;
    }

private:
    std::vector<CellType> types_;
};

std::string destination_type(const std::string& type) {
    return type == "number" ? "packed" : type == "term" ? "sealed" : type;
}

/// What makes equal keys of this type equal bytes, at the end that has it.
plan::KeyFold fold_of(CellType type) {
    switch (type) {
        case CellType::word:
        case CellType::term:
            return memory::fold_word;
        case CellType::sealed:
            return memory::fold_sealed;
        case CellType::number:
            return memory::fold_number;
        default:
            return nullptr;
    }
}

/// As one of the ends writes it.
plan::KeyPlan plan_key(const plan::TablePlan& table, const model::KeySchema& key, model::Side end) {
    plan::KeyPlan planned;
    for (const std::size_t column : key.columns) {
        const std::string& name = table.schema.columns[column].name;
        const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const auto& one) { return one.source.name == name; });
        if (at == table.columns.end()) {
            return {};  // a column of the key is left out: not a key at the destination
        }
        const CellType type =
            memory::cell_type(end == model::Side::source ? at->source.type : at->destination_type);
        planned.comparable &= type != CellType::fuzzy;
        planned.columns.push_back(
            {static_cast<std::size_t>(at - table.columns.begin()), fold_of(type)});
    }
    return planned;
}

/// Columns, keys and lane of one table.
plan::TablePlan plan_table(const plan::TaskSpec& spec, const model::TableSchema& schema) {
    plan::TablePlan table;
    table.source = schema.name;
    table.destination = spec.mapping.table(schema.name);
    table.schema = schema;
    const auto excluded = spec.mapping.excluded_columns.find(schema.name);
    std::vector<CellType> types;
    bool converts = false;
    for (const model::ColumnSchema& column : schema.columns) {
        if (excluded != spec.mapping.excluded_columns.end() &&
            excluded->second.contains(column.name)) {
            continue;
        }
        types.push_back(memory::cell_type(column.type));
        table.columns.push_back(
            {column, spec.mapping.column(schema.name, column.name), destination_type(column.type)});
        converts = converts || table.columns.back().destination_type != column.type;
    }
    if (converts) {
        table.transcoder = std::make_shared<CellConverter>(std::move(types));
    }
    for (const model::KeySchema& key : schema.keys) {
        plan::KeyPlan planned = plan_key(table, key, model::Side::destination);
        if (planned.columns.empty()) {
            continue;
        }
        if (key.primary) {
            table.key = std::move(planned);
            table.source_form = plan_key(table, key, model::Side::source);
        } else {
            table.unique_keys.push_back(std::move(planned));
        }
    }
    const auto filter = spec.filters.find(schema.name);
    if (filter != spec.filters.end()) {
        table.filter = filter->second;
        table.checked_filter =
            expression::Expression::condition(table.filter, memory::filter_scope(schema));
    }
    table.sets_replica_identity = table.keyless() && !schema.logs_old_rows();
    return table;
}

void add_table_steps(const plan::TablePlan& table, std::vector<plan::SchemaStep>& steps) {
    const std::string name = table.destination.display();
    std::vector<model::ColumnSchema> columns;
    for (const plan::ColumnPlan& column : table.columns) {
        model::ColumnSchema made = column.source;
        made.name = column.destination_name;
        made.type = column.destination_type;
        columns.push_back(std::move(made));
    }
    steps.push_back({"table:" + name, plan::SchemaSection::before_rows, name,
                     memory::table_statement(table.destination, columns), table.schema.size,
                     table.destination});
    const auto add_key = [&](const plan::KeyPlan& key, const std::string& key_name, bool primary) {
        std::vector<std::string> names;
        for (const plan::KeyColumn& column : key.columns) {
            names.push_back(table.columns[column.column].destination_name);
        }
        model::KeySchema schema;
        schema.name = key_name;
        schema.primary = primary;
        steps.push_back({"key:" + name + "." + key_name,
                         primary ? plan::SchemaSection::keys : plan::SchemaSection::unique_keys,
                         name, memory::key_statement(table.destination, schema, names),
                         table.schema.size, table.destination});
    };
    if (!table.keyless()) {
        add_key(table.key, "primary", true);
    }
    for (std::size_t number = 0; number < table.unique_keys.size(); ++number) {
        add_key(table.unique_keys[number], "unique" + std::to_string(number), false);
    }
}

std::optional<std::size_t> planned_column(const plan::TablePlan& table, const std::string& name) {
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        if (table.columns[at].source.name == name) {
            return at;
        }
    }
    return std::nullopt;
}

/// A key whose parents are not all carried could not be added at the destination.
void plan_foreign_key(plan::Plan& plan, plan::TablePlan& child,
                      const model::ForeignKeySchema& key) {
    const auto parent = std::find_if(plan.tables.begin(), plan.tables.end(),
                                     [&](const auto& one) { return one.source == key.parent; });
    const auto column = planned_column(child, child.schema.columns[key.columns.front()].name);
    if (parent == plan.tables.end() || !parent->filter.empty() || !column) {
        return;
    }
    const auto parent_column = planned_column(*parent, key.parent_columns.front());
    if (!parent_column) {
        return;
    }
    child.parents.push_back({{{*column}}, parent->index, {{*parent_column}}});
    const memory::ReferenceStatements statements = memory::reference_statements(
        child.destination, key.name, child.columns[*column].destination_name, parent->destination,
        parent->columns[*parent_column].destination_name);
    const std::string name = child.destination.display();
    const std::string id = name + "." + key.name;
    plan.schema_steps.push_back({"reference:" + id, plan::SchemaSection::foreign_keys, name,
                                 statements.add, child.schema.size, child.destination, "",
                                 statements.undo});
    plan.schema_steps.push_back({"validate:" + id, plan::SchemaSection::validation, name,
                                 statements.validate, child.schema.size, child.destination});
}

model::Finding blocking(const std::string& code, const std::string& object,
                        const std::string& found) {
    model::Finding finding;
    finding.code = code;
    finding.severity = model::Severity::block;
    finding.object = object;
    finding.found = found;
    return finding;
}

}  // namespace

engine::Planned MemoryToMemory::plan(const plan::TaskSpec& spec, const model::Catalog& source,
                                     const model::Catalog&) const {
    engine::Planned planned;
    planned.plan.spec = spec;
    std::map<model::ObjectName, model::ObjectName> claimed;
    for (const model::TableSchema& schema : source.tables) {
        plan::TablePlan table = plan_table(spec, schema);
        table.index = static_cast<model::TableIndex>(planned.plan.tables.size());
        const auto [first, fresh] = claimed.emplace(table.destination, table.source);
        if (!fresh) {
            planned.findings.push_back(
                blocking("route.name_twice", table.destination.display(),
                         first->second.display() + " and " + table.source.display()));
        }
        if (spec.phases.schema) {
            add_table_steps(table, planned.plan.schema_steps);
        }
        planned.plan.fingerprint += table.source.display() + ">" + table.destination.display() +
                                    "[" + table.filter + "]" +
                                    std::to_string(table.columns.size()) + ";";
        planned.plan.tables.push_back(std::move(table));
    }
    for (plan::TablePlan& table : planned.plan.tables) {
        for (const model::ForeignKeySchema& key : table.schema.foreign_keys) {
            if (spec.phases.schema && destination_.foreign_keys != engine::ForeignKeys::none) {
                plan_foreign_key(planned.plan, table, key);
            }
        }
    }
    for (const model::SequenceSchema& sequence : source.sequences) {
        if (!destination_.sequences) {
            continue;
        }
        const model::ObjectName destination = spec.mapping.table(sequence.name);
        planned.plan.sequences.push_back({sequence.name, destination, {}, {}});
        if (spec.phases.schema) {
            planned.plan.schema_steps.push_back({"sequence:" + destination.display(),
                                                 plan::SchemaSection::before_rows,
                                                 destination.display(),
                                                 memory::sequence_statement(destination),
                                                 {},
                                                 {}});
        }
    }
    return planned;
}

engine::Evolved MemoryToMemory::evolve(const plan::TaskSpec& spec,
                                       const engine::SchemaChange& change) const {
    return evolve_memory(spec, change);
}

}  // namespace cutover::route
