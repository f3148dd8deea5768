#include "migrator/engine/postgres/trust/statement_guard.h"

#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/engine/postgres/trust/sql_text.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// The server's own functions are harmless if they only compute. Counted as such are, of those in
/// its source (not replaced, not added), the immutable ones, most of the stable ones, and a few
/// that return a number or the time.
constexpr const char* kOwnHarmless = R"(
 p.oid < 16384 AND p.proowner = 10 AND p.prokind IN ('f', 'a')
 AND p.prolang IN (SELECT l.oid FROM pg_language l WHERE l.lanname IN ('internal', 'sql') AND l.oid < 16384)
 AND (p.provolatile = 'i'
      OR (p.provolatile = 's' AND p.proname !~ '(_to_xml|_to_xmlschema|_to_xml_and_xmlschema)$'
          AND (p.proname !~ '^(pg|lo|has|inet)_' OR p.proname IN ('pg_typeof', 'pg_column_size')))
      OR p.proname IN ('nextval', 'currval', 'lastval', 'random', 'random_normal', 'clock_timestamp',
                       'timeofday', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'txid_current',
                       'pg_current_xact_id')))";

/// $1, $2: schemas and names. An empty schema stands for the server's own.
std::string harmful_sql() {
    return R"(
WITH named AS (SELECT coalesce(nullif(u.schema, ''), 'pg_catalog') AS schema, u.name
                 FROM unnest($1::text[], $2::text[]) u (schema, name)),
     found AS (SELECT n.oid, d.name, n.nspname = 'pg_catalog' AS own
                 FROM named d JOIN pg_namespace n ON n.nspname = d.schema)
SELECT 'function ' || p.oid::regprocedure::text, pg_get_userbyid(p.proowner), f.own
  FROM found f JOIN pg_proc p ON p.pronamespace = f.oid AND p.proname = f.name
 WHERE NOT CASE WHEN f.own THEN )" +
           std::string(kOwnHarmless) + " ELSE " + trusted_sql("p.proowner") + R"( END
UNION ALL
SELECT 'operator ' || o.oid::regoperator::text, pg_get_userbyid(p.proowner), f.own
  FROM found f JOIN pg_operator o ON o.oprnamespace = f.oid AND o.oprname = f.name
  JOIN pg_proc p ON p.oid = o.oprcode
 WHERE NOT f.own AND NOT )" +
           trusted_sql("p.proowner") + R"(
UNION ALL
SELECT 'type ' || t.oid::regtype::text, pg_get_userbyid(t.typowner), f.own
  FROM found f JOIN pg_type t ON t.typnamespace = f.oid AND t.typname = f.name
   AND t.typtype IN ('b', 'd', 'r', 'm') AND t.typelem = 0
 WHERE NOT f.own AND NOT )" +
           trusted_sql("t.typowner") + " ORDER BY 1 LIMIT 1";
}

}  // namespace

void require_harmless(Connection& connection, const std::string& statement) {
    std::vector<std::string> schemas;
    std::vector<std::string> names;
    for (const SqlName& name : sql_names(statement)) {
        schemas.push_back(name.schema);
        names.push_back(name.name);
    }
    if (names.empty()) {
        return;
    }
    const Result harmful =
        connection.exec_params(harmful_sql(), {array_literal(schemas), array_literal(names)});
    if (harmful.rows() == 0) {
        return;
    }
    const bool own = harmful.boolean(0, 2);
    throw Error(
        ErrorClass::refused, "schema.calls",
        harmful.text(0, 0) +
            (own ? " of the destination's server, which may do more than compute, "
                 : " of role '" + harmful.text(0, 1) + "' at the destination ") +
            "would run with the rights of the task's account",
        own ? "exclude the object; or make it at the destination without this and use `conflict: "
              "ignore`"
            : "if it is what it ought to be, have it belong to the task's account or to a "
              "superuser (ALTER ... OWNER TO); else exclude the object");
}

}  // namespace cutover::postgres
