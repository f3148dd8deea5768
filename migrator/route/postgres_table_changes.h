// One table that is not what it was, as statements for its counterpart: columns, keys, indexes,
// constraints. Columns are told apart by their numbers, which outlive a rename; a constraint by its
// name, and by what it says where it was renamed.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/schema.h"
#include "migrator/plan/evolution.h"
#include "migrator/route/name_map.h"
#include "migrator/route/postgres_tables.h"
#include "migrator/route/sql_renamer.h"

namespace cutover::route {

/// Statements in the order in which they go: of all tables each list before the next one.
struct ChangeSteps {
    std::vector<plan::SchemaStep> foreign_keys_dropped;
    std::vector<plan::SchemaStep> dropped;  ///< constraints, indexes
    std::vector<plan::SchemaStep> tables;   ///< dropped, detached, renamed
    std::vector<plan::SchemaStep> columns;
    std::vector<plan::SchemaStep> later;  ///< what rows of before may not meet
    std::vector<std::string> text;        ///< each change, for people

    static void add(std::vector<plan::SchemaStep>& list, const std::string& object,
                    const std::string& statement, const model::ObjectName& table);
};

/// What is called how, and how it shall be called, in an order in which each name is free when it
/// is taken: where names are exchanged, by way of others.
using Renames = std::vector<std::pair<std::string, std::string>>;
Renames without_clashes(const Renames& renames);

/// The same table in the evolution's catalog of what is in force.
model::TableSchema& in_force(plan::Evolution& evolution, const model::TableSchema& table);

/// One of the two catalogs, and what its objects are called at the destination. All outlive it.
struct CatalogSide {
    const model::Catalog& catalog;
    const NameMap& names;
    const SqlRenamer& renamer;
    const TableWriter& writer;
};

/// A table of before and the same table now. Pure.
class TableChanges {
public:
    TableChanges(const CatalogSide& before, const model::TableSchema& was, const CatalogSide& after,
                 const model::TableSchema& is, ChangeSteps& steps, plan::Evolution& evolution,
                 std::vector<model::Finding>& findings);

    void write();

private:
    using Column = model::ColumnSchema;
    enum class Kind { key, index, foreign_key, check };
    struct Definition {
        Kind kind;
        std::string name;
        std::string text;  ///< of the destination's: equal texts are equal constraints
        bool inherited = false;
        bool not_valid = false;
    };

    bool is_left_out(const CatalogSide& side, const model::TableSchema& table,
                     const std::string& column) const;
    void write_columns();
    void write_added(const Column& column);
    std::optional<model::ColumnFill> fill_of(const Column& column) const;
    void write_gone(const Column& column);
    void note_rename(const Column& was, const Column& is);
    void write_changed(const Column& was, const Column& is);
    void write_type(const Column& was, const Column& is);
    void write_default(const Column& was, const Column& is);
    void write_identity(const Column& was, const Column& is);
    void write_generated(const Column& was, const Column& is);
    std::vector<Definition> definitions(const CatalogSide& side,
                                        const model::TableSchema& table) const;
    void write_constraints();
    void write_dropped(const Definition& definition);
    void write_renamed(const Definition& was, const std::string& name);
    void write_new(const Definition& definition);
    void write_flags();
    void alter(const std::string& action);
    void alter_later(const std::string& action);
    void require_later(const Column& column);
    Column& column_in_force(const Column& column);
    void copy_anew(const std::string& why);
    void refuse(const std::string& code, const std::string& what, const std::string& remedy);
    std::string column_now(const Column& column) const;
    std::string type_now(const Column& column) const;
    bool rewritten() const { return was_.rows_file != is_.rows_file; }

    const CatalogSide& before_;
    const model::TableSchema& was_;
    const CatalogSide& after_;
    const model::TableSchema& is_;
    ChangeSteps& steps_;
    plan::Evolution& evolution_;
    std::vector<model::Finding>& findings_;
    plan::TableEvolution change_;
    Renames renames_;
    std::set<std::string> retyped_;
    const model::ObjectName destination_;
};

}  // namespace cutover::route
