#include "migrator/engine/postgres/catalog/sequence_values.h"

#include <algorithm>
#include <set>
#include <string>

#include "migrator/engine/postgres/trust/relation.h"

namespace cutover::postgres {

namespace {

constexpr std::size_t kPerStatement = 200;

struct Readable {
    std::size_t at = 0;
    std::string oid;
};

/// Finds the sequences that exist and are readable, by a query that never fails: the CASE keeps the
/// planner from asking for sequence rights on a table that it meets on its way.
std::vector<Readable> readable(Connection& connection,
                               const std::vector<model::SequenceSchema>& sequences) {
    std::vector<model::ObjectName> names;
    for (const model::SequenceSchema& sequence : sequences) {
        names.push_back(sequence.name);
    }
    std::vector<Readable> out;
    for (std::size_t from = 0; from < sequences.size(); from += kPerStatement) {
        const std::size_t to = std::min(sequences.size(), from + kPerStatement);
        const Result rows = connection.exec(
            "SELECT v.at, c.oid FROM " + names_as_rows(connection, names, from, to, "v") +
            " JOIN pg_namespace n ON n.nspname = v.schema"
            " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name AND c.relkind = 'S'"
            " WHERE has_schema_privilege(n.oid, 'USAGE')"
            " AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END");
        for (int row = 0; row < rows.rows(); ++row) {
            out.push_back({rows.index(row, 0, sequences.size()), rows.text(row, 1)});
        }
    }
    return out;
}

/// Requires: a transaction is open.
void read_held(Connection& connection, std::vector<model::SequenceSchema>& sequences,
               const std::vector<Readable>& wanted, std::size_t from, std::size_t to) {
    std::vector<std::string> oids;
    std::vector<model::ObjectName> names;
    for (std::size_t at = from; at < to; ++at) {
        oids.push_back(wanted[at].oid);
        names.push_back(sequences[wanted[at].at].name);
    }
    hold_sequences(connection, oids, names);
    std::string sql;
    for (std::size_t at = from; at < to; ++at) {
        sql += (at == from ? "" : " UNION ALL ") + std::string("SELECT ") +
               std::to_string(wanted[at].at) + ", last_value, is_called FROM " +
               quote(sequences[wanted[at].at].name);
    }
    const Result rows = connection.exec(sql);
    for (int row = 0; row < rows.rows(); ++row) {
        auto& sequence = sequences[rows.index(row, 0, sequences.size())];
        sequence.last_value = rows.integer(row, 1);
        sequence.is_called = rows.boolean(row, 2);
    }
}

}  // namespace

std::vector<model::ObjectName> read_sequence_values(Connection& connection,
                                                    std::vector<model::SequenceSchema>& sequences) {
    const std::vector<Readable> wanted = readable(connection, sequences);
    for (std::size_t from = 0; from < wanted.size(); from += kPerStatement) {
        read_held(connection, sequences, wanted, from,
                  std::min(wanted.size(), from + kPerStatement));
    }
    std::set<std::size_t> read;
    for (const Readable& one : wanted) {
        read.insert(one.at);
    }
    std::vector<model::ObjectName> missing;
    for (std::size_t at = 0; at < sequences.size(); ++at) {
        if (!read.contains(at)) {
            missing.push_back(sequences[at].name);
        }
    }
    return missing;
}

}  // namespace cutover::postgres
