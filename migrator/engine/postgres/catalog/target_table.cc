#include "migrator/engine/postgres/catalog/target_table.h"

#include <algorithm>
#include <map>

#include "migrator/engine/postgres/trust/code_of_others.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kTargets = R"(
SELECT c.oid, u.at - 1, c.relkind
  FROM unnest($1::text[]) WITH ORDINALITY u (name, at) JOIN pg_class c ON c.oid = to_regclass(u.name))";

/// A domain is followed down to its base type; the last modifier that is set counts. Types whose
/// modifier is a length: character, character varying, bit, bit varying, and arrays of them.
constexpr const char* kTargetColumns = R"(
WITH RECURSIVE down AS (
    SELECT a.attrelid, a.attnum, a.atttypid AS type, a.atttypmod AS modifier
      FROM pg_attribute a
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attrelid, d.attnum, t.typbasetype, t.typtypmod
      FROM down d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd')
SELECT d.attrelid, a.attname, format_type(d.type, d.modifier), a.attidentity = 'a',
       CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation::text END,
       t.typtype = 'e' OR EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
           WHERE m.amname = 'hash' AND o.opcdefault AND o.opcintype = t.oid)
         OR t.oid = 'varchar'::regtype,
       format_type(d.type, CASE WHEN t.oid = ANY (l.types) OR t.typelem = ANY (l.types)
                                THEN -1 ELSE d.modifier END)
  FROM down d JOIN pg_type t ON t.oid = d.type AND t.typtype <> 'd'
  JOIN pg_attribute a ON a.attrelid = d.attrelid AND a.attnum = d.attnum
 CROSS JOIN (SELECT '{bpchar,varchar,bit,varbit}'::regtype[]::oid[]) l (types))";

/// Unique indexes over plain columns, with the equality operator of each column's operator class.
constexpr const char* kTargetIndexes = R"(
SELECT i.indrelid, i.indexrelid::bigint, i.indnkeyatts, a.attname,
       'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')'
  FROM pg_index i
 CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY k (attnum, class, at)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  JOIN pg_opclass c ON c.oid = k.class
  JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype
   AND p.amoprighttype = c.opcintype AND p.amopstrategy = 3
  JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
   AND i.indexprs IS NULL AND k.at <= i.indnkeyatts
 ORDER BY i.indexrelid, k.at)";

/// Maps the rows of a result to tables, by object id.
using RowsOf = std::map<std::int64_t, std::vector<int>>;

RowsOf rows_by_table(const Result& result) {
    RowsOf out;
    for (int row = 0; row < result.rows(); ++row) {
        out[result.integer(row, 0)].push_back(row);
    }
    return out;
}

void take_columns(const Result& rows, const std::vector<int>& own, const plan::TablePlan& plan,
                  TargetTable& target) {
    std::map<std::string, TargetColumn> found;
    for (const int row : own) {
        TargetColumn column;
        column.name = quote_identifier(rows.get(row, 1));
        column.type = rows.text(row, 2);
        column.identity_always = rows.boolean(row, 3);
        column.collation = rows.is_null(row, 4) ? "" : " COLLATE " + rows.text(row, 4);
        column.hashable = rows.boolean(row, 5);
        column.parameter_type = rows.text(row, 6);
        found.emplace(rows.text(row, 1), std::move(column));
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

void take_key(const Result& rows, const std::vector<int>& own, const plan::TablePlan& plan,
              TargetTable& target) {
    for (const plan::KeyColumn& column : plan.key.columns) {
        target.key.push_back(column.column);
        target.key_operators.emplace_back("OPERATOR(pg_catalog.=)");
    }
    if (target.keyless()) {
        return;
    }
    std::map<std::int64_t, std::map<std::string, std::string>> indexes;
    for (const int row : own) {
        if (static_cast<std::size_t>(rows.integer(row, 2)) == target.key.size()) {
            indexes[rows.integer(row, 1)][quote_identifier(rows.get(row, 3))] = rows.text(row, 4);
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

Error no_table(const TargetTable& target) {
    return Error(ErrorClass::refused, "table.missing",
                 "the destination has no table " + target.display,
                 "create it, or select the schema phase");
}

void require_table(const TargetTable& target, std::string_view kind) {
    if (kind != "r" && kind != "p" && kind != "f") {
        throw Error(ErrorClass::refused, "table.kind",
                    target.display + " is not a table at the destination",
                    "remove what has the name there, or map the table to another one");
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

std::string TargetTable::typed_columns() const {
    std::string out;
    for (const TargetColumn& column : columns) {
        out += (out.empty() ? "" : ", ") + column.name + " " + column.type + column.collation;
    }
    return out;
}

std::vector<TargetTable> read_targets(Connection& connection,
                                      const std::vector<const plan::TablePlan*>& tables) {
    std::vector<TargetTable> targets(tables.size());
    std::vector<std::string> names;
    for (std::size_t at = 0; at < tables.size(); ++at) {
        targets[at].display = tables[at]->destination.display();
        targets[at].quoted = quote(tables[at]->destination);
        names.push_back(targets[at].quoted);
    }
    const Result there = connection.exec_params(kTargets, {array_literal(names)});
    std::vector<std::int64_t> ids(tables.size());
    std::vector<std::string> found;
    std::set<std::size_t> foreign;
    for (int row = 0; row < there.rows(); ++row) {
        const std::size_t at = there.index(row, 1, tables.size());
        ids[at] = there.integer(row, 0);
        require_table(targets[at], there.get(row, 2));
        targets[at].only = there.get(row, 2) == "p" ? "" : "ONLY ";
        if (there.get(row, 2) == "f") {
            foreign.insert(at);  // takes no lock
        }
        found.push_back(there.text(row, 0));
    }
    look_for_code_of_others(connection, names);
    const std::set<std::string> open = open_to_others(connection, names);
    const Result columns = connection.exec_params(kTargetColumns, {array_literal(found)});
    const Result indexes = connection.exec_params(kTargetIndexes, {array_literal(found)});
    RowsOf own_columns = rows_by_table(columns);
    RowsOf own_indexes = rows_by_table(indexes);
    for (std::size_t at = 0; at < tables.size(); ++at) {
        if (ids[at] == 0) {
            throw no_table(targets[at]);
        }
        targets[at].open_to_others = open.contains(targets[at].quoted) && !foreign.contains(at);
        take_columns(columns, own_columns[ids[at]], *tables[at], targets[at]);
        take_key(indexes, own_indexes[ids[at]], *tables[at], targets[at]);
    }
    return targets;
}

TargetTable read_target(Connection& connection, const plan::TablePlan& table) {
    return std::move(read_targets(connection, {&table}).front());
}

}  // namespace cutover::postgres
