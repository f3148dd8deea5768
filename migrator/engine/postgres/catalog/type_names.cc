#include "migrator/engine/postgres/catalog/type_names.h"

namespace cutover::postgres {

TypeNameCache::TypeNameCache(plan::Endpoint endpoint, Connection& connection,
                             const plan::Plan& plan)
    : endpoint_(std::move(endpoint)), attention_(connection.attention()) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    const Result rows = connection.exec(
        "SELECT DISTINCT a.atttypid::bigint, a.atttypmod, format_type(a.atttypid, a.atttypmod) "
        "FROM " +
        names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped");
    for (int row = 0; row < rows.rows(); ++row) {
        names_[{static_cast<std::uint32_t>(rows.integer(row, 0)),
                static_cast<std::int32_t>(rows.integer(row, 1))}] = rows.text(row, 2);
    }
}

const std::string& TypeNameCache::name(std::uint32_t type, std::int32_t modifier) {
    const auto found = names_.find({type, modifier});
    if (found != names_.end()) {
        return found->second;
    }
    // A column was added or its type changed since; this is rare, and reading the log stops
    // meanwhile.
    ConnectOptions options;
    options.attention = attention_;
    Connection connection = Connection::open(endpoint_, options);
    const Result row = connection.exec_params("SELECT format_type($1::oid, $2::int)",
                                              {std::to_string(type), std::to_string(modifier)});
    return names_[{type, modifier}] = row.text(0, 0);
}

}  // namespace cutover::postgres
