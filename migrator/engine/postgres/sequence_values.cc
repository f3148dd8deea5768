#include "migrator/engine/postgres/sequence_values.h"

#include <algorithm>
#include <set>
#include <string>

namespace cutover::postgres {

namespace {

constexpr std::size_t kPerStatement = 200;

/// Indexes of those that exist and are readable, by a query that fails for none of them.
std::vector<std::size_t> readable(Connection& connection,
                                  const std::vector<model::SequenceSchema>& sequences) {
    std::vector<std::size_t> out;
    for (std::size_t from = 0; from < sequences.size(); from += kPerStatement) {
        const std::size_t to = std::min(sequences.size(), from + kPerStatement);
        std::string names;
        for (std::size_t at = from; at < to; ++at) {
            names += (at == from ? "" : ",") + std::string("(") + std::to_string(at) + "," +
                     connection.quote_literal(quote(sequences[at].name)) + ")";
        }
        // The planner may not ask for the privilege of what is not there, hence CASE.
        const Result rows = connection.exec(
            "SELECT at FROM (VALUES " + names +
            ") v(at, name) WHERE CASE WHEN to_regclass(name) IS NULL THEN false ELSE"
            " has_sequence_privilege(to_regclass(name), 'SELECT') AND"
            " has_schema_privilege((SELECT relnamespace FROM pg_class"
            " WHERE oid = to_regclass(name)), 'USAGE') END");
        for (int row = 0; row < rows.rows(); ++row) {
            out.push_back(static_cast<std::size_t>(rows.integer(row, 0)));
        }
    }
    return out;
}

}  // namespace

std::vector<model::ObjectName> read_sequence_values(Connection& connection,
                                                    std::vector<model::SequenceSchema>& sequences) {
    const std::vector<std::size_t> wanted = readable(connection, sequences);
    for (std::size_t from = 0; from < wanted.size(); from += kPerStatement) {
        const std::size_t to = std::min(wanted.size(), from + kPerStatement);
        std::string sql;
        for (std::size_t at = from; at < to; ++at) {
            sql += (at == from ? "" : " UNION ALL ") + std::string("SELECT ") +
                   std::to_string(wanted[at]) + ", last_value, is_called FROM " +
                   quote(sequences[wanted[at]].name);
        }
        const Result rows = connection.exec(sql);
        for (int row = 0; row < rows.rows(); ++row) {
            auto& sequence = sequences[static_cast<std::size_t>(rows.integer(row, 0))];
            sequence.last_value = rows.integer(row, 1);
            sequence.is_called = rows.boolean(row, 2);
        }
    }
    const std::set<std::size_t> read(wanted.begin(), wanted.end());
    std::vector<model::ObjectName> missing;
    for (std::size_t at = 0; at < sequences.size(); ++at) {
        if (!read.contains(at)) {
            missing.push_back(sequences[at].name);
        }
    }
    return missing;
}

}  // namespace cutover::postgres
