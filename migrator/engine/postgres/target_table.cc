#include "migrator/engine/postgres/target_table.h"

#include <algorithm>
#include <map>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// A domain is followed down to its base type; its modifier is the last that is set.
constexpr const char* kColumns = R"(
WITH RECURSIVE down AS (
    SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier
      FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attnum, t.typbasetype, t.typtypmod
      FROM down d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd')
SELECT a.attname, format_type(d.type, d.modifier), a.attidentity = 'a',
       CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation::text END,
       t.typtype = 'e' OR EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
           WHERE m.amname = 'hash' AND o.opcdefault AND o.opcintype = t.oid)
         OR t.oid = 'varchar'::regtype
  FROM down d JOIN pg_type t ON t.oid = d.type AND t.typtype <> 'd'
  JOIN pg_attribute a ON a.attrelid = $1::regclass AND a.attnum = d.attnum)";

/// Unique indexes over plain columns with the equality operator of each column's operator class.
constexpr const char* kIndexes = R"(
SELECT i.indexrelid::bigint, i.indnkeyatts, a.attname,
       'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')'
  FROM pg_index i
 CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY k (attnum, class, at)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  JOIN pg_opclass c ON c.oid = k.class
  JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype
   AND p.amoprighttype = c.opcintype AND p.amopstrategy = 3
  JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
   AND i.indexprs IS NULL AND k.at <= i.indnkeyatts
 ORDER BY i.indexrelid, k.at)";

void read_columns(Connection& connection, const plan::TablePlan& plan, TargetTable& target) {
    const Result rows = connection.exec_params(kColumns, {target.name});
    std::map<std::string, TargetColumn> found;
    for (int row = 0; row < rows.rows(); ++row) {
        TargetColumn column;
        column.name = quote_identifier(rows.get(row, 0));
        column.type = rows.text(row, 1);
        column.identity_always = rows.boolean(row, 2);
        column.collation = rows.is_null(row, 3) ? "" : " COLLATE " + rows.text(row, 3);
        column.hashable = rows.boolean(row, 4);
        found.emplace(rows.text(row, 0), std::move(column));
    }
    for (const plan::ColumnPlan& column : plan.columns) {
        const auto at = found.find(column.destination_name);
        if (at == found.end()) {
            throw Error(ErrorClass::refused, "column.missing",
                        "destination table " + target.display + " has no column '" +
                            column.destination_name + "'",
                        "add the column, or exclude it in the task file");
        }
        target.columns.push_back(at->second);
    }
}

void read_key(Connection& connection, const plan::TablePlan& plan, TargetTable& target) {
    for (const plan::KeyColumn& column : plan.key.columns) {
        target.key.push_back(column.column);
        target.key_operators.emplace_back("OPERATOR(pg_catalog.=)");
    }
    if (target.keyless()) {
        return;
    }
    const Result rows = connection.exec_params(kIndexes, {target.name});
    std::map<std::int64_t, std::map<std::string, std::string>> indexes;
    for (int row = 0; row < rows.rows(); ++row) {
        if (static_cast<std::size_t>(rows.integer(row, 1)) == target.key.size()) {
            indexes[rows.integer(row, 0)][quote_identifier(rows.get(row, 2))] = rows.text(row, 3);
        }
    }
    for (const auto& [index, operators] : indexes) {
        const bool fits = std::all_of(target.key.begin(), target.key.end(),
                                      [&, &operators = operators](std::size_t column) {
                                          return operators.contains(target.columns[column].name);
                                      });
        if (fits) {
            target.key_indexed = true;
            for (std::size_t at = 0; at < target.key.size(); ++at) {
                target.key_operators[at] = operators.at(target.columns[target.key[at]].name);
            }
            return;
        }
    }
}

}  // namespace

bool TargetTable::in_key(std::size_t column) const {
    return std::find(key.begin(), key.end(), column) != key.end();
}

bool TargetTable::replaces_rows() const {
    for (std::size_t column = 0; column < columns.size(); ++column) {
        if (columns[column].identity_always && !in_key(column)) {
            return true;
        }
    }
    return false;
}

std::string TargetTable::column_list() const {
    std::string out;
    for (const TargetColumn& column : columns) {
        out += (out.empty() ? "" : ", ") + column.name;
    }
    return out;
}

TargetTable read_target(Connection& connection, const plan::TablePlan& table) {
    TargetTable target;
    target.display = table.destination.display();
    target.name = quote(table.destination);
    const Result kind = connection.exec_params(
        "SELECT c.relkind FROM pg_class c WHERE c.oid = to_regclass($1)", {target.name});
    if (kind.rows() == 0) {
        throw Error(ErrorClass::refused, "table.missing",
                    "the destination has no table " + target.display,
                    "create it, or select the schema phase");
    }
    target.only = kind.get(0, 0) == "p" ? "" : "ONLY ";
    read_columns(connection, table, target);
    read_key(connection, table, target);
    return target;
}

}  // namespace cutover::postgres
