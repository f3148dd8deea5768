#include "migrator/engine/postgres/trust/own_objects.h"

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// One row for each thing that is not as we made it, with the owner of what is wrong as the last
/// column; the first row is reported. `c` are the relations of the schema, `n` is the schema.
std::string complaints_sql() {
    return R"(
WITH n AS (SELECT oid, nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'cutover'),
     c AS (SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, c.relrowsecurity
             FROM n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE c.relkind <> 'c')
SELECT 1 AS rank, '' AS relation, 'it belongs to another role' AS wrong, nspowner AS owner
  FROM n WHERE NOT )" +
           trusted_sql("nspowner") + R"(
UNION ALL SELECT 2, relname, 'belongs to another role', relowner FROM c WHERE NOT )" +
           trusted_sql("relowner") + R"(
UNION ALL SELECT 3, relname, 'is no table of the kind that it must be', relowner FROM c
 WHERE NOT (relkind IN ('r', 'i', 'S') OR (relkind = 'v' AND relname = 'applied_position'))
    OR relpersistence <> 'p'
UNION ALL SELECT 4, relname, 'has row security', relowner FROM c WHERE relrowsecurity
UNION ALL SELECT 5, c.relname, 'has the trigger ' || t.tgname, p.proowner
  FROM c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
UNION ALL SELECT 6, c.relname, 'has the rule ' || r.rulename, c.relowner
  FROM c JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
 WHERE c.relkind <> 'v' OR r.rulename <> '_RETURN'
UNION ALL SELECT 7, c.relname, 'inherits or is inherited from', c.relowner
  FROM c JOIN pg_catalog.pg_inherits h ON c.oid IN (h.inhrelid, h.inhparent)
UNION ALL SELECT 8, c.relname, 'has the column ' || a.attname || ' of another kind', t.typowner
  FROM c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE t.typtype <> 'b' OR t.oid >= 16384 OR t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace
    OR a.attgenerated <> ''
UNION ALL SELECT 9, c.relname, 'has the constraint ' || k.conname, c.relowner
  FROM c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype NOT IN ('p', 'u', 'n')
UNION ALL SELECT 10, c.relname, 'has a default that calls what others have made', c.relowner
  FROM c JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid
  JOIN pg_catalog.pg_depend u ON u.classid = 'pg_attrdef'::pg_catalog.regclass AND u.objid = d.oid
   AND u.refclassid <> 'pg_class'::pg_catalog.regclass
UNION ALL SELECT 11, c.relname, 'has an index that calls what others have made', c.relowner
  FROM c JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
 WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    OR EXISTS (SELECT FROM pg_catalog.unnest(i.indclass::oid[]) k (class) WHERE k.class >= 16384)
 ORDER BY 1, 2, 3 LIMIT 1)";
}

Error foreign_schema(const std::string& what, const std::string& owner) {
    return Error(
        ErrorClass::refused, "control.schema_foreign",
        "the destination's schema 'cutover' was not made by this program alone: " + what +
            (owner.empty() ? "" : " (of role '" + owner + "')"),
        "nothing of it was used; if tasks were begun with another account, go on with that "
        "one; else find out who has made it, and remove what is not ours or the schema");
}

const char* lock_mode(Hold hold) {
    switch (hold) {
        case Hold::read:
            return "ACCESS SHARE";
        case Hold::write:
            return "ROW EXCLUSIVE";
        case Hold::remove:
            return "SHARE ROW EXCLUSIVE";
    }
    return "SHARE ROW EXCLUSIVE";
}

}  // namespace

std::string trusted_sql(const std::string& owner) {
    return "coalesce((SELECT trusting.rolsuper OR trusting.rolname = current_user"
           " FROM pg_catalog.pg_roles trusting WHERE trusting.oid = " +
           owner + "), false)";
}

bool own_schema(Connection& connection) {
    const Result schema = connection.exec(
        "SELECT pg_catalog.obj_description(oid, 'pg_namespace'),"
        " pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace"
        " WHERE nspname = 'cutover'");
    if (schema.rows() == 0) {
        return false;
    }
    const Result wrong =
        connection.exec("SELECT relation, wrong, pg_catalog.pg_get_userbyid(owner) FROM (" +
                        complaints_sql() + ") q ORDER BY rank");
    if (wrong.rows() > 0) {
        const std::string relation = wrong.text(0, 0);
        throw foreign_schema(
            (relation.empty() ? "" : "cutover." + relation + " ") + wrong.text(0, 1),
            wrong.text(0, 2));
    }
    if (schema.get(0, 0) != kControlComment) {
        throw foreign_schema("it says nothing of this version's format", schema.text(0, 1));
    }
    return true;
}

bool schema_says_ours(Connection& connection) {
    const Result row = connection.exec_params(
        "SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'cutover'"
        " AND pg_catalog.starts_with(pg_catalog.obj_description(oid, 'pg_namespace'), $1)",
        {kControlCommentOfAnyFormat});
    return row.rows() > 0;
}

/// Holding one table is enough: the schema cannot be dropped without it.
bool hold_own_schema(Connection& connection, Hold hold) {
    if (!own_schema(connection)) {
        return false;
    }
    connection.exec(std::string("LOCK TABLE cutover.task IN ") + lock_mode(hold) + " MODE");
    return own_schema(connection);
}

bool own_schema_named(Connection& connection, const std::string& name) {
    const Result row = connection.exec_params(
        "SELECT " + trusted_sql("n.nspowner") +
            ", pg_catalog.pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace n"
            " WHERE n.nspname = $1",
        {name});
    if (row.rows() > 0 && !row.boolean(0, 0)) {
        throw Error(ErrorClass::refused, "capture.foreign",
                    "the source has a schema '" + name + "' of another role, '" + row.text(0, 1) +
                        "': it is not this task's",
                    "nothing of it was used; have that schema removed");
    }
    return row.rows() > 0;
}

std::optional<std::string> own_publication(Connection& connection, const std::string& name) {
    const Result row = connection.exec_params(
        "SELECT pg_catalog.obj_description(p.oid, 'pg_publication'), " + trusted_sql("p.pubowner") +
            ", pg_catalog.pg_get_userbyid(p.pubowner) FROM pg_catalog.pg_publication p"
            " WHERE p.pubname = $1",
        {name});
    if (row.rows() == 0) {
        return std::nullopt;
    }
    if (!row.boolean(0, 1)) {
        throw Error(ErrorClass::refused, "capture.foreign",
                    "the source has a publication '" + name + "' of another role, '" +
                        row.text(0, 2) + "': it is not this task's",
                    "nothing of it was used; go on with the account that has begun the task, give "
                    "the task another name, or have that publication removed");
    }
    return row.text(0, 0);
}

}  // namespace cutover::postgres
