#include "migrator/route/postgres_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrator/engine/postgres/connection.h"
#include "migrator/route/sql_renamer.h"

namespace cutover::route {

using model::ObjectName;
using model::TableSchema;
using plan::SchemaSection;
using plan::SchemaStep;
using postgres::quote;
using postgres::quote_identifier;

namespace {

std::string literal(const std::string& text) {
    std::string out = "'";
    for (const char letter : text) {
        out += letter;
        if (letter == '\'') {
            out += '\'';
        }
    }
    return out + "'";
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) {
        out += (out.empty() ? "" : ", ") + part;
    }
    return out;
}

class Writer {
public:
    Writer(const plan::TaskSpec& spec, const model::Catalog& source,
           std::vector<model::Finding>& findings)
        : spec_(spec), source_(source), renamer_(spec.mapping), findings_(findings) {}

    std::vector<SchemaStep> write() {
        for (const std::string& schema : destination_schemas()) {
            add("schema:" + schema, SchemaSection::before_rows, schema,
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
        for (const model::SequenceSchema& sequence : source_.sequences) {
            write_owner(sequence);
        }
        for (const TableSchema& table : source_.tables) {
            write_keys(table);
            write_indexes(table);
            write_foreign_keys(table);
        }
        return std::move(steps_);
    }

private:
    ObjectName mapped(const ObjectName& name) const { return spec_.mapping.table(name); }

    void add(const std::string& id, SchemaSection section, const std::string& object,
             const std::string& statement, model::Bytes weight) {
        steps_.push_back({id, section, object, statement, weight});
    }

    std::vector<std::string> destination_schemas() const {
        std::vector<std::string> schemas;
        const auto note = [&](const ObjectName& name) {
            const std::string schema = mapped(name).schema;
            if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) {
                schemas.push_back(schema);
            }
        };
        for (const model::TypeSchema& type : source_.types) {
            note(type.name);
        }
        for (const model::SequenceSchema& sequence : source_.sequences) {
            note(sequence.name);
        }
        for (const TableSchema& table : source_.tables) {
            note(table.name);
        }
        return schemas;
    }

    void write_type(const model::TypeSchema& type) {
        const ObjectName name = mapped(type.name);
        std::string statement;
        switch (type.type_class) {
            case model::TypeClass::enumeration: {
                std::vector<std::string> labels;
                for (const std::string& label : type.labels) {
                    labels.push_back(literal(label));
                }
                statement = "CREATE TYPE " + quote(name) + " AS ENUM (" + joined(labels) + ")";
                break;
            }
            case model::TypeClass::domain:
                statement = "CREATE DOMAIN " + quote(name) + " AS " + renamer_.objects(type.definition);
                break;
            case model::TypeClass::composite: {
                std::vector<std::string> columns;
                for (const model::ColumnSchema& column : type.columns) {
                    columns.push_back(quote_identifier(column.name) + " " +
                                      renamer_.objects(column.type) + collation(column));
                }
                statement = "CREATE TYPE " + quote(name) + " AS (" + joined(columns) + ")";
                break;
            }
            default:
                statement = "CREATE TYPE " + quote(name) + " AS RANGE " +
                            renamer_.objects(type.definition);
        }
        add("type:" + name.display(), SchemaSection::before_rows, name.display(), statement, {});
    }

    static std::string collation(const model::ColumnSchema& column) {
        return column.collation.empty() ? "" : " COLLATE " + column.collation;
    }

    static std::string sequence_options(const model::SequenceSchema& sequence) {
        return fmt::format("START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{}",
                           sequence.start, sequence.increment, sequence.minimum, sequence.maximum,
                           sequence.cache, sequence.cycle ? " CYCLE" : " NO CYCLE");
    }

    void write_sequence(const model::SequenceSchema& sequence) {
        if (sequence.identity) {
            return;  // made with its column
        }
        const ObjectName name = mapped(sequence.name);
        add("sequence:" + name.display(), SchemaSection::before_rows, name.display(),
            "CREATE SEQUENCE " + quote(name) + " AS " + sequence.type + " " +
                sequence_options(sequence),
            {});
    }

    void write_owner(const model::SequenceSchema& sequence) {
        if (sequence.identity || !sequence.owned_by_table ||
            source_.find(*sequence.owned_by_table) == nullptr) {
            return;
        }
        const ObjectName name = mapped(sequence.name);
        add("sequence_owner:" + name.display(), SchemaSection::before_rows, name.display(),
            "ALTER SEQUENCE " + quote(name) + " OWNED BY " + quote(mapped(*sequence.owned_by_table)) +
                "." +
                quote_identifier(
                    spec_.mapping.column(*sequence.owned_by_table, sequence.owned_by_column)),
            {});
    }

    bool excluded(const TableSchema& table, const std::string& column) const {
        const auto found = spec_.mapping.excluded_columns.find(table.name);
        return found != spec_.mapping.excluded_columns.end() && found->second.contains(column);
    }

    std::string column_definition(const TableSchema& table, const model::ColumnSchema& column) const {
        std::string out = quote_identifier(spec_.mapping.column(table.name, column.name)) + " " +
                          renamer_.objects(column.type) + collation(column);
        if (column.generated_expression) {
            out += " GENERATED ALWAYS AS (" +
                   renamer_.in_table(*column.generated_expression, table.name) + ") STORED";
        } else if (column.identity != model::Identity::none) {
            out += column.identity == model::Identity::always ? " GENERATED ALWAYS AS IDENTITY"
                                                              : " GENERATED BY DEFAULT AS IDENTITY";
            for (const model::SequenceSchema& sequence : source_.sequences) {
                if (sequence.identity && sequence.owned_by_table == table.name &&
                    sequence.owned_by_column == column.name) {
                    out += " (SEQUENCE NAME " + quote(mapped(sequence.name)) + " " +
                           sequence_options(sequence) + ")";
                }
            }
        } else if (column.default_expression) {
            out += " DEFAULT " + renamer_.in_table(*column.default_expression, table.name);
        }
        return column.nullable ? out : out + " NOT NULL";
    }

    void add_checks(const TableSchema& table, std::vector<std::string>& parts) const {
        for (const model::CheckSchema& check : table.checks) {
            if (!check.inherited) {
                parts.push_back("CONSTRAINT " + quote_identifier(check.name) + " " +
                                renamer_.in_table(check.definition, table.name));
            }
        }
    }

    bool has_flag(const TableSchema& table, const std::string& flag) const {
        return std::find(table.flags.begin(), table.flags.end(), flag) != table.flags.end();
    }

    void write_table(const TableSchema& table) {
        const ObjectName name = mapped(table.name);
        std::string statement = has_flag(table, "unlogged") ? "CREATE UNLOGGED TABLE " : "CREATE TABLE ";
        statement += spec_.conflict == plan::ConflictRule::ignore ? "IF NOT EXISTS " : "";
        statement += quote(name);
        std::vector<std::string> parts;
        const bool partition =
            table.partition_of && source_.find(table.partition_of->parent) != nullptr;
        if (!partition) {
            for (const model::ColumnSchema& column : table.columns) {
                if (!excluded(table, column.name)) {
                    parts.push_back(column_definition(table, column));
                }
            }
        }
        add_checks(table, parts);
        if (partition) {
            statement += " PARTITION OF " + quote(mapped(table.partition_of->parent)) +
                         (parts.empty() ? "" : " (" + joined(parts) + ")") + " " +
                         renamer_.objects(table.partition_of->bound);
        } else {
            statement += " (" + joined(parts) + ")";
        }
        if (table.partition_key) {
            statement += " PARTITION BY " + renamer_.in_table(*table.partition_key, table.name);
        }
        add("table:" + name.display(), SchemaSection::before_rows, name.display(), statement, {});
    }

    void write_keys(const TableSchema& table) {
        const ObjectName name = mapped(table.name);
        for (const model::KeySchema& key : table.keys) {
            if (key.inherited) {
                continue;
            }
            add("key:" + name.display() + "." + key.name, SchemaSection::keys,
                name.display() + "." + key.name,
                "ALTER TABLE " + quote(name) + " ADD CONSTRAINT " + quote_identifier(key.name) + " " +
                    renamer_.in_table(key.definition, table.name),
                table.size);
        }
    }

    /// `CREATE INDEX name ON [ONLY] schema.table USING ...`: without ONLY, so that a partitioned table's
    /// index is made on its partitions too.
    void write_indexes(const TableSchema& table) {
        const ObjectName name = mapped(table.name);
        for (const model::IndexSchema& index : table.indexes) {
            if (index.inherited) {
                continue;
            }
            const std::size_t method = index.definition.find(" USING ");
            const std::string rest = renamer_.in_table(index.definition.substr(method), table.name);
            add("index:" + name.schema + "." + index.name,
                index.unique ? SchemaSection::keys : SchemaSection::indexes,
                name.schema + "." + index.name,
                std::string("CREATE ") + (index.unique ? "UNIQUE " : "") + "INDEX " +
                    quote_identifier(index.name) + " ON " + quote(name) + rest,
                table.size);
        }
    }

    void write_foreign_keys(const TableSchema& table) {
        const ObjectName name = mapped(table.name);
        for (const model::ForeignKeySchema& key : table.foreign_keys) {
            if (key.inherited) {
                continue;
            }
            const std::string object = name.display() + "." + key.name;
            if (source_.find(key.parent) == nullptr) {
                findings_.push_back({"schema.foreign_key_left_out", model::Severity::alert_ignorable,
                                     object,
                                     "it refers to " + key.parent.display() + ", which is not selected",
                                     "the destination will not enforce it",
                                     "select the table too, or add the constraint by hand",
                                     {"G135"}});
                continue;
            }
            write_foreign_key(table, key, name, object);
        }
    }

    void write_foreign_key(const TableSchema& table, const model::ForeignKeySchema& key,
                           const ObjectName& name, const std::string& object) {
        constexpr std::string_view kNotValid = " NOT VALID";
        std::string definition = renamer_.foreign_key(key.definition, table.name, key.parent);
        const bool never_valid = definition.ends_with(kNotValid);
        const std::string head = "ALTER TABLE " + quote(name) + " ADD CONSTRAINT " +
                                 quote_identifier(key.name) + " ";
        // A partitioned table takes no constraint that is yet to be validated (before version 18).
        if (table.partition_key && !never_valid) {
            add("foreign_key:" + object, SchemaSection::validation, object, head + definition, table.size);
            return;
        }
        add("foreign_key:" + object, SchemaSection::foreign_keys, object,
            head + definition + (never_valid ? "" : std::string(kNotValid)), table.size);
        if (!never_valid) {
            add("validate:" + object, SchemaSection::validation, object,
                "ALTER TABLE " + quote(name) + " VALIDATE CONSTRAINT " + quote_identifier(key.name),
                table.size);
        }
    }

    const plan::TaskSpec& spec_;
    const model::Catalog& source_;
    SqlRenamer renamer_;
    std::vector<model::Finding>& findings_;
    std::vector<SchemaStep> steps_;
};

}  // namespace

std::vector<SchemaStep> schema_steps(const plan::TaskSpec& spec, const model::Catalog& source,
                                     std::vector<model::Finding>& findings) {
    return Writer(spec, source, findings).write();
}

}  // namespace cutover::route
