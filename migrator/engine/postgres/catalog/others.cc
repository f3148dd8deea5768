// Objects of kinds that are not carried, in the schemas that selected tables live in.
#include "migrator/engine/postgres/catalog/parts.h"

namespace cutover::postgres {

namespace {

/// $1: oids of selected tables, $2: their schemas. Members of an extension are covered by naming
/// the extension.
constexpr const char* kOthers = R"(
WITH wanted AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($2::text[])),
     member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
       n.nspname, c.relname
  FROM pg_class c JOIN wanted n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm', 'f') AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' ELSE 'function' END,
       n.nspname, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
  FROM pg_proc p JOIN wanted n ON n.oid = p.pronamespace
 WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM member)
   AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_type t ON t.oid = d.refobjid WHERE d.classid = 'pg_proc'::regclass
                      AND d.objid = p.oid AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')
UNION ALL
SELECT 'trigger', n.nspname, c.relname || '.' || t.tgname
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT t.tgisinternal AND c.oid = ANY ($1::oid[])
UNION ALL
SELECT 'rule', n.nspname, c.relname || '.' || r.rulename
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rulename <> '_RETURN' AND c.oid = ANY ($1::oid[])
UNION ALL
SELECT 'row security policy', n.nspname, c.relname || '.' || p.polname
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT 'operator', n.nspname, o.oprname FROM pg_operator o JOIN wanted n ON n.oid = o.oprnamespace
 WHERE ('pg_operator'::regclass, o.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT 'collation', n.nspname, o.collname FROM pg_collation o JOIN wanted n ON n.oid = o.collnamespace
 WHERE ('pg_collation'::regclass, o.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT 'text search configuration', n.nspname, o.cfgname FROM pg_ts_config o JOIN wanted n ON n.oid = o.cfgnamespace
 WHERE ('pg_ts_config'::regclass, o.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT 'extended statistics', n.nspname, s.stxname FROM pg_statistic_ext s JOIN wanted n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'base type', n.nspname, t.typname FROM pg_type t JOIN wanted n ON n.oid = t.typnamespace
 WHERE t.typtype = 'b' AND t.typelem = 0 AND ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT 'extension', '', extname FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL
SELECT 'event trigger', '', evtname FROM pg_event_trigger
 WHERE ('pg_event_trigger'::regclass, pg_event_trigger.oid) NOT IN (SELECT classid, objid FROM member)
UNION ALL
SELECT 'publication', '', pubname FROM pg_publication WHERE pubname NOT LIKE 'cutover\_%'
UNION ALL
SELECT 'subscription', '', subname FROM pg_subscription
 WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'large objects', '', count(*)::text FROM pg_largeobject_metadata HAVING count(*) > 0
 ORDER BY 1, 2, 3)";

/// A hypertable keeps its rows in chunks, which the catalog shows as plain inheritance.
void mark_hypertables(CatalogReading& reading) {
    const Result there = reading.connection.exec(
        "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL");
    if (!there.boolean(0, 0)) {
        return;
    }
    const Result rows = reading.connection.exec(
        "SELECT hypertable_schema, hypertable_name FROM timescaledb_information.hypertables");
    for (int row = 0; row < rows.rows(); ++row) {
        for (model::TableSchema& table : reading.catalog.tables) {
            if (table.name == model::ObjectName{rows.text(row, 0), rows.text(row, 1)}) {
                table.in_one_piece = false;
            }
        }
    }
}

}  // namespace

void read_others(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(
        kOthers, {reading.oid_array, array_literal(reading.catalog.schemas)});
    for (int row = 0; row < rows.rows(); ++row) {
        reading.catalog.others.push_back(
            {rows.text(row, 0), {rows.text(row, 1), rows.text(row, 2)}});
    }
    mark_hypertables(reading);
}

}  // namespace cutover::postgres
