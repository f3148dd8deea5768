#include "verify/postgres/catalog.h"

#include <charconv>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "verify/postgres/decode.h"
#include "verify/postgres/type.h"

namespace cutover::verify {

namespace {

using postgres::Connection;
using postgres::quote_identifier;

using Oid = std::uint32_t;

Oid oid_at(const postgres::Result& result, int row, int column) {
    return result.is_null(row, column) ? 0 : static_cast<Oid>(result.integer(row, column));
}

std::vector<std::uint64_t> numbers(std::string_view list) {
    std::vector<std::uint64_t> out;
    const char* at = list.data();
    const char* const end = at + list.size();
    while (at < end) {
        std::uint64_t value = 0;
        const auto [next, error] = std::from_chars(at, end, value);
        if (error == std::errc()) {
            out.push_back(value);
        }
        at = next + 1;
    }
    return out;
}

std::vector<std::string> names(const std::string& list) {
    std::vector<std::string> out;
    std::istringstream in(list);
    for (std::string name; std::getline(in, name, '\x1f');) {
        out.push_back(std::move(name));
    }
    return out;
}

/// Our sessions set lc_monetary themselves; what the bytes of an amount mean depends on the
/// database's own setting.
WireReading read_reading(Connection& connection) {
    WireReading reading;
    reading.infinite_intervals = connection.server_version() >= 170000;
    connection.exec("SET LOCAL lc_monetary TO DEFAULT");
    const std::int64_t one = connection.exec("SELECT cash_send(1::money)").big_endian(0, 0);
    connection.exec("SET LOCAL lc_monetary = 'C'");
    reading.money_digits = 0;
    for (std::int64_t units = one; units >= 10; units /= 10) {
        ++reading.money_digits;
    }
    return reading;
}

WireTypes read_types(Connection& connection) {
    const bool multiranges = connection.server_version() >= 140000;
    const std::string subtype = multiranges ? "COALESCE(r.rngsubtype, m.rngtypid)" : "r.rngsubtype";
    const postgres::Result rows = connection.exec(
        "SELECT t.oid, format_type(t.oid, NULL), t.typtype,"
        " CASE WHEN t.typsend = 'array_send'::regproc THEN t.typelem ELSE 0 END, t.typbasetype, " +
        subtype +
        ", (SELECT string_agg(a.atttypid::text, ' ' ORDER BY a.attnum) FROM pg_attribute a"
        "   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),"
        " (SELECT string_agg(a.attname, '\x1f' ORDER BY a.attnum) FROM pg_attribute a"
        "   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)"
        " FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid" +
        (multiranges ? " LEFT JOIN pg_range m ON m.rngmultitypid = t.oid" : ""));
    std::vector<CatalogType> types;
    for (int row = 0; row < rows.rows(); ++row) {
        CatalogType type;
        type.oid = oid_at(rows, row, 0);
        type.name = rows.text(row, 1);
        type.kind = rows.get(row, 2).empty() ? 'b' : rows.get(row, 2)[0];
        type.element = oid_at(rows, row, 3);
        type.base = oid_at(rows, row, 4);
        type.subtype = oid_at(rows, row, 5);
        for (const std::uint64_t field : numbers(rows.get(row, 6))) {
            type.fields.push_back(static_cast<Oid>(field));
        }
        type.field_names = names(rows.text(row, 7));
        types.push_back(std::move(type));
    }
    return WireTypes(std::move(types), read_reading(connection));
}

KeyOrder key_order(Wire wire, bool utf8) {
    switch (wire) {
        case Wire::int16:
        case Wire::int32:
        case Wire::int64:
        case Wire::date:
        case Wire::time:
        case Wire::local_time:
        case Wire::instant:
            return KeyOrder::integer;
        case Wire::boolean:
        case Wire::uint32:
        case Wire::uint64:
        case Wire::uuid:
        case Wire::bytes:
            return KeyOrder::bytes;
        case Wire::numeric:
        case Wire::money:  // the ends may count in other units
            return KeyOrder::numeric;
        case Wire::text:
            return utf8 ? KeyOrder::bytes : KeyOrder::none;
        case Wire::padded_text:
            return utf8 ? KeyOrder::padded_text : KeyOrder::none;
        default:
            return KeyOrder::none;
    }
}

constexpr Oid kSingleByte = 18;  // "char"

struct ColumnRow {
    std::string name;
    std::string type;
    Oid type_id = 0;
    bool nullable = true;
    bool generated = false;
    bool bytewise = false;  ///< the collation is C, so that the index is in byte order
};

/// What the type itself prints. A cast to text may be a user's function that prints less.
std::string printed(const std::string& column) {
    return "CASE WHEN num_nulls(" + column + ") = 0 THEN format('%s', " + column + ") END";
}

ColumnShape column_shape(const ColumnRow& row, const WireTypes& types, bool utf8) {
    const WireTypePtr wire = types.find(row.type_id);
    ColumnShape column;
    column.name = row.name;
    column.type = row.type;
    column.nullable = row.nullable;
    column.generated = row.generated;
    column.decoder = postgres_decoder(wire);
    column.read_as_text = wire->wire == Wire::via_text;
    column.key_order = key_order(wire->wire, utf8);
    const bool text = wire->wire == Wire::text || wire->wire == Wire::padded_text;
    const bool plain_text = row.type_id == 25 || row.type_id == 1043;
    column.ordered_scan = text ? plain_text && row.bytewise : column.key_order != KeyOrder::none;
    if (wire->wire == Wire::money) {
        column.ordered_scan =
            false;  // our session's lc_monetary may read another amount than is stored
    }
    column.order_by = quote_identifier(row.name);
    const bool of_user = row.type_id >= kFirstUserOid && wire->wire != Wire::padded_text;
    column.as_text = of_user ? printed(column.order_by) : column.order_by + "::text";
    if (row.type_id == kSingleByte) {
        return column;  // no collation applies, and its text form changed in version 16
    }
    if (text && !column.ordered_scan) {
        column.order_by = column.as_text + " COLLATE \"C\"";
    }
    return column;
}

/// Conditions on relation `c` in namespace `n`: it is not the server's own, not ours, not an
/// extension's.
const std::string kOfUsers =
    "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'cutover')"
    " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    "  AND d.objid = c.oid AND d.deptype = 'e')";

/// Sizes as the server last noted them: asking for the present size waits for whatever has locked
/// the table, even if nobody wants to compare that table.
std::string tables_sql() {
    return "SELECT c.oid, n.nspname, c.relname, c.relkind = 'p', c.reltuples::bigint,"
           " (c.relpages + coalesce(t.relpages, 0))::bigint *"
           " current_setting('block_size')::bigint, rn.nspname, rc.relname, " +
           postgres::identity_sql("c") +
           ""
           " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
           " LEFT JOIN pg_class t ON t.oid = c.reltoastrelid"
           " LEFT JOIN pg_class rc ON c.relispartition AND rc.oid = pg_partition_root(c.oid)"
           " LEFT JOIN pg_namespace rn ON rn.oid = rc.relnamespace"
           " WHERE c.relkind IN ('r', 'p', 'f') AND " +
           kOfUsers + " ORDER BY n.nspname, c.relname";
}

/// Whether a collation of this provider and these locales has its indexes in byte order. A database
/// or collation with the ICU provider may also have a libc locale, often C, which its text does not
/// follow.
std::string bytewise_sql(const std::string& provider, const std::string& libc_locale,
                         const std::string& builtin_locale) {
    const std::string libc = libc_locale + " IN ('C', 'POSIX')";
    if (provider.empty()) {
        return libc;
    }
    // The server's builtin locales all sort by code points, which in UTF-8 is the order of the
    // bytes.
    return "CASE " + provider + " WHEN 'c' THEN " + libc +
           (builtin_locale.empty()
                ? ""
                : " WHEN 'b' THEN " + builtin_locale + " IN ('C', 'C.UTF-8', 'PG_UNICODE_FAST')") +
           " ELSE false END";
}

/// Whether no row of the relation can have a NULL there. From version 18 on, attnotnull only says
/// that there is a constraint, even if it was never validated for older rows.
std::string never_null_sql(int version, const std::string& attribute) {
    const std::string declared = attribute + ".attnotnull";
    if (version < 180000) {
        return declared;
    }
    return "(" + declared +
           " AND NOT EXISTS (SELECT 1 FROM pg_constraint nn WHERE nn.conrelid = " + attribute +
           ".attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[" + attribute +
           ".attnum] AND NOT nn.convalidated))";
}

std::string columns_sql(int version) {
    const bool providers = version >= 150000;  // of databases; before, libc was the only one
    const bool builtin = version >= 170000;
    const std::string of_database = bytewise_sql(providers ? "d.datlocprovider" : "",
                                                 "d.datcollate", builtin ? "d.datlocale" : "");
    const std::string of_column =
        bytewise_sql("co.collprovider", "co.collcollate", builtin ? "co.colllocale" : "");
    return "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid,"
           " NOT " +
           never_null_sql(version, "a") +
           ", a.attgenerated <> '', coalesce(CASE co.collprovider WHEN 'd' THEN"
           "  (SELECT " +
           of_database + " FROM pg_database d WHERE d.datname = current_database())" + " ELSE " +
           of_column +
           " END, false)"
           " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
           " LEFT JOIN pg_collation co ON co.oid = a.attcollation"
           " WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped"
           " AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, "
           "'information_schema'::regnamespace,"
           " 'pg_toast'::regnamespace)"
           " ORDER BY a.attrelid, a.attnum";
}

/// Positions in the list of live columns, not attribute numbers: dropped columns leave holes.
std::string keys_sql(int version) {
    return "SELECT i.indrelid, string_agg((SELECT count(*) FROM pg_attribute b WHERE b.attrelid = "
           "i.indrelid"
           "  AND b.attnum > 0 AND b.attnum < k.attnum AND NOT b.attisdropped)::text, ' ' ORDER BY "
           "k.at)"
           " FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, at)"
           " WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL"
           " AND k.at <= i.indnkeyatts"
           " GROUP BY i.indexrelid, i.indrelid, i.indisprimary"
           " HAVING bool_and((SELECT " +
           never_null_sql(version, "a") +
           " FROM pg_attribute a WHERE a.attrelid = i.indrelid"
           "  AND a.attnum = k.attnum))"
           " ORDER BY i.indrelid, i.indisprimary DESC, count(*), i.indexrelid";
}

using Shapes = std::map<Oid, TableShape>;

void read_columns(Connection& connection, Shapes& shapes) {
    const WireTypes types = read_types(connection);
    const bool utf8 = connection.exec("SHOW server_encoding").get(0, 0) == "UTF8";
    const postgres::Result rows = connection.exec(columns_sql(connection.server_version()));
    for (int row = 0; row < rows.rows(); ++row) {
        const auto table = shapes.find(oid_at(rows, row, 0));
        if (table == shapes.end()) {
            continue;
        }
        ColumnRow column;
        column.name = rows.text(row, 1);
        column.type = rows.text(row, 2);
        column.type_id = oid_at(rows, row, 3);
        column.nullable = rows.boolean(row, 4);
        column.generated = rows.boolean(row, 5);
        column.bytewise = rows.boolean(row, 6);
        table->second.columns.push_back(column_shape(column, types, utf8));
    }
}

void read_keys(Connection& connection, Shapes& shapes) {
    const postgres::Result rows = connection.exec(keys_sql(connection.server_version()));
    for (int row = 0; row < rows.rows(); ++row) {
        const auto table = shapes.find(oid_at(rows, row, 0));
        if (table == shapes.end()) {
            continue;
        }
        std::vector<std::size_t> columns;
        for (const std::uint64_t at : numbers(rows.get(row, 1))) {
            columns.push_back(at);
        }
        table->second.unique_keys.push_back(std::move(columns));
    }
}

/// A partitioned table has no size of its own and often no estimate.
void sum_partitions(std::vector<TableShape>& tables) {
    std::map<model::ObjectName, TableShape*> roots;
    for (TableShape& table : tables) {
        roots[table.name] = &table;
    }
    for (const TableShape& table : tables) {
        const auto root = roots.find(table.root);
        if (!table.partitioned && root != roots.end() && root->second != &table) {
            root->second->estimated_rows += table.estimated_rows;
            root->second->estimated_bytes += table.estimated_bytes;
        }
    }
}

}  // namespace

std::vector<TableShape> read_postgres_tables(Connection& connection,
                                             const plan::ObjectSelection* selection) {
    Shapes shapes;
    const postgres::Result rows = connection.exec(tables_sql());
    for (int row = 0; row < rows.rows(); ++row) {
        TableShape table;
        table.name = {rows.text(row, 1), rows.text(row, 2)};
        table.partitioned = rows.boolean(row, 3);
        table.identity = rows.text(row, 8);
        const std::int64_t estimate = table.partitioned ? 0 : rows.integer(row, 4);
        table.estimated_rows = static_cast<std::uint64_t>(estimate < 0 ? 0 : estimate);
        table.estimated_bytes =
            rows.is_null(row, 5) ? 0 : static_cast<std::uint64_t>(rows.integer(row, 5));
        if (!rows.is_null(row, 7)) {
            table.root = {rows.text(row, 6), rows.text(row, 7)};
        }
        if (selection == nullptr || selection->selects(table.name)) {
            shapes.emplace(oid_at(rows, row, 0), std::move(table));
        }
    }
    read_columns(connection, shapes);
    read_keys(connection, shapes);
    std::vector<TableShape> tables;
    for (auto& [oid, table] : shapes) {
        tables.push_back(std::move(table));
    }
    sum_partitions(tables);
    return tables;
}

std::vector<LeftOut> read_postgres_left_out(Connection& connection) {
    // Our schema says so in its comment, in whatever format; the comment of another role's schema
    // may say anything.
    const postgres::Result rows = connection.exec(
        "SELECT n.nspname, c.relname, x.extname FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid"
        "  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'"
        " LEFT JOIN pg_extension x ON x.oid = d.refobjid"
        " WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_'"
        " AND n.nspname <> 'information_schema' AND (x.extname IS NOT NULL OR (n.nspname = "
        "'cutover' AND (NOT " +
        postgres::trusted_sql("n.nspowner") +
        " OR NOT coalesce(starts_with(obj_description(n.oid, 'pg_namespace'), " +
        connection.quote_literal(postgres::kControlCommentOfAnyFormat) +
        "), false))))"
        " ORDER BY x.extname, n.nspname, c.relname");
    std::vector<LeftOut> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({{rows.text(row, 0), rows.text(row, 1)},
                       rows.is_null(row, 2)
                           ? "tables of a schema that has the name of the migrator's own"
                           : "tables of the extension " + rows.text(row, 2)});
    }
    return out;
}

std::vector<std::string> read_postgres_beside_tables(Connection& connection) {
    const postgres::Result rows = connection.exec(
        "SELECT count(*) || ' large objects', count(*) FROM pg_largeobject_metadata UNION ALL"
        " SELECT count(*) || ' materialized views with their rows', count(*) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND " +
        kOfUsers);
    std::vector<std::string> out;
    for (int row = 0; row < rows.rows(); ++row) {
        if (rows.integer(row, 1) != 0) {
            out.push_back(rows.text(row, 0));
        }
    }
    return out;
}

std::vector<model::ObjectName> read_postgres_sequences(Connection& connection) {
    const postgres::Result rows = connection.exec(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'S' AND NOT EXISTS (SELECT 1 FROM pg_depend o"
        "  WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid"
        "  AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')) AND " +
        kOfUsers + " ORDER BY n.nspname, c.relname");
    std::vector<model::ObjectName> sequences;
    for (int row = 0; row < rows.rows(); ++row) {
        sequences.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return sequences;
}

}  // namespace cutover::verify
