// The structure around the rows as a flat list of facts in one language, so that two ends can be
// held against each other without knowing an engine: columns, keys, indexes, constraints,
// sequences, types. Facts of a source are written with the names the destination should have
// (renames applied).
#pragma once

#include <string>
#include <vector>

namespace cutover::verify {

enum class FactKind : unsigned char {
    table,
    column,
    primary_key,
    unique_key,
    index,
    foreign_key,
    check,
    exclusion,
    sequence,
    type,
    partition,
};

std::string_view to_string(FactKind kind);

struct SchemaFact {
    FactKind kind = FactKind::column;
    std::string table;  ///< schema.table; empty for types and free sequences
    std::string
        identity;  ///< what finds it at the other end: a column's name, an index's structure
    std::string definition;       ///< what must be equal once it is found
    std::string left_out;         ///< why the selection cannot carry it; empty: it can
    bool only_elsewhere = false;  ///< its kind is one that our migrator announces as not carried
    bool validated = true;        ///< false: rows older than the fact may break it
    std::string name;  ///< its own name, for people; names of indexes and constraints may differ
    /// For a sequence: the next value it will give, in its direction. It must not be behind the
    /// source's.
    long long next_value = 0;
    long long increment = 0;
    bool value_known = true;  ///< false: the account may not read the sequence
};

using SchemaFacts = std::vector<SchemaFact>;

}  // namespace cutover::verify
