// Objects at the source that are carried in a different way than one might expect, or not at all.
#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/model/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cutover::postgres {

using engine::Requirement;
using model::Severity;

namespace {

Requirement kind_requirement(const std::string& kind, const std::vector<std::string>& names) {
    std::string in_code = kind;
    std::replace(in_code.begin(), in_code.end(), ' ', '_');
    return {{"source.not_carried." + in_code,
             kind == "extension" ? Severity::note : Severity::alert_ignorable,
             names.front(),
             fmt::format("{} of kind {}: {}", names.size(), kind, model::some_of(names)),
             "objects of this kind are not migrated",
             kind == "extension" ? "create those that the tables need at the destination first"
                                 : "create them at the destination yourself, or do without",
             {"G134"}},
            false};
}

Requirement flag_requirement(const std::string& code, Severity severity,
                             const std::vector<std::string>& names, const std::string& what,
                             const std::string& why, const std::string& remedy,
                             const std::string& guarantee) {
    return {{code,
             severity,
             names.empty() ? "" : names.front(),
             names.empty() ? "no " + what : what + ": " + model::some_of(names),
             why,
             remedy,
             {guarantee}},
            names.empty()};
}

bool inherits_across_schemas(const model::TableSchema& table) {
    return std::any_of(
        table.inherits.begin(), table.inherits.end(),
        [&](const model::ObjectName& parent) { return parent.schema != table.name.schema; });
}

std::vector<Requirement> table_kinds(const plan::TaskSpec& spec, const model::Catalog& catalog) {
    std::vector<std::string> unlogged;
    std::vector<std::string> hypertables;
    std::vector<std::string> inheritance;
    std::vector<std::string> no_heaps;
    std::vector<std::string> row_security;
    for (const model::TableSchema& table : catalog.tables) {
        const std::string name = table.name.display();
        if (!table.logged && spec.phases.incremental) {
            unlogged.push_back(name);
        }
        if (!table.in_one_piece) {
            hypertables.push_back(name);
        }
        if (inherits_across_schemas(table)) {
            inheritance.push_back(name);
        }
        if (!table.storage.empty()) {
            no_heaps.push_back(name + " (" + table.storage + ")");
        }
        if (table.row_security != model::RowSecurity::none) {
            row_security.push_back(name);
        }
    }
    return {flag_requirement("source.unlogged_table", Severity::block, unlogged, "unlogged table",
                             "changes of an unlogged table are not in the log",
                             "ALTER TABLE ... SET LOGGED, or leave it out", "G116"),
            flag_requirement("source.hypertable", Severity::block, hypertables, "TimescaleDB table",
                             "its rows are kept in chunks that are not carried", "leave it out",
                             "G132"),
            flag_requirement("source.access_method", Severity::block, no_heaps,
                             "table that is not a heap",
                             "a table is copied by ranges of its blocks, which mean something in a "
                             "heap only",
                             "ALTER TABLE ... SET ACCESS METHOD heap, or leave it out", "G132"),
            flag_requirement("source.row_security_not_carried", Severity::alert_ignorable,
                             row_security, "table with row security",
                             "row security is not carried, whether or not it has policies: at the "
                             "destination every row is open to whoever may read the table",
                             "switch it on at the destination yourself before users come", "G134"),
            flag_requirement(
                "source.inheritance_across_schemas", Severity::alert_ignorable, inheritance,
                "inheritance across schemas",
                "the real service does not carry it; here each table is carried with its "
                "own rows, and the schema phase declares the inheritance where both "
                "tables are selected",
                "nothing, or declare it yourself where the schema phase is left out", "G132")};
}

/// Partitions that the task leaves out, and partitions that it takes without their parent (G133).
std::vector<Requirement> partitions(Connection& connection, const model::Catalog& catalog) {
    std::vector<std::string> orphans;
    for (const model::TableSchema& table : catalog.tables) {
        if (table.partition_of && catalog.find(table.partition_of->parent) == nullptr) {
            orphans.push_back(table.name.display());
        }
    }
    std::vector<std::string> left_out;
    const Result rows = connection.exec(
        "SELECT pn.nspname, p.relname, cn.nspname, c.relname FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition JOIN pg_namespace cn ON "
        "cn.oid = c.relnamespace"
        " JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p' JOIN pg_namespace pn ON "
        "pn.oid = p.relnamespace"
        " ORDER BY 3, 4");
    for (int row = 0; row < rows.rows(); ++row) {
        const model::ObjectName child{rows.text(row, 2), rows.text(row, 3)};
        if (catalog.find({rows.text(row, 0), rows.text(row, 1)}) != nullptr &&
            catalog.find(child) == nullptr) {
            left_out.push_back(child.display());
        }
    }
    return {flag_requirement("source.partition_without_parent", Severity::block, orphans,
                             "partition without its parent",
                             "a partition is carried together with the table it belongs to",
                             "select the partitioned table too", "G133"),
            flag_requirement("source.partition_left_out", Severity::block, left_out,
                             "partition that is left out",
                             "a partitioned table is carried with all its partitions",
                             "select all partitions, or leave the partitioned table out", "G133")};
}

}  // namespace

std::vector<Requirement> object_kinds(Connection& connection, const plan::TaskSpec& spec,
                                      const model::Catalog& catalog) {
    std::map<std::string, std::vector<std::string>> kinds;
    for (const model::OtherObject& other : catalog.others) {
        if (other.kind != "unreadable sequence") {
            kinds[other.kind].push_back(other.name.display());
        }
    }
    std::vector<Requirement> out;
    for (const auto& [kind, names] : kinds) {
        out.push_back(kind_requirement(kind, names));
    }
    for (Requirement& requirement : table_kinds(spec, catalog)) {
        out.push_back(std::move(requirement));
    }
    for (Requirement& requirement : partitions(connection, catalog)) {
        out.push_back(std::move(requirement));
    }
    return out;
}

}  // namespace cutover::postgres
