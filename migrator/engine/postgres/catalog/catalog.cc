#include "migrator/engine/postgres/catalog/catalog.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "migrator/engine/postgres/catalog/parts.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "migrator/engine/postgres/trust/sql_text.h"

namespace cutover::postgres {

namespace {

/// relkind r: tables and leaves; p: partitioned roots and branches. Tables of an extension belong
/// to the extension and are left out.
constexpr const char* kTables = R"(
SELECT c.oid::bigint, n.nspname, c.relname, c.relkind = 'p', c.relpersistence, c.relreplident,
       c.reltuples::bigint, CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid) ELSE 0 END,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       (SELECT i.inhparent::bigint FROM pg_inherits i
         WHERE i.inhrelid = c.oid AND c.relispartition LIMIT 1),
       c.relrowsecurity, c.relforcerowsecurity, am.amname,
       coalesce(pg_relation_filenode(c.oid), 0)::bigint, c.relnatts, )";

constexpr const char* kFromTables = R"(
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am am ON am.oid = c.relam
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND )";

constexpr const char* kNotOfExtension =
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    " AND d.objid = c.oid AND d.deptype = 'e') ORDER BY n.nspname, c.relname";

enum TableField {
    kOid,
    kSchema,
    kName,
    kPartitioned,
    kPersistence,
    kIdentity,
    kRows,
    kSize,
    kPartitionKey,
    kBound,
    kParent,
    kRowSecurity,
    kForcedRowSecurity,
    kAccessMethod,
    kFile,
    kColumnsMade,
    kTableIdentity
};

constexpr std::uint64_t kGuessedRowBytes = 100;  // for a table that was never analyzed

/// Derived from the replica identity.
model::OldRows old_rows(std::string_view letter) {
    switch (letter_of(letter)) {
        case 'f':
            return model::OldRows::whole;
        case 'i':
            return model::OldRows::columns;
        case 'n':
            return model::OldRows::nothing;
        default:
            return model::OldRows::primary_key;
    }
}

model::RowSecurity row_security(const Result& rows, int row) {
    if (!rows.boolean(row, kRowSecurity)) {
        return model::RowSecurity::none;
    }
    return rows.boolean(row, kForcedRowSecurity) ? model::RowSecurity::owner_too
                                                 : model::RowSecurity::others;
}

model::TableSchema table_of(const Result& rows, int row) {
    model::TableSchema table;
    table.name = {rows.text(row, kSchema), rows.text(row, kName)};
    if (!rows.is_null(row, kPartitionKey)) {
        table.partition_key =
            one_piece(rows.text(row, kPartitionKey), "the partitions of " + table.name.display());
    }
    table.old_rows = old_rows(rows.get(row, kIdentity));
    table.size = {static_cast<std::uint64_t>(rows.integer(row, kSize))};
    table.identity = rows.text(row, kTableIdentity);
    table.number = static_cast<std::uint64_t>(rows.integer(row, kOid));
    table.rows_file = rows.text(row, kFile);
    table.columns_made = static_cast<std::uint32_t>(rows.integer(row, kColumnsMade));
    const std::int64_t estimate = rows.integer(row, kRows);
    table.estimated_rows = {estimate >= 0 && (estimate > 0 || table.size.count == 0)
                                ? static_cast<std::uint64_t>(estimate)
                                : table.size.count / kGuessedRowBytes};
    table.logged = rows.get(row, kPersistence) != "u";
    table.row_security = row_security(rows, row);
    const std::string access_method = rows.text(row, kAccessMethod);
    table.storage = access_method == "heap" ? "" : access_method;
    return table;
}

/// Every user table, selected or not, with its place in a tree of partitions.
struct Candidate {
    int row = 0;
    Oid oid = 0;
    Oid parent = 0;
    model::ObjectName name;
    int depth = 0;
    bool selected = false;
};

class Selector {
public:
    Selector(const Result& rows, const plan::ObjectSelection& selection)
        : selection_(selection), exclusion_{{}, selection.exclude} {
        for (int row = 0; row < rows.rows(); ++row) {
            Candidate candidate;
            candidate.row = row;
            candidate.oid = static_cast<Oid>(rows.integer(row, kOid));
            candidate.parent =
                rows.is_null(row, kParent) ? 0 : static_cast<Oid>(rows.integer(row, kParent));
            candidate.name = {rows.text(row, kSchema), rows.text(row, kName)};
            by_oid_[candidate.oid] = candidates_.size();
            candidates_.push_back(std::move(candidate));
        }
        for (Candidate& candidate : candidates_) {
            place(candidate);
        }
    }

    /// The selected tables: parents before their partitions, otherwise by name.
    std::vector<Candidate> selected() const {
        std::vector<Candidate> out;
        std::copy_if(candidates_.begin(), candidates_.end(), std::back_inserter(out),
                     [](const Candidate& candidate) { return candidate.selected; });
        std::stable_sort(out.begin(), out.end(),
                         [](const Candidate& a, const Candidate& b) { return a.depth < b.depth; });
        return out;
    }
    const Candidate& of(Oid oid) const { return candidates_[known(by_oid_, oid)]; }

private:
    /// A partition is selected by its own name or by the name of a parent, unless it is excluded
    /// itself.
    void place(Candidate& candidate) {
        candidate.selected = selection_.selects(candidate.name);
        Oid parent = candidate.parent;
        while (parent != 0) {
            const Candidate& above = candidates_[known(by_oid_, parent)];
            if (++candidate.depth > static_cast<int>(candidates_.size())) {
                throw model::Error(model::ErrorClass::corrupt, "catalog.cycle",
                                   "table " + candidate.name.display() +
                                       " is, by the catalog, a partition of itself",
                                   "the server's catalog is damaged");
            }
            candidate.selected = candidate.selected || (selection_.selects(above.name) &&
                                                        exclusion_.selects(candidate.name));
            parent = above.parent;
        }
    }

    const plan::ObjectSelection& selection_;
    plan::ObjectSelection exclusion_;
    std::vector<Candidate> candidates_;
    std::unordered_map<Oid, std::size_t> by_oid_;
};

void name_schemas(model::Catalog& catalog) {
    std::set<std::string> schemas;
    for (const model::TableSchema& table : catalog.tables) {
        schemas.insert(table.name.schema);
    }
    for (const model::TypeSchema& type : catalog.types) {
        schemas.insert(type.name.schema);
    }
    for (const model::SequenceSchema& sequence : catalog.sequences) {
        schemas.insert(sequence.name.schema);
    }
    catalog.schemas.assign(schemas.begin(), schemas.end());
}

}  // namespace

std::string array_of(const std::vector<Oid>& oids) {
    std::string out = "{";
    for (const Oid oid : oids) {
        out += (out.size() == 1 ? "" : ",") + std::to_string(oid);
    }
    return out + "}";
}

model::TableSchema& CatalogReading::table(std::int64_t oid) {
    return catalog.tables[known(tables, oid)];
}

std::vector<std::size_t> CatalogReading::column_list(std::int64_t oid,
                                                     const std::string& numbers) const {
    const auto& there = columns[known(tables, oid)];
    std::vector<std::size_t> out;
    std::size_t at = 0;
    while (at < numbers.size()) {
        const std::size_t end = std::min(numbers.find(' ', at), numbers.size());
        int number = 0;
        std::from_chars(numbers.data() + at, numbers.data() + end, number);
        const auto column = there.find(number);
        if (column != there.end()) {
            out.push_back(column->second);
        }
        at = end + 1;
    }
    return out;
}

void read_tables(CatalogReading& reading) {
    const Result rows = reading.connection.exec(kTables + identity_sql("c") + kFromTables +
                                                kUserSchema + kNotOfExtension);
    const Selector selector(rows, reading.selection);
    for (const Candidate& candidate : selector.selected()) {
        model::TableSchema table = table_of(rows, candidate.row);
        if (candidate.parent != 0) {
            table.partition_of = model::PartitionSchema{
                selector.of(candidate.parent).name,
                one_piece(rows.text(candidate.row, kBound), "a partition's bound")};
        }
        reading.tables[candidate.oid] = reading.catalog.tables.size();
        reading.oids.push_back(candidate.oid);
        reading.catalog.tables.push_back(std::move(table));
    }
    reading.columns.resize(reading.oids.size());
    reading.oid_array = array_of(reading.oids);
}

namespace {

/// Our sessions set lc_monetary themselves (opening.cc); what the bytes of an amount mean depends
/// on the database's own setting.
int read_money_digits(Connection& connection) {
    connection.exec("SET LOCAL lc_monetary TO DEFAULT");
    const std::int64_t unit = connection.exec("SELECT cash_send(1::money)").big_endian(0, 0);
    connection.exec("SET LOCAL lc_monetary = 'C'");
    int digits = 0;
    for (std::int64_t rest = unit; rest >= 10; rest /= 10) {
        ++digits;
    }
    return digits;
}

}  // namespace

model::Catalog read_catalog(Connection& connection, const plan::ObjectSelection& selection) {
    connection.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    try {
        CatalogReading reading{connection, selection, {}, {}, {}, {}, {}};
        reading.catalog.server_version = connection.server_version() / 10000;
        reading.catalog.money_digits = read_money_digits(connection);
        reading.catalog.encoding = connection.exec("SHOW server_encoding").text(0, 0);
        read_tables(reading);
        read_inheritance(reading);
        read_columns(reading);
        read_constraints(reading);
        read_indexes(reading);
        read_old_row_columns(reading);
        read_sequences(reading);
        read_types(reading);
        name_schemas(reading.catalog);
        read_needs(reading);
        read_others(reading);
        connection.exec("COMMIT");
        return std::move(reading.catalog);
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace cutover::postgres
