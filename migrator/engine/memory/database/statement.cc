#include "migrator/engine/memory/database/statement.h"

#include <algorithm>
#include <sstream>

#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

std::string table_statement(const model::ObjectName& name,
                            const std::vector<model::ColumnSchema>& columns) {
    std::string text = "table " + name.schema + " " + name.name;
    for (const model::ColumnSchema& column : columns) {
        text += " " + column.name + ":" + column.type + (column.nullable ? "" : ":notnull");
    }
    return text;
}

std::string key_statement(const model::ObjectName& table, const model::KeySchema& key,
                          const std::vector<std::string>& columns) {
    std::string text = "key " + table.schema + " " + table.name + " " + key.name +
                       (key.primary ? " primary" : " unique");
    for (const std::string& column : columns) {
        text += " " + column;
    }
    return text;
}

std::string sequence_statement(const model::ObjectName& name) {
    return "sequence " + name.schema + " " + name.name;
}

ReferenceStatements reference_statements(const model::ObjectName& child, const std::string& name,
                                         const std::string& column, const model::ObjectName& parent,
                                         const std::string& parent_column) {
    const std::string key = " " + child.schema + " " + child.name + " " + name;
    return {"reference" + key + " " + column + " " + parent.schema + " " + parent.name + " " +
                parent_column,
            "validate" + key, "unreference" + key};
}

std::string add_column_statement(const model::ObjectName& table,
                                 const model::ColumnSchema& column) {
    return "add " + table.schema + " " + table.name + " " + column.name + ":" + column.type +
           (column.fill ? " " + column.fill->bytes : "");
}

std::string drop_column_statement(const model::ObjectName& table, const std::string& column) {
    return "drop " + table.schema + " " + table.name + " " + column;
}

std::string rename_column_statement(const model::ObjectName& table, const std::string& from,
                                    const std::string& to) {
    return "rename " + table.schema + " " + table.name + " " + from + " " + to;
}

namespace {

model::ColumnSchema parse_column(const std::string& word) {
    model::ColumnSchema column;
    const std::size_t first = word.find(':');
    const std::size_t second = word.find(':', first + 1);
    column.name = word.substr(0, first);
    column.type = word.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    column.nullable = second == std::string::npos;
    cell_type(column.type);
    return column;
}

void create_table(Database& database, std::istringstream& words, bool leave) {
    model::TableSchema schema;
    words >> schema.name.schema >> schema.name.name;
    if (leave && database.find_table(schema.name) != nullptr) {
        return;
    }
    for (std::string word; words >> word;) {
        schema.columns.push_back(parse_column(word));
    }
    database.create_table(schema);
}

std::size_t column_of(const Table& table, const std::string& name) {
    const auto column = table.schema().column_index(name);
    if (!column) {
        throw Error(ErrorClass::operation, "memory.no_column",
                    "table " + table.schema().name.display() + " has no column " + name);
    }
    return *column;
}

template <typename Key>
bool has_key(const std::vector<Key>& keys, const std::string& name) {
    return std::any_of(keys.begin(), keys.end(), [&](const Key& one) { return one.name == name; });
}

void add_key(Database& database, Table& table, const std::string& name, std::istringstream& words,
             bool leave) {
    model::KeySchema key;
    key.name = name;
    std::string kind;
    words >> kind;
    key.primary = kind == "primary";
    for (std::string word; words >> word;) {
        key.columns.push_back(column_of(table, word));
    }
    if (!leave || !has_key(table.schema().keys, name)) {
        database.add_key(table, key);
    }
}

void add_reference(Database& database, Table& table, const std::string& name,
                   std::istringstream& words, bool leave) {
    model::ForeignKeySchema key;
    key.name = name;
    std::string column;
    words >> column >> key.parent.schema >> key.parent.name >> key.parent_columns.emplace_back();
    key.columns.push_back(column_of(table, column));
    column_of(database.table(key.parent), key.parent_columns.front());
    if (!leave || !has_key(table.schema().foreign_keys, name)) {
        database.add_foreign_key(table, key, false);
    }
}

bool has_column(const Table& table, const std::string& name) {
    return table.schema().column_index(name).has_value();
}

Outcome add_column(Database& database, Table& table, const std::string& word,
                   std::istringstream& words, bool leave) {
    model::ColumnSchema column = parse_column(word);
    if (std::string fill; words >> fill) {
        column.fill = model::ColumnFill{fill, fill};
    }
    if (leave && has_column(table, column.name)) {
        return {};
    }
    return database.add_column(table, column);
}

Outcome drop_column(Database& database, Table& table, const std::string& name, bool leave) {
    if (leave && !has_column(table, name)) {
        return {};
    }
    column_of(table, name);
    return database.drop_column(table, name);
}

Outcome rename_column(Database& database, Table& table, const std::string& from,
                      std::istringstream& words, bool leave) {
    std::string to;
    words >> to;
    if (leave && !has_column(table, from) && has_column(table, to)) {
        return {};
    }
    column_of(table, from);
    return database.rename_column(table, from, to);
}

}  // namespace

Outcome execute(Database& database, const std::string& statement, IfDone if_done) {
    const bool leave = if_done == IfDone::leave;
    std::istringstream words(statement);
    std::string verb;
    words >> verb;
    if (verb == "table") {
        create_table(database, words, leave);
        return {};
    }
    model::ObjectName name;
    words >> name.schema >> name.name;
    if (verb == "sequence") {
        database.sequences()[name];
        return {};
    }
    std::string key;
    words >> key;
    if (verb == "add") {
        return add_column(database, database.table(name), key, words, leave);
    }
    if (verb == "drop") {
        return drop_column(database, database.table(name), key, leave);
    }
    if (verb == "rename") {
        return rename_column(database, database.table(name), key, words, leave);
    }
    if (verb == "key") {
        add_key(database, database.table(name), key, words, leave);
    } else if (verb == "reference") {
        add_reference(database, database.table(name), key, words, leave);
    } else if (verb == "validate") {
        database.validate_foreign_key(database.table(name), key);
    } else if (verb == "unreference") {
        std::erase_if(database.table(name).schema().foreign_keys,
                      [&](const auto& one) { return one.name == key; });
    } else {
        throw Error(ErrorClass::refused, "memory.statement", "not understood: " + statement);
    }
    return {};
}

}  // namespace cutover::memory
