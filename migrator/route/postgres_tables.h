// A table's own statement: columns, defaults, identity, checks, partitioning, under the task's
// renames. What stands between tables (keys, indexes, foreign keys) is postgres_schema.h's.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"
#include "migrator/route/name_map.h"
#include "migrator/route/sql_renamer.h"

namespace cutover::route {

/// `a, b, c`.
std::string joined(const std::vector<std::string>& parts);

/// `'a''b'`: for servers whose standard_conforming_strings is on.
std::string literal(const std::string& text);

/// Of `CREATE INDEX name ON schema.table USING ...` what follows the names, whatever is in them.
std::string after_table(const std::string& definition);

/// What sequence options say, as SQL: `START WITH 1 INCREMENT BY 1 ...`.
std::string sequence_options(const model::SequenceSchema& sequence);

/// How the definition of a constraint ends that rows are not held to (version 18 and later).
inline constexpr std::string_view kNotEnforced = " NOT ENFORCED";

/// ` COLLATE x`, or empty.
std::string collation_clause(const model::ColumnSchema& column);

/// Pure. All references must outlive it.
class TableWriter {
public:
    /// `destination_version`: major, 0 where nobody has asked.
    TableWriter(const plan::TaskSpec& spec, const model::Catalog& source, int destination_version,
                const NameMap& names, const SqlRenamer& renamer)
        : spec_(spec),
          source_(source),
          destination_version_(destination_version),
          names_(names),
          renamer_(renamer) {}

    /// Columns that the task leaves out, and those that cannot be made without them (generated
    /// ones).
    std::set<std::string> left_out(const model::TableSchema& table) const;
    std::string create(const model::TableSchema& table) const;
    /// True for a constraint that is not enforced, of which the destination's version knows
    /// nothing.
    bool cannot_be_lax(const std::string& definition) const;
    /// True for a NOT NULL that older rows may break, of which the destination's version knows
    /// nothing.
    bool cannot_be_unproved(const model::CheckSchema& check) const;
    /// True for a virtual column, of which the destination's version knows nothing.
    bool must_be_stored(const model::ColumnSchema& column) const;

    /// `name type COLLATE x DEFAULT y NOT NULL`.
    std::string column(const model::TableSchema& table, const model::ColumnSchema& column) const;
    /// ` GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME ...)`.
    std::string identity_clause(const model::TableSchema& table,
                                const model::ColumnSchema& column) const;

private:
    std::string value_clause(const model::TableSchema& table,
                             const model::ColumnSchema& column) const;
    std::vector<std::string> own_columns(const model::TableSchema& table) const;
    std::vector<std::string> differences(const model::TableSchema& partition,
                                         const model::TableSchema& parent) const;
    void add_checks(const model::TableSchema& table, bool with_inherited,
                    std::vector<std::string>& parts) const;

    const plan::TaskSpec& spec_;
    const model::Catalog& source_;
    int destination_version_;
    const NameMap& names_;
    const SqlRenamer& renamer_;
};

}  // namespace cutover::route
