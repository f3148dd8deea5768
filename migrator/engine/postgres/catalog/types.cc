// The enums, domains, composite types and ranges that selected tables need, each after the types
// that it is made of.
#include <algorithm>
#include <set>
#include <utility>

#include "migrator/engine/postgres/catalog/parts.h"
#include "migrator/engine/postgres/trust/sql_text.h"

namespace cutover::postgres {

namespace {

/// relkind c: a type of its own; a table's row type comes with its table.
constexpr const char* kTypes = R"(
SELECT t.oid::bigint, n.nspname, t.typname, t.typtype, t.typarray::bigint, t.typbasetype::bigint,
       t.typrelid::bigint, r.rngsubtype::bigint, r.rngmultitypid::bigint, m.typarray::bigint,
       CASE t.typtype
       WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
         || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation::text ELSE '' END
         || CASE WHEN t.typdefault IS NOT NULL
                 THEN ' DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) ELSE '' END
         || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
         || coalesce((SELECT string_agg(' CONSTRAINT ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), ''
                              ORDER BY c.conname) FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'), '')
       WHEN 'r' THEN '(subtype = ' || format_type(r.rngsubtype, NULL)
         || CASE WHEN oc.opcdefault THEN '' ELSE ', subtype_opclass = ' || quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) END
         || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> sb.typcollation
                 THEN ', collation = ' || r.rngcollation::regcollation::text ELSE '' END
         || CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::text ELSE '' END
         || CASE WHEN m.oid IS NOT NULL THEN ', multirange_type_name = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname) ELSE '' END
         || ')' END
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_range r ON r.rngtypid = t.oid
  LEFT JOIN pg_type sb ON sb.oid = r.rngsubtype
  LEFT JOIN pg_opclass oc ON oc.oid = r.rngsubopc LEFT JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
  LEFT JOIN pg_type m ON m.oid = r.rngmultitypid LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
 WHERE t.typtype IN ('e', 'd', 'r', 'c') AND (t.typtype <> 'c' OR c.relkind = 'c')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass
                      AND d.objid = t.oid AND d.deptype = 'e') AND )";

constexpr const char* kLabels =
    "SELECT enumtypid::bigint, enumlabel, oid::bigint FROM pg_enum WHERE enumtypid = ANY "
    "($1::oid[])"
    " ORDER BY enumtypid, enumsortorder";

constexpr const char* kAttributes = R"(
SELECT a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), n.nspname, t.typname,
       a.atttypid::bigint,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum)";

/// Types that belong to a relation with rows.
constexpr const char* kRowTypes =
    "SELECT t.oid::bigint, t.typarray::bigint FROM pg_type t"
    " JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid"
    " WHERE t.typtype = 'c' AND c.relkind <> 'c' AND ";

struct UserType {
    model::TypeSchema schema;
    Oid relation = 0;          ///< of a composite
    std::vector<Oid> made_of;  ///< types it needs
};

class TypeReading {
public:
    explicit TypeReading(CatalogReading& reading) : reading_(reading) {}

    void run() {
        read_types();
        read_labels();
        read_attributes();
        read_row_types();
        for (model::TableSchema& table : reading_.catalog.tables) {
            for (model::ColumnSchema& column : table.columns) {
                need(static_cast<Oid>(column.type_id));
                column.holds_table_row = holds_row(static_cast<Oid>(column.type_id));
            }
        }
    }

private:
    void read_types() {
        const Result rows = reading_.connection.exec(std::string(kTypes) + kUserSchema);
        for (int row = 0; row < rows.rows(); ++row) {
            add(rows, row);
        }
    }

    static Oid oid(const Result& rows, int row, int column) {
        return rows.is_null(row, column) ? 0 : static_cast<Oid>(rows.integer(row, column));
    }

    void add(const Result& rows, int row) {
        const Oid id = oid(rows, row, 0);
        UserType type;
        type.schema.name = {rows.text(row, 1), rows.text(row, 2)};
        type.schema.type_id = id;
        type.schema.array_type_id = oid(rows, row, 4);
        type.schema.definition =
            one_piece(rows.text(row, 10), "type " + type.schema.name.display());
        type.relation = oid(rows, row, 6);
        switch (letter_of(rows.get(row, 3))) {
            case 'e':
                type.schema.type_class = model::TypeClass::enumeration;
                break;
            case 'd':
                type.schema.type_class = model::TypeClass::domain;
                break;
            case 'c':
                type.schema.type_class = model::TypeClass::composite;
                break;
            default:
                type.schema.type_class = model::TypeClass::range;
                break;
        }
        type.schema.element_type_id = std::max(oid(rows, row, 5), oid(rows, row, 7));
        type.schema.multirange_type_id = oid(rows, row, 8);
        type.schema.multirange_array_type_id = oid(rows, row, 9);
        for (const int column : {5, 7}) {  // the base of a domain, the elements of a range
            if (oid(rows, row, column) != 0) {
                type.made_of.push_back(oid(rows, row, column));
            }
        }
        for (const int column :
             {0, 4, 8, 9}) {  // itself, its array, its multirange, that one's array
            if (oid(rows, row, column) != 0) {
                owner_[oid(rows, row, column)] = id;
            }
        }
        if (type.relation != 0) {
            composites_[type.relation] = id;
        }
        types_.emplace(id, std::move(type));
    }

    void read_row_types() {
        const Result rows = reading_.connection.exec(std::string(kRowTypes) + kUserSchema);
        for (int row = 0; row < rows.rows(); ++row) {
            row_types_.insert(oid(rows, row, 0));
            row_types_.insert(oid(rows, row, 1));
        }
    }

    /// True for the row type of a table, for its array, and for types made of either.
    bool holds_row(Oid id) const {
        std::set<Oid> seen;
        return holds_row(id, seen);
    }
    /// Does not go round in circles if a server claims that a type is made of itself.
    bool holds_row(Oid id, std::set<Oid>& seen) const {
        const auto owner = owner_.find(id);
        if (owner == owner_.end()) {
            return row_types_.contains(id);
        }
        const std::vector<Oid>& parts = known(types_, owner->second).made_of;
        return seen.insert(owner->second).second &&
               std::any_of(parts.begin(), parts.end(),
                           [&](Oid part) { return holds_row(part, seen); });
    }

    void read_labels() {
        std::vector<Oid> enums;
        for (const auto& [id, type] : types_) {
            if (type.schema.type_class == model::TypeClass::enumeration) {
                enums.push_back(id);
            }
        }
        const Result rows = reading_.connection.exec_params(kLabels, {array_of(enums)});
        for (int row = 0; row < rows.rows(); ++row) {
            model::TypeSchema& type = known(types_, oid(rows, row, 0)).schema;
            type.labels.push_back(rows.text(row, 1));
            type.label_ids.push_back(oid(rows, row, 2));
        }
    }

    void read_attributes() {
        std::vector<Oid> relations;
        for (const auto& [relation, type] : composites_) {
            relations.push_back(relation);
        }
        const Result rows = reading_.connection.exec_params(kAttributes, {array_of(relations)});
        for (int row = 0; row < rows.rows(); ++row) {
            UserType& type = known(types_, known(composites_, oid(rows, row, 0)));
            model::ColumnSchema column;
            column.name = rows.text(row, 1);
            column.type = one_piece(rows.text(row, 2), "the type of a field");
            column.type_name = {rows.text(row, 3), rows.text(row, 4)};
            column.type_id = oid(rows, row, 5);
            column.collation = one_piece(rows.text(row, 6), "a collation");
            type.made_of.push_back(oid(rows, row, 5));
            type.schema.columns.push_back(std::move(column));
        }
    }

    /// Depth first: what a type is made of comes before it. PostgreSQL allows no cycles among them.
    void need(Oid id) {
        const auto owner = owner_.find(id);
        if (owner == owner_.end() || !done_.insert(owner->second).second) {
            return;
        }
        const UserType& type = known(types_, owner->second);
        for (const Oid part : type.made_of) {
            need(part);
        }
        reading_.catalog.types.push_back(type.schema);
    }

    CatalogReading& reading_;
    std::map<Oid, UserType> types_;
    std::map<Oid, Oid> owner_;  ///< a type, its array or multirange to the type that makes them
    std::map<Oid, Oid> composites_;  ///< pg_class oid to type
    std::set<Oid> done_;
    std::set<Oid> row_types_;  ///< types of tables, views and the like, and their arrays
};

}  // namespace

void read_types(CatalogReading& reading) {
    TypeReading(reading).run();
}

}  // namespace cutover::postgres
