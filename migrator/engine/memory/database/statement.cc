#include "migrator/engine/memory/database/statement.h"

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

void create_table(Database& database, std::istringstream& words) {
    model::TableSchema schema;
    words >> schema.name.schema >> schema.name.name;
    for (std::string word; words >> word;) {
        schema.columns.push_back(parse_column(word));
    }
    database.create_table(schema);
}

void add_key(Database& database, std::istringstream& words) {
    model::ObjectName name;
    model::KeySchema key;
    std::string kind;
    words >> name.schema >> name.name >> key.name >> kind;
    key.primary = kind == "primary";
    Table& table = database.table(name);
    for (std::string word; words >> word;) {
        const auto column = table.schema().column_index(word);
        if (!column) {
            throw Error(ErrorClass::operation, "memory.no_column",
                        "table " + name.display() + " has no column " + word);
        }
        key.columns.push_back(*column);
    }
    database.add_key(table, key);
}

}  // namespace

void execute(Database& database, const std::string& statement) {
    std::istringstream words(statement);
    std::string verb;
    words >> verb;
    if (verb == "table") {
        create_table(database, words);
    } else if (verb == "key") {
        add_key(database, words);
    } else if (verb == "sequence") {
        model::ObjectName name;
        words >> name.schema >> name.name;
        database.sequences()[name];
    } else {
        throw Error(ErrorClass::refused, "memory.statement", "not understood: " + statement);
    }
}

}  // namespace cutover::memory
