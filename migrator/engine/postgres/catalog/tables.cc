// What belongs to a table: columns, keys, foreign keys, checks, indexes.
#include <utility>

#include "migrator/engine/postgres/catalog/parts.h"
#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/engine/postgres/trust/sql_text.h"

namespace cutover::postgres {

namespace {

/// The value of a column in rows that are older than the column is stored in an array of one
/// element: 24 bytes of header, then the value. Equality of citext folds case, whatever the
/// column's collation. From version 18 on, attnotnull only says that there is a constraint; older
/// rows may break it.
constexpr const char* kColumns = R"(
SELECT a.attrelid::bigint, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
       tn.nspname, t.typname, a.atttypid::bigint,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typsubscript = 'array_subscript_handler'::regproc
            THEN 'a' ELSE t.typtype END,
       NOT a.attnotnull OR EXISTS (SELECT FROM pg_constraint nn WHERE nn.conrelid = a.attrelid
         AND nn.contype = 'n' AND NOT nn.convalidated AND nn.conkey = ARRAY[a.attnum]),
       pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
       coalesce(c.collisdeterministic, true) AND t.typname <> 'citext'
         AND coalesce(b.typname <> 'citext', true),
       CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END,
       CASE WHEN a.atthasmissing THEN substring(array_send(a.attmissingval) FROM 25) END
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_collation c ON c.oid = a.attcollation
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum)";

/// A foreign key to a partitioned table has shadow rows for its partitions (their parent is on the
/// same table); these are not separate keys. A NOT NULL belongs to the column, unless older rows
/// may break it (version 18 and later).
constexpr const char* kConstraints = R"(
SELECT c.conrelid::bigint, c.conname, c.contype, array_to_string(c.conkey, ' '),
       pg_get_constraintdef(c.oid), c.condeferrable, c.conparentid <> 0 OR NOT c.conislocal,
       fn.nspname, f.relname,
       (SELECT string_agg(a.attname, E'\n' ORDER BY k.at) FROM unnest(c.confkey) WITH ORDINALITY k(num, at)
          JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)
  FROM pg_constraint c
  LEFT JOIN pg_class f ON f.oid = c.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
  LEFT JOIN pg_constraint up ON up.oid = c.conparentid
 WHERE c.conrelid = ANY ($1::oid[]) AND c.contype IN ('p', 'u', 'f', 'c', 'x', 'n')
   AND (c.contype <> 'n' OR NOT c.convalidated)
   AND (c.contype <> 'f' OR up.oid IS NULL OR up.conrelid <> c.conrelid)
 ORDER BY c.conrelid, c.contype <> 'p', c.conname)";

constexpr const char* kInheritance = R"(
SELECT i.inhrelid::bigint, n.nspname, p.relname
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid AND NOT c.relispartition
  JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
 WHERE i.inhrelid = ANY ($1::oid[]) ORDER BY i.inhrelid, i.inhseqno)";

/// The log contains the key columns of such an index, but not the columns that it only includes.
constexpr const char* kIdentityIndexes = R"(
SELECT x.indrelid::bigint, array_to_string(x.indkey[0:x.indnkeyatts - 1], ' ')
  FROM pg_index x WHERE x.indrelid = ANY ($1::oid[]) AND x.indisreplident)";

constexpr const char* kIndexes = R"(
SELECT x.indrelid::bigint, i.relname, pg_get_indexdef(x.indexrelid), x.indisunique,
       x.indexprs IS NULL AND x.indpred IS NULL,
       array_to_string(x.indkey[0:x.indnkeyatts - 1], ' '),
       EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = x.indexrelid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
 WHERE x.indrelid = ANY ($1::oid[]) AND (x.indisvalid OR i.relkind = 'I')
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid
                      AND c.conrelid = x.indrelid AND c.contype IN ('p', 'u', 'x'))
 ORDER BY x.indrelid, i.relname)";

model::TypeClass type_class(std::string_view letter) {
    switch (letter_of(letter)) {
        case 'a':
            return model::TypeClass::array;
        case 'b':
            return model::TypeClass::base;
        case 'e':
            return model::TypeClass::enumeration;
        case 'd':
            return model::TypeClass::domain;
        case 'c':
            return model::TypeClass::composite;
        case 'r':
            return model::TypeClass::range;
        case 'm':
            return model::TypeClass::multirange;
        default:
            return model::TypeClass::other;
    }
}

model::Identity identity(std::string_view letter) {
    if (letter.empty()) {
        return model::Identity::none;
    }
    return letter == "a" ? model::Identity::always : model::Identity::by_default;
}

model::ColumnSchema column_of(const Result& rows, int row) {
    model::ColumnSchema column;
    column.number = static_cast<std::uint32_t>(rows.integer(row, 1));
    column.name = rows.text(row, 2);
    column.type = one_piece(rows.text(row, 3), "the type of a column");
    column.type_name = {rows.text(row, 4), rows.text(row, 5)};
    column.type_id = static_cast<std::uint64_t>(rows.integer(row, 6));
    column.type_class = type_class(rows.get(row, 7));
    column.nullable = rows.boolean(row, 8);
    if (!rows.is_null(row, 9)) {
        (rows.get(row, 10).empty() ? column.default_expression : column.generated_expression) =
            one_piece(rows.text(row, 9), "the default of column " + column.name);
    }
    column.generated_virtual = rows.get(row, 10) == "v";
    column.identity = identity(rows.get(row, 11));
    column.collation = one_piece(rows.text(row, 12), "a collation");
    column.deterministic = rows.boolean(row, 13);
    if (!rows.is_null(row, 14)) {
        column.fill = model::ColumnFill{rows.text(row, 14), from_bytea(rows.get(row, 15))};
    }
    return column;
}

std::vector<std::string> lines(std::string text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out.push_back(text.substr(0, end));
        text = end == std::string::npos ? "" : text.substr(end + 1);
    }
    return out;
}

}  // namespace

void read_inheritance(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(kInheritance, {reading.oid_array});
    for (int row = 0; row < rows.rows(); ++row) {
        reading.table(rows.integer(row, 0))
            .inherits.push_back({rows.text(row, 1), rows.text(row, 2)});
    }
}

void read_old_row_columns(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(kIdentityIndexes, {reading.oid_array});
    for (int row = 0; row < rows.rows(); ++row) {
        const std::int64_t oid = rows.integer(row, 0);
        reading.table(oid).old_row_columns = reading.column_list(oid, rows.text(row, 1));
    }
}

void read_columns(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(kColumns, {reading.oid_array});
    for (int row = 0; row < rows.rows(); ++row) {
        model::TableSchema& table = reading.table(rows.integer(row, 0));
        const std::size_t index = known(reading.tables, rows.integer(row, 0));
        reading.columns[index][static_cast<int>(rows.integer(row, 1))] = table.columns.size();
        table.columns.push_back(column_of(rows, row));
    }
}

void read_constraints(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(kConstraints, {reading.oid_array});
    for (int row = 0; row < rows.rows(); ++row) {
        const std::int64_t oid = rows.integer(row, 0);
        model::TableSchema& table = reading.table(oid);
        const std::string name = rows.text(row, 1);
        const char kind = letter_of(rows.get(row, 2));
        std::vector<std::size_t> columns = reading.column_list(oid, rows.text(row, 3));
        const std::string definition =
            one_piece(rows.text(row, 4), "constraint " + name + " of " + table.name.display());
        const bool inherited = rows.boolean(row, 6);
        if (kind == 'p' || kind == 'u') {
            table.keys.push_back({name, std::move(columns), kind == 'p', rows.boolean(row, 5),
                                  definition, inherited});
        } else if (kind == 'f') {
            table.foreign_keys.push_back({name,
                                          std::move(columns),
                                          {rows.text(row, 7), rows.text(row, 8)},
                                          lines(rows.text(row, 9)),
                                          definition,
                                          inherited});
        } else if (kind == 'c' || kind == 'n') {
            table.checks.push_back({name, definition, inherited, kind == 'n'});
        } else {
            reading.catalog.others.push_back(
                {"exclusion constraint", {table.name.schema, table.name.name + "." + name}});
        }
    }
}

void read_indexes(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(kIndexes, {reading.oid_array});
    for (int row = 0; row < rows.rows(); ++row) {
        const std::int64_t oid = rows.integer(row, 0);
        model::IndexSchema index;
        index.name = rows.text(row, 1);
        index.definition = one_piece(rows.text(row, 2), "index " + index.name);
        index.unique = rows.boolean(row, 3);
        index.plain_columns = rows.boolean(row, 4);
        index.columns = reading.column_list(oid, rows.text(row, 5));
        index.inherited = rows.boolean(row, 6);
        reading.table(oid).indexes.push_back(std::move(index));
    }
}

}  // namespace cutover::postgres
