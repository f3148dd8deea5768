#include "migrator/route/postgres_schema.h"

#include <algorithm>
#include <set>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/route/postgres_tables.h"
#include "migrator/route/sql_renamer.h"

namespace cutover::route {

using model::ObjectName;
using model::Severity;
using model::TableSchema;
using plan::SchemaSection;
using plan::SchemaStep;
using postgres::quote;
using postgres::quote_identifier;

namespace {

constexpr std::string_view kNotValid = " NOT VALID";
constexpr int kYoungVersion = 18;  ///< validates what a foreign key keeps per partition

class Writer {
public:
    Writer(const plan::TaskSpec& spec, const model::Catalog& source, int destination_version,
           const NameMap& names, std::vector<model::Finding>& findings)
        : source_(source),
          destination_version_(destination_version),
          names_(names),
          renamer_(names),
          tables_(spec, source, destination_version, names, renamer_),
          findings_(findings) {}

    std::vector<SchemaStep> write() {
        for (const std::string& schema : destination_schemas(source_, names_)) {
            add("schema:" + schema, SchemaSection::before_rows, "schema " + schema,
                "CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema), {});
        }
        for (const model::TypeSchema& type : source_.types) {
            write_type(type);
        }
        for (const model::SequenceSchema& sequence : source_.sequences) {
            write_sequence(sequence);
        }
        for (const TableSchema& table : source_.tables) {
            write_table(table);
        }
        for (const TableSchema& table : source_.tables) {
            write_inheritance(table);
        }
        for (const model::SequenceSchema& sequence : source_.sequences) {
            write_owner(sequence);
        }
        for (const TableSchema& table : source_.tables) {
            write_keys(table);
            write_indexes(table);
            write_foreign_keys(table);
            write_late_checks(table);
        }
        return std::move(steps_);
    }

private:
    void add(const std::string& id, SchemaSection section, const std::string& object,
             const std::string& statement, model::Bytes weight, const ObjectName& table = {},
             const std::string& before = "") {
        steps_.push_back({id, section, object, statement, weight, table, before});
    }

    void leave_out(const std::string& code, const std::string& object, const std::string& why,
                   const std::string& remedy) {
        findings_.push_back({code,
                             Severity::alert_ignorable,
                             object,
                             why,
                             "the destination will not have it",
                             remedy,
                             {"G135"}});
    }

    std::string type_statement(const model::TypeSchema& type, const ObjectName& name) const {
        std::vector<std::string> parts;
        switch (type.type_class) {
            case model::TypeClass::enumeration:
                for (const std::string& label : type.labels) {
                    parts.push_back(literal(label));
                }
                return "CREATE TYPE " + quote(name) + " AS ENUM (" + joined(parts) + ")";
            case model::TypeClass::domain:
                return "CREATE DOMAIN " + quote(name) + " AS " + renamer_.objects(type.definition);
            case model::TypeClass::composite:
                for (const model::ColumnSchema& column : type.columns) {
                    parts.push_back(quote_identifier(column.name) + " " +
                                    renamer_.objects(column.type) + collation_clause(column));
                }
                return "CREATE TYPE " + quote(name) + " AS (" + joined(parts) + ")";
            default:
                return "CREATE TYPE " + quote(name) + " AS RANGE " + range_definition(type, name);
        }
    }

    /// The multirange that comes with a range goes into the same schema as the range.
    std::string range_definition(const model::TypeSchema& type, const ObjectName& name) const {
        constexpr std::string_view kMultirange = "multirange_type_name = ";
        const std::string text = renamer_.objects(type.definition);
        const std::size_t at = text.find(kMultirange);
        if (at == std::string::npos || name.schema == type.name.schema) {
            return text;
        }
        const std::size_t from = at + kMultirange.size();
        const std::size_t dot = text.find('.', from);
        return text.substr(0, from) + quote_identifier(name.schema) + text.substr(dot);
    }

    void write_type(const model::TypeSchema& type) {
        const ObjectName name = names_.object(type.name);
        add("type:" + name.display(), SchemaSection::before_rows, "type " + name.display(),
            type_statement(type, name), {});
    }

    void write_sequence(const model::SequenceSchema& sequence) {
        if (sequence.identity) {
            return;  // made with its column
        }
        const ObjectName name = names_.object(sequence.name);
        add("sequence:" + name.display(), SchemaSection::before_rows, "sequence " + name.display(),
            "CREATE SEQUENCE " + quote(name) + " AS " + sequence.type + " " +
                sequence_options(sequence),
            {});
    }

    void write_owner(const model::SequenceSchema& sequence) {
        const TableSchema* table =
            sequence.owned_by_table ? source_.find(*sequence.owned_by_table) : nullptr;
        if (sequence.identity || table == nullptr ||
            tables_.left_out(*table).contains(sequence.owned_by_column)) {
            return;
        }
        const ObjectName name = names_.object(sequence.name);
        add("sequence_owner:" + name.display(), SchemaSection::before_rows,
            "sequence " + name.display(),
            "ALTER SEQUENCE " + quote(name) + " OWNED BY " + quote(names_.object(table->name)) +
                "." + quote_identifier(names_.column(table->name, sequence.owned_by_column)),
            {}, names_.object(table->name));
    }

    void write_table(const TableSchema& table) {
        const ObjectName name = names_.object(table.name);
        block_enum_hash(table);
        tell_stored(table);
        add("table:" + name.display(), SchemaSection::before_rows, "table " + name.display(),
            tables_.create(table), {}, name);
    }

    void tell_stored(const TableSchema& table) {
        for (const model::ColumnSchema& column : table.columns) {
            if (tables_.must_be_stored(column)) {
                findings_.push_back({"schema.virtual_column_stored",
                                     Severity::note,
                                     table.name.display() + "." + column.name,
                                     "the column is virtual, which the destination's version does "
                                     "not know",
                                     "its values are the same; they take room there",
                                     "nothing, or migrate to version 18 or later",
                                     {"G135"}});
            }
        }
    }

    /// An enum hashes by the ids of its labels, which differ from database to database.
    void block_enum_hash(const TableSchema& table) {
        if (!table.partition_key || !table.partition_key->starts_with("HASH")) {
            return;
        }
        for (const model::ColumnSchema& column : table.columns) {
            if (column.type_class == model::TypeClass::enumeration &&
                mentions(*table.partition_key, {column.name})) {
                findings_.push_back(
                    {"types.enum_hash_partition",
                     Severity::block,
                     table.name.display() + "." + column.name,
                     "the table is partitioned by the hash of an enum",
                     "the same value hashes to another partition at the destination, which would "
                     "refuse the rows",
                     "leave out the schema phase and map the partitions to tables of your own",
                     {}});
            }
        }
    }

    void write_inheritance(const TableSchema& table) {
        for (const ObjectName& above : table.inherits) {
            const std::string parent = above.display();
            const ObjectName name = names_.object(table.name);
            if (source_.find(above) == nullptr) {
                leave_out("schema.inheritance_left_out", name.display(),
                          "it inherits from " + parent + ", which is not selected",
                          "select the parent too");
                continue;
            }
            add("inherit:" + name.display() + ":" + parent, SchemaSection::before_rows,
                "table " + name.display(),
                "ALTER TABLE " + quote(name) + " INHERIT " + quote(names_.object(above)), {}, name);
        }
    }

    bool loses_columns(const TableSchema& table, const std::vector<std::size_t>& columns,
                       const std::string& definition) const {
        const std::set<std::string> without = tables_.left_out(table);
        return mentions(definition, without) ||
               std::any_of(columns.begin(), columns.end(), [&](std::size_t column) {
                   return without.contains(table.columns[column].name);
               });
    }

    /// Two schemas that become one may bring indexes of one name.
    std::string free_name(const std::string& schema, const std::string& wanted) {
        std::string name = wanted;
        for (int number = 1; !index_names_.insert({schema, name}).second; ++number) {
            name = wanted + "_" + std::to_string(number);
        }
        return name;
    }

    void write_keys(const TableSchema& table) {
        const ObjectName name = names_.object(table.name);
        for (const model::KeySchema& key : table.keys) {
            if (key.inherited) {
                continue;
            }
            const std::string object = name.display() + "." + key.name;
            if (loses_columns(table, key.columns, key.definition)) {
                leave_out("schema.key_left_out", object, "it is over a column that is excluded",
                          "do not exclude the column");
                continue;
            }
            add("key:" + object, key.primary ? SchemaSection::keys : SchemaSection::unique_keys,
                "key " + object,
                "ALTER TABLE " + quote(name) + " ADD CONSTRAINT " +
                    quote_identifier(free_name(name.schema, key.name)) + " " +
                    renamer_.in_table(key.definition, table.name),
                table.size, name);
        }
    }

    /// `CREATE INDEX name ON [ONLY] schema.table USING ...`: without ONLY, so that a partitioned
    /// table's index is made on its partitions too.
    void write_indexes(const TableSchema& table) {
        const ObjectName name = names_.object(table.name);
        for (const model::IndexSchema& index : table.indexes) {
            if (index.inherited) {
                continue;
            }
            const std::string object = name.schema + "." + index.name;
            const std::string rest = after_table(index.definition);
            if (loses_columns(table, index.columns, rest)) {
                leave_out("schema.index_left_out", object, "it is over a column that is excluded",
                          "do not exclude the column");
                continue;
            }
            add("index:" + object,
                index.unique ? SchemaSection::unique_keys : SchemaSection::indexes,
                "index " + object,
                std::string("CREATE ") + (index.unique ? "UNIQUE " : "") + "INDEX " +
                    quote_identifier(free_name(name.schema, index.name)) + " ON " + quote(name) +
                    renamer_.in_table(rest, table.name),
                table.size, name);
        }
    }

    void write_foreign_keys(const TableSchema& table) {
        const std::string prefix = names_.object(table.name).display() + ".";
        for (const model::ForeignKeySchema& key : table.foreign_keys) {
            if (key.inherited) {
                continue;
            }
            const TableSchema* parent = source_.find(key.parent);
            if (tables_.cannot_be_lax(key.definition)) {
                leave_out("schema.foreign_key_left_out", prefix + key.name,
                          "it is NOT ENFORCED, which the destination's version does not know",
                          "add it by hand, as NOT VALID, if new rows shall be held to it");
            } else if (parent == nullptr) {
                leave_out("schema.foreign_key_left_out", prefix + key.name,
                          "it refers to " + key.parent.display() + ", which is not selected",
                          "select the table too, or add the constraint by hand");
            } else if (loses_columns(table, key.columns, "") ||
                       loses_parent_columns(*parent, key)) {
                leave_out("schema.foreign_key_left_out", prefix + key.name,
                          "it is over a column that is excluded", "do not exclude the column");
            } else {
                write_foreign_key(table, key, prefix + key.name);
            }
        }
    }

    bool loses_parent_columns(const TableSchema& parent, const model::ForeignKeySchema& key) const {
        const std::set<std::string> without = tables_.left_out(parent);
        return std::any_of(key.parent_columns.begin(), key.parent_columns.end(),
                           [&](const std::string& column) { return without.contains(column); });
    }

    /// Both tables are locked in one order, whichever of two keys between them is made first.
    std::string lock(const ObjectName& child, const ObjectName& parent) const {
        const auto [first, second] = std::minmax({names_.object(child), names_.object(parent)});
        return "LOCK TABLE " + quote(first) + (first == second ? "" : ", " + quote(second)) +
               " IN SHARE ROW EXCLUSIVE MODE";
    }

    void write_foreign_key(const TableSchema& table, const model::ForeignKeySchema& key,
                           const std::string& object) {
        const std::string name = quote(names_.object(table.name));
        const std::string definition = renamer_.foreign_key(key.definition, table.name, key.parent);
        const bool never_valid =
            definition.ends_with(kNotValid) || definition.ends_with(kNotEnforced);
        const std::string statement = "ALTER TABLE " + name + " ADD CONSTRAINT " +
                                      quote_identifier(key.name) + " " + definition;
        const std::string called = "foreign key " + object;
        const TableSchema* parent = source_.find(key.parent);
        const bool to_partitions =
            parent != nullptr && parent->partition_key && destination_version_ < kYoungVersion;
        // A partitioned table takes no constraint that is yet to be validated (before version 18).
        // Nor can what a key to one keeps per partition be validated later.
        if ((table.partition_key || to_partitions) && !never_valid) {
            add("foreign_key:" + object, SchemaSection::foreign_keys_at_once, called, statement,
                table.size, names_.object(table.name), lock(table.name, key.parent));
            steps_.back().undo = drop_constraint(table.name, key.name);
            return;
        }
        add("foreign_key:" + object, SchemaSection::foreign_keys, called,
            statement + (never_valid ? "" : std::string(kNotValid)), table.size,
            names_.object(table.name), lock(table.name, key.parent));
        steps_.back().undo = drop_constraint(table.name, key.name);
        if (!never_valid) {
            add("validate:" + object, SchemaSection::validation, called,
                "ALTER TABLE " + name + " VALIDATE CONSTRAINT " + quote_identifier(key.name),
                table.size, names_.object(table.name));
        }
    }

    /// Checks that the rows which are there need not meet.
    void write_late_checks(const TableSchema& table) {
        const ObjectName name = names_.object(table.name);
        for (const model::CheckSchema& check : table.checks) {
            if (!check.inherited && tables_.cannot_be_lax(check.definition)) {
                leave_out("schema.check_left_out", name.display() + "." + check.name,
                          "it is NOT ENFORCED, which the destination's version does not know",
                          "add it by hand, as NOT VALID, if new rows shall be held to it");
            }
            if (!check.inherited && tables_.cannot_be_unproved(check)) {
                leave_out(
                    "schema.not_null_left_out", name.display() + "." + check.name,
                    "it is NOT NULL and NOT VALID, which the destination's version does not "
                    "know",
                    "add CHECK (... IS NOT NULL) NOT VALID by hand, if new rows shall be held "
                    "to it");
                continue;
            }
            if (check.inherited || !check.definition.ends_with(kNotValid) ||
                mentions(check.definition, tables_.left_out(table))) {
                continue;
            }
            const std::string object = name.display() + "." + check.name;
            add("check:" + object, SchemaSection::foreign_keys, "check " + object,
                "ALTER TABLE " + quote(name) + " ADD CONSTRAINT " + quote_identifier(check.name) +
                    " " + renamer_.in_table(check.definition, table.name),
                table.size, name);
            steps_.back().undo = drop_constraint(table.name, check.name);
        }
    }

    std::string drop_constraint(const ObjectName& table, const std::string& constraint) const {
        return "ALTER TABLE " + quote(names_.object(table)) + " DROP CONSTRAINT IF EXISTS " +
               quote_identifier(constraint);
    }

    const model::Catalog& source_;
    const int destination_version_;
    const NameMap& names_;
    SqlRenamer renamer_;
    TableWriter tables_;
    std::vector<model::Finding>& findings_;
    std::vector<SchemaStep> steps_;
    std::set<std::pair<std::string, std::string>> index_names_;
};

}  // namespace

std::vector<SchemaStep> schema_steps(const plan::TaskSpec& spec, const model::Catalog& source,
                                     int destination_version, const NameMap& names,
                                     std::vector<model::Finding>& findings) {
    return Writer(spec, source, destination_version, names, findings).write();
}

std::vector<std::string> destination_schemas(const model::Catalog& source, const NameMap& names) {
    std::vector<std::string> schemas;
    const auto note = [&](const ObjectName& name) {
        const std::string schema = names.object(name).schema;
        if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) {
            schemas.push_back(schema);
        }
    };
    for (const model::TypeSchema& type : source.types) {
        note(type.name);
    }
    for (const model::SequenceSchema& sequence : source.sequences) {
        note(sequence.name);
    }
    for (const TableSchema& table : source.tables) {
        note(table.name);
    }
    return schemas;
}

}  // namespace cutover::route
