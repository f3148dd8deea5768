#include "migrator/engine/postgres/trust/code_of_others.h"

#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// The relations: `c` (oid, relation, owner). $1: the names.
constexpr const char* kRelations = R"(
c AS (SELECT DISTINCT u.name, r.oid, r.oid::regclass::text AS relation, r.relowner AS owner, r.relacl AS acl
        FROM unnest($1::text[]) u (name)
       CROSS JOIN LATERAL (SELECT b.oid AS root FROM pg_class b JOIN pg_namespace n ON n.oid = b.relnamespace
                            WHERE n.nspname = (parse_ident(u.name))[1] AND b.relname = (parse_ident(u.name))[2]) b
       CROSS JOIN LATERAL (SELECT b.root AS oid UNION SELECT t.relid::oid FROM pg_partition_tree(b.root) t) p
        JOIN pg_class r ON r.oid = p.oid))";

/// What has been put on the relations, and the functions that it calls. The server's own functions
/// are not in pg_depend and are not asked about; nor are triggers and rules that this session does
/// not fire.
constexpr const char* kActing = R"(
mode AS (SELECT CASE current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END::"char" AS letter),
parts AS (
    SELECT c.relation, concat('constraint ', quote_ident(k.conname)) AS what, 'pg_constraint'::regclass AS class,
           k.oid FROM c JOIN pg_constraint k ON k.conrelid = c.oid
    UNION ALL
    SELECT c.relation, concat('default of column ', quote_ident(a.attname)), 'pg_attrdef'::regclass, d.oid
      FROM c JOIN pg_attrdef d ON d.adrelid = c.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum
    UNION ALL
    SELECT c.relation, concat('index ', x.indexrelid::regclass), 'pg_class'::regclass, x.indexrelid
      FROM c JOIN pg_index x ON x.indrelid = c.oid
    UNION ALL
    SELECT c.relation, concat('domain of column ', quote_ident(a.attname)), 'pg_constraint'::regclass, k.oid
      FROM c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      JOIN pg_constraint k ON k.contypid = a.atttypid),
calls AS (
    SELECT p.relation, p.what, coalesce(o.oprcode::oid, d.refobjid) AS function
      FROM parts p JOIN pg_depend d ON d.classid = p.class AND d.objid = p.oid
       AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
      LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    UNION ALL
    SELECT c.relation, concat('trigger ', quote_ident(t.tgname)), t.tgfoid
      FROM c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
       AND t.tgenabled IN ('A', (SELECT letter FROM mode))),
acting AS (
    SELECT DISTINCT a.relation, a.what, f.proowner AS owner FROM calls a JOIN pg_proc f ON f.oid = a.function
    UNION ALL
    SELECT c.relation, concat('rule ', quote_ident(r.rulename)), c.owner
      FROM c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.ev_enabled IN ('A', (SELECT letter FROM mode))))";

std::string acting_sql() {
    return std::string("WITH ") + kRelations + "," + kActing +
           " SELECT relation, what, pg_get_userbyid(owner) FROM acting WHERE NOT " +
           trusted_sql("acting.owner") + " ORDER BY 1, 2";
}

std::string open_sql() {
    return std::string("WITH ") + kRelations + " SELECT DISTINCT c.name FROM c WHERE NOT " +
           trusted_sql("c.owner") +
           " OR EXISTS (SELECT FROM aclexplode(c.acl) a WHERE a.privilege_type = 'TRIGGER'"
           " AND NOT " +
           trusted_sql("a.grantee") + ")";
}

}  // namespace

std::vector<CodeOfOthers> code_of_others(Connection& connection,
                                         const std::vector<std::string>& tables) {
    const Result rows = connection.exec_params(acting_sql(), {array_literal(tables)});
    std::vector<CodeOfOthers> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)});
    }
    return out;
}

std::set<std::string> open_to_others(Connection& connection,
                                     const std::vector<std::string>& tables) {
    const Result rows = connection.exec_params(open_sql(), {array_literal(tables)});
    std::set<std::string> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.insert(rows.text(row, 0));
    }
    return out;
}

void look_for_code_of_others(Connection& connection, const std::vector<std::string>& tables) {
    const std::vector<CodeOfOthers> acting = code_of_others(connection, tables);
    if (acting.empty()) {
        return;
    }
    const CodeOfOthers& first = acting.front();
    throw Error(ErrorClass::refused, "destination.code_of_others",
                first.what + " of destination table " + first.table + " would run code of role '" +
                    first.owner + "' with the rights of the task's account",
                "drop it, or have its function (a rule: its table) belong to the task's account or "
                "to a superuser");
}

void require_no_code_of_others(Connection& connection, const std::string& table) {
    connection.exec("LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE");
    look_for_code_of_others(connection, {table});
}

}  // namespace cutover::postgres
