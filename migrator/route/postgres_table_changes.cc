#include "migrator/route/postgres_table_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/check.h"

namespace cutover::route {

using model::TableSchema;
using plan::SchemaStep;
using postgres::quote;
using postgres::quote_identifier;

namespace {

/// Casts that lose nothing and fail for no value.
bool casts_safely(const std::string& from, const std::string& to) {
    static const std::vector<std::string_view> kWholeNumbers = {"smallint", "integer", "bigint",
                                                                "numeric"};
    const auto rank = [](const std::string& type) {
        return std::find(kWholeNumbers.begin(), kWholeNumbers.end(), type) - kWholeNumbers.begin();
    };
    const auto none = static_cast<std::ptrdiff_t>(kWholeNumbers.size());
    return to == "text" || to == "character varying" ||
           (rank(from) < none && rank(to) < none && rank(from) <= rank(to));
}

const model::ColumnSchema* by_number(const TableSchema& table, std::uint32_t number) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const auto& column) { return column.number == number; });
    return found == table.columns.end() ? nullptr : &*found;
}

/// Of `CREATE UNIQUE INDEX name ON schema.table USING ...` what it says apart from the names.
std::string without_names(const std::string& definition) {
    return (definition.starts_with("CREATE UNIQUE") ? "UNIQUE" : "") + after_table(definition);
}

}  // namespace

Renames without_clashes(const Renames& renames) {
    Renames aside, out;
    for (const std::pair<std::string, std::string>& rename : renames) {
        const std::string& then = rename.first;
        const std::string& now = rename.second;
        const bool taken = std::any_of(renames.begin(), renames.end(),
                                       [&](const auto& other) { return other.first == now; });
        const std::string between = "cutover_" + std::to_string(aside.size()) + "_" + then;
        if (taken) {
            aside.emplace_back(then, between);
        }
        out.emplace_back(taken ? between : then, now);
    }
    out.insert(out.begin(), aside.begin(), aside.end());
    // Those that were put aside are named last, when their names are free.
    std::stable_partition(out.begin() + static_cast<std::ptrdiff_t>(aside.size()), out.end(),
                          [](const auto& rename) { return !rename.first.starts_with("cutover_"); });
    return out;
}

TableSchema& in_force(plan::Evolution& evolution, const TableSchema& table) {
    const auto found =
        std::find_if(evolution.in_force.tables.begin(), evolution.in_force.tables.end(),
                     [&](const TableSchema& other) { return other.number == table.number; });
    CUTOVER_CHECK(found != evolution.in_force.tables.end());
    return *found;
}

void ChangeSteps::add(std::vector<SchemaStep>& list, const std::string& object,
                      const std::string& statement, const model::ObjectName& table) {
    SchemaStep step;
    step.object = object;
    step.statement = statement;
    step.table = table;
    list.push_back(std::move(step));
}

TableChanges::TableChanges(const CatalogSide& before, const TableSchema& was,
                           const CatalogSide& after, const TableSchema& is, ChangeSteps& steps,
                           plan::Evolution& evolution, std::vector<model::Finding>& findings)
    : before_(before),
      was_(was),
      after_(after),
      is_(is),
      steps_(steps),
      evolution_(evolution),
      findings_(findings),
      destination_(after.names.object(is.name)) {
    change_.before = was.name;
    change_.after = is.name;
}

void TableChanges::write() {
    write_flags();
    // A partition's columns are its parent's, and change with them; not before it is attached.
    if (!was_.partition_of || !is_.partition_of ||
        after_.catalog.find(is_.partition_of->parent) == nullptr) {
        write_columns();
    } else {
        for (const Column& column : is_.columns) {
            const Column* was = by_number(was_, column.number);
            if (was == nullptr) {
                change_.added.insert(column.name);
                change_.columns_differ = true;
                if (rewritten() && !column.fill && !column.generated_expression) {
                    copy_anew("column " + column.name + " was added, and the table was rewritten");
                }
            } else if (was->name != column.name) {
                change_.columns_differ = true;
            }
        }
    }
    write_constraints();
    if (change_.columns_differ || change_.copied_anew || was_.name != is_.name) {
        evolution_.tables.push_back(std::move(change_));
    }
}

void TableChanges::alter(const std::string& action) {
    ChangeSteps::add(steps_.columns, "table " + destination_.display(),
                     "ALTER TABLE " + quote(destination_) + " " + action, destination_);
}

void TableChanges::alter_later(const std::string& action) {
    ChangeSteps::add(steps_.later, "table " + destination_.display(),
                     "ALTER TABLE " + quote(destination_) + " " + action, destination_);
}

TableChanges::Column& TableChanges::column_in_force(const Column& column) {
    TableSchema& table = in_force(evolution_, is_);
    return table.columns[table.column_index(column.name).value()];
}

void TableChanges::require_later(const Column& column) {
    column_in_force(column).nullable = true;
    alter_later("ALTER COLUMN " + column_now(column) + " SET NOT NULL");
}

void TableChanges::copy_anew(const std::string& why) {
    if (!change_.copied_anew) {
        change_.why_anew = why;
    }
    change_.copied_anew = true;
}

void TableChanges::refuse(const std::string& code, const std::string& what,
                          const std::string& remedy) {
    findings_.push_back({code,
                         model::Severity::block,
                         is_.name.display(),
                         what,
                         "the change cannot be carried to the destination",
                         remedy,
                         {"G129", "G131"}});
}

bool TableChanges::is_left_out(const CatalogSide& side, const TableSchema& table,
                               const std::string& column) const {
    return side.writer.left_out(table).contains(column);
}

std::string TableChanges::column_now(const Column& column) const {
    return quote_identifier(after_.names.column(is_.name, column.name));
}

std::string TableChanges::type_now(const Column& column) const {
    return after_.renamer.objects(column.type) + collation_clause(column);
}

void TableChanges::write_columns() {
    for (const Column& was : was_.columns) {
        if (by_number(is_, was.number) == nullptr) {
            write_gone(was);
        }
    }
    for (const Column& was : was_.columns) {
        const Column* is = by_number(is_, was.number);
        if (is != nullptr && was.name != is->name) {
            note_rename(was, *is);
        }
    }
    for (const auto& [then, now] : without_clashes(renames_)) {
        alter("RENAME COLUMN " + quote_identifier(then) + " TO " + quote_identifier(now));
    }
    for (const Column& is : is_.columns) {
        const Column* was = by_number(was_, is.number);
        if (was == nullptr) {
            write_added(is);
        } else {
            write_changed(*was, is);
        }
    }
}

void TableChanges::write_gone(const Column& column) {
    change_.columns_differ = true;
    steps_.text.push_back(was_.name.display() + ": column " + column.name + " dropped");
    if (!is_left_out(before_, was_, column.name)) {
        alter("DROP COLUMN IF EXISTS " +
              quote_identifier(before_.names.column(was_.name, column.name)));
    }
}

/// A partitioned table has no rows, so its columns have no such value; those of its partitions do.
std::optional<model::ColumnFill> TableChanges::fill_of(const Column& column) const {
    if (!is_.partition_key) {
        return column.fill;
    }
    std::vector<const TableSchema*> above = {&is_};
    for (std::size_t at = 0; at < above.size(); ++at) {
        for (const TableSchema& table : after_.catalog.tables) {
            if (!table.partition_of || table.partition_of->parent != above[at]->name) {
                continue;
            }
            const auto own = table.column_index(column.name);
            if (own && table.columns[*own].fill) {
                return table.columns[*own].fill;
            }
            above.push_back(&table);
        }
    }
    return std::nullopt;
}

/// Rows that are there get what they have at the source: a value that was written once and for all.
void TableChanges::write_added(const Column& column) {
    steps_.text.push_back(is_.name.display() + ": column " + column.name + " " + column.type +
                          " added");
    change_.added.insert(column.name);
    change_.columns_differ = true;
    if (is_left_out(after_, is_, column.name)) {
        return;
    }
    if (column.generated_expression || column.identity != model::Identity::none) {
        alter("ADD COLUMN " + after_.writer.column(is_, column));
        if (column.identity != model::Identity::none) {
            copy_anew("column " + column.name + " was added with a value of its own in each row");
        }
        return;
    }
    const std::optional<model::ColumnFill> fill = fill_of(column);
    if (rewritten() && !fill) {
        copy_anew("column " + column.name + " was added, and the table was rewritten");
    }
    const std::string type = type_now(column);
    alter("ADD COLUMN " + column_now(column) + " " + type +
          (fill ? " DEFAULT " + literal(fill->text) + "::" + after_.renamer.objects(column.type)
                : ""));
    if (fill && !column.default_expression) {
        alter("ALTER COLUMN " + column_now(column) + " DROP DEFAULT");
    }
    if (column.default_expression) {
        alter("ALTER COLUMN " + column_now(column) + " SET DEFAULT " +
              after_.renamer.in_table(*column.default_expression, is_.name));
    }
    if (!column.nullable) {
        require_later(column);
    }
}

void TableChanges::note_rename(const Column& was, const Column& is) {
    change_.columns_differ = true;
    steps_.text.push_back(is_.name.display() + ": column " + was.name + " renamed to " + is.name);
    if (is_left_out(before_, was_, was.name) != is_left_out(after_, is_, is.name)) {
        refuse("schema.column_selection",
               "column " + was.name + " was renamed to " + is.name +
                   ", and the task file excludes one of the two",
               "exclude the column under both names, or release the task and migrate anew");
        return;
    }
    const std::string then = before_.names.column(was_.name, was.name);
    const std::string now = after_.names.column(is_.name, is.name);
    if (then != now && !is_left_out(after_, is_, is.name)) {
        renames_.emplace_back(then, now);
    }
}

void TableChanges::write_changed(const Column& was, const Column& is) {
    if (is_left_out(after_, is_, is.name)) {
        return;
    }
    write_generated(was, is);
    write_type(was, is);
    write_default(was, is);
    write_identity(was, is);
    if (was.nullable != is.nullable) {
        steps_.text.push_back(is_.name.display() + ": column " + is.name +
                              (is.nullable ? " may be NULL" : " is NOT NULL"));
        if (is.nullable) {
            alter("ALTER COLUMN " + column_now(is) + " DROP NOT NULL");
        } else {
            require_later(is);
        }
    }
}

void TableChanges::write_type(const Column& was, const Column& is) {
    const std::string then = before_.renamer.objects(was.type) + collation_clause(was);
    const std::string now = type_now(is);
    if (then == now && was.type_id == is.type_id) {
        return;
    }
    steps_.text.push_back(is_.name.display() + ": column " + is.name + " is " + is.type + ", was " +
                          was.type);
    retyped_.insert(is.name);
    change_.columns_differ = true;
    const std::string column = column_now(is);
    if (was.default_expression) {
        alter("ALTER COLUMN " + column + " DROP DEFAULT");
    }
    std::string value = column + "::" + after_.renamer.objects(is.type);
    if (rewritten()) {
        copy_anew("the values of column " + is.name + " were converted");
        if (!casts_safely(was.type, is.type)) {
            alter("ALTER COLUMN " + column + " DROP NOT NULL");
            value = "NULL";
            if (!is.nullable) {
                require_later(is);
            }
        }
    }
    alter("ALTER COLUMN " + column + " TYPE " + now + " USING " + value);
    if (is.default_expression) {
        alter("ALTER COLUMN " + column + " SET DEFAULT " +
              after_.renamer.in_table(*is.default_expression, is_.name));
    }
}

void TableChanges::write_default(const Column& was, const Column& is) {
    const auto said = [](const CatalogSide& side, const TableSchema& table, const Column& column) {
        return column.default_expression
                   ? side.renamer.in_table(*column.default_expression, table.name)
                   : std::string();
    };
    const std::string now = said(after_, is_, is);
    if (said(before_, was_, was) == now || retyped_.contains(is.name)) {
        return;
    }
    steps_.text.push_back(is_.name.display() + ": default of column " + is.name +
                          (now.empty() ? " dropped" : " is " + now));
    alter("ALTER COLUMN " + column_now(is) +
          (now.empty() ? std::string(" DROP DEFAULT") : " SET DEFAULT " + now));
}

void TableChanges::write_identity(const Column& was, const Column& is) {
    if (was.identity == is.identity) {
        return;
    }
    steps_.text.push_back(is_.name.display() + ": identity of column " + is.name + " changed");
    if (is.identity == model::Identity::none) {
        alter("ALTER COLUMN " + column_now(is) + " DROP IDENTITY IF EXISTS");
    } else if (was.identity == model::Identity::none) {
        column_in_force(is).identity = model::Identity::none;
        alter_later("ALTER COLUMN " + column_now(is) + " ADD" +
                    after_.writer.identity_clause(is_, is));
    } else {
        alter("ALTER COLUMN " + column_now(is) +
              (is.identity == model::Identity::always ? " SET GENERATED ALWAYS"
                                                      : " SET GENERATED BY DEFAULT"));
    }
}

void TableChanges::write_generated(const Column& was, const Column& is) {
    const auto said = [](const CatalogSide& side, const TableSchema& table, const Column& column) {
        return column.generated_expression
                   ? side.renamer.in_table(*column.generated_expression, table.name)
                   : std::string();
    };
    const std::string now = said(after_, is_, is);
    if (said(before_, was_, was) == now) {
        return;
    }
    steps_.text.push_back(is_.name.display() + ": column " + is.name + " is generated " +
                          (now.empty() ? "no more" : "by " + now));
    if (now.empty()) {
        alter("ALTER COLUMN " + column_now(is) + " DROP EXPRESSION IF EXISTS");
        copy_anew("column " + is.name + " is not computed any more");
        return;
    }
    // Computed by another expression: what the destination has in it is nobody's any more.
    alter("DROP COLUMN " + column_now(is));
    alter("ADD COLUMN " + after_.writer.column(is_, is));
}

void TableChanges::write_flags() {
    if (was_.logged != is_.logged) {
        steps_.text.push_back(is_.name.display() + (is_.logged ? ": logged" : ": unlogged"));
        alter(is_.logged ? "SET LOGGED" : "SET UNLOGGED");
        if (is_.logged) {
            copy_anew("it was unlogged: its rows were in no log");
        }
    }
    const bool columns_differ =
        !std::equal(was_.columns.begin(), was_.columns.end(), is_.columns.begin(),
                    is_.columns.end(), [](const Column& a, const Column& b) {
                        return a.number == b.number && a.name == b.name && a.type == b.type;
                    });
    if (was_.inherits != is_.inherits || (!is_.inherits.empty() && columns_differ)) {
        refuse("schema.inheritance",
               "a table that inherits from another one, or what it inherits, was changed",
               "undo the change, or release the task and migrate anew");
    }
}

std::vector<TableChanges::Definition> TableChanges::definitions(const CatalogSide& side,
                                                                const TableSchema& table) const {
    std::vector<Definition> out;
    for (const model::KeySchema& key : table.keys) {
        out.push_back({Kind::key, key.name, side.renamer.in_table(key.definition, table.name),
                       key.inherited});
    }
    for (const model::IndexSchema& index : table.indexes) {
        out.push_back({Kind::index, index.name,
                       side.renamer.in_table(without_names(index.definition), table.name),
                       index.inherited});
    }
    for (const model::ForeignKeySchema& key : table.foreign_keys) {
        out.push_back({Kind::foreign_key, key.name,
                       side.renamer.foreign_key(key.definition, table.name, key.parent),
                       key.inherited});
    }
    for (const model::CheckSchema& check : table.checks) {
        out.push_back({Kind::check, check.name, side.renamer.in_table(check.definition, table.name),
                       check.inherited, check.definition.ends_with(" NOT VALID")});
    }
    return out;
}

/// First those that stayed, be they a partition's own or its parent's; then those that have another
/// name only.
void TableChanges::write_constraints() {
    std::vector<Definition> then = definitions(before_, was_);
    std::vector<Definition> now = definitions(after_, is_);
    const auto pair_off = [&](const auto& paired) {
        std::erase_if(then, [&](const Definition& was) {
            const auto at = std::find_if(now.begin(), now.end(), [&](const Definition& is) {
                return is.kind == was.kind && is.text == was.text && paired(was, is);
            });
            if (at == now.end()) {
                return false;
            }
            now.erase(at);
            return true;
        });
    };
    pair_off([](const Definition& was, const Definition& is) { return was.name == is.name; });
    pair_off([&](const Definition& was, const Definition& is) {
        if (!was.inherited && !is.inherited) {
            write_renamed(was, is.name);
        }
        return was.inherited == is.inherited;
    });
    for (const Definition& was : then) {
        if (!was.inherited) {
            write_dropped(was);
        }
    }
    for (const Definition& is : now) {
        if (!is.inherited) {
            write_new(is);
        }
    }
}

void TableChanges::write_renamed(const Definition& was, const std::string& name) {
    steps_.text.push_back(is_.name.display() + ": " + was.name + " renamed to " + name);
    if (was.kind == Kind::index) {
        ChangeSteps::add(steps_.columns, "index " + was.name,
                         "ALTER INDEX IF EXISTS " + quote({destination_.schema, was.name}) +
                             " RENAME TO " + quote_identifier(name),
                         destination_);
        return;
    }
    alter("RENAME CONSTRAINT " + quote_identifier(was.name) + " TO " + quote_identifier(name));
}

void TableChanges::write_dropped(const Definition& definition) {
    steps_.text.push_back(is_.name.display() + ": " + definition.name + " dropped");
    const model::ObjectName then = before_.names.object(was_.name);
    const std::string object = then.display() + "." + definition.name;
    for (const char* step : {"key:", "foreign_key:", "validate:", "check:"}) {
        evolution_.forgotten.insert(step + object);
    }
    if (definition.kind == Kind::index) {
        evolution_.forgotten.insert("index:" + then.schema + "." + definition.name);
        ChangeSteps::add(steps_.dropped, "index " + definition.name,
                         "DROP INDEX IF EXISTS " + quote({then.schema, definition.name}), then);
        return;
    }
    ChangeSteps::add(
        definition.kind == Kind::foreign_key ? steps_.foreign_keys_dropped : steps_.dropped,
        "constraint " + definition.name,
        "ALTER TABLE " + quote(then) + " DROP CONSTRAINT IF EXISTS " +
            quote_identifier(definition.name),
        then);
}

/// Keys, indexes and foreign keys are steps of the plan, which are run when all is brought along.
void TableChanges::write_new(const Definition& definition) {
    steps_.text.push_back(is_.name.display() + ": " + definition.name + " added");
    const std::string object = destination_.display() + "." + definition.name;
    TableSchema& held = in_force(evolution_, is_);
    const auto bears_name = [&](const auto& other) { return other.name == definition.name; };
    switch (definition.kind) {
        case Kind::key:
            std::erase_if(held.keys, bears_name);
            evolution_.pending.insert("key:" + object);
            break;
        case Kind::index:
            std::erase_if(held.indexes, bears_name);
            evolution_.pending.insert("index:" + destination_.schema + "." + definition.name);
            break;
        case Kind::foreign_key:
            std::erase_if(held.foreign_keys, bears_name);
            evolution_.pending.insert("foreign_key:" + object);
            evolution_.pending.insert("validate:" + object);
            break;
        case Kind::check:
            std::erase_if(held.checks, bears_name);
            if (definition.not_valid) {
                evolution_.pending.insert("check:" + object);
            } else {
                alter_later("ADD CONSTRAINT " + quote_identifier(definition.name) + " " +
                            definition.text);
            }
            break;
    }
}

}  // namespace cutover::route
