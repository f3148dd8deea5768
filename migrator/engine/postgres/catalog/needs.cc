// Objects that the definitions of selected tables and their types depend on but do not include:
// functions, operators, collations, types written in C or belonging to an extension. Taken from
// pg_depend, which names everything that is not the server's own.
#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "migrator/engine/postgres/catalog/parts.h"

namespace cutover::postgres {

namespace {

using Part = model::NeedUse::Part;

/// $1: oids of selected tables, $2: oids of their types. `part` says which part of a definition a
/// row of pg_depend stands for, in the letters of part_of(). What an array or a multirange consists
/// of stands for the array or multirange; what belongs to a type (a range's constructors) stands
/// for the type.
constexpr const char* kNeeds = R"(
WITH part AS (
    SELECT 'pg_class'::regclass::oid AS classid, a.attrelid AS objid, a.attnum::int AS objsubid,
           a.attrelid AS relation, 0::oid AS type, 'c' AS part, a.attname AS name
      FROM pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, 0, c.oid, 0, 'p', '' FROM pg_class c WHERE c.oid = ANY ($1::oid[])
    UNION ALL
    SELECT 'pg_attrdef'::regclass, d.oid, 0, d.adrelid, 0,
           CASE WHEN a.attgenerated <> '' THEN 'g' ELSE 'd' END, a.attname
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     WHERE d.adrelid = ANY ($1::oid[])
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, 0, k.conrelid, 0,
           CASE k.contype WHEN 'f' THEN 'f' WHEN 'c' THEN 'h' ELSE 'k' END, k.conname
      FROM pg_constraint k WHERE k.conrelid = ANY ($1::oid[]) AND k.contype IN ('c', 'f', 'p', 'u')
    UNION ALL
    SELECT 'pg_class'::regclass, x.indexrelid, 0, x.indrelid, 0,
           CASE WHEN k.oid IS NULL THEN 'i' ELSE 'k' END, coalesce(k.conname, i.relname)
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid
                               AND k.contype IN ('p', 'u', 'x')
     WHERE x.indrelid = ANY ($1::oid[]) AND k.contype IS DISTINCT FROM 'x'
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, 0, t.oid, 't', '' FROM pg_type t WHERE t.oid = ANY ($2::oid[])
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, 0, 0, k.contypid, 't', ''
      FROM pg_constraint k WHERE k.contypid = ANY ($2::oid[])
    UNION ALL
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum, 0, t.oid, 't', ''
      FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
     WHERE t.oid = ANY ($2::oid[]) AND t.typtype = 'c'),
uses AS (
    SELECT DISTINCT p.relation, p.type, p.part, p.name, d.refclassid,
           CASE WHEN d.refclassid <> 'pg_type'::regclass THEN d.refobjid
                ELSE coalesce(m.rngtypid, CASE WHEN t.typelem <> 0 AND t.typlen = -1
                     AND t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem END, d.refobjid)
           END AS refobjid
      FROM part p JOIN pg_depend d ON d.classid = p.classid AND d.objid = p.objid
           AND (d.objsubid = p.objsubid OR p.part IN ('i', 'k')) AND d.deptype IN ('n', 'a')
      LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
      LEFT JOIN pg_range m ON d.refclassid = 'pg_type'::regclass AND m.rngmultitypid = d.refobjid
     WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_collation'::regclass,
                            'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
                            'pg_ts_config'::regclass, 'pg_ts_dict'::regclass)),
needed AS (
    SELECT u.*, CASE u.refclassid WHEN 'pg_proc'::regclass THEN f.pronamespace WHEN 'pg_type'::regclass
                THEN t.typnamespace ELSE 0 END AS namespace, f.oid AS function
      FROM uses u
      LEFT JOIN pg_proc f ON u.refclassid = 'pg_proc'::regclass AND f.oid = u.refobjid
      LEFT JOIN pg_type t ON u.refclassid = 'pg_type'::regclass AND t.oid = u.refobjid
      LEFT JOIN pg_class r ON r.oid = t.typrelid
     WHERE NOT (u.refclassid = 'pg_type'::regclass AND (u.refobjid = ANY ($2::oid[])
                OR coalesce(r.relkind <> 'c', false)))
       AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = u.refclassid AND o.objid = u.refobjid
                          AND o.refclassid = 'pg_type'::regclass AND o.deptype = 'i'
                          AND u.refclassid = 'pg_proc'::regclass))
SELECT i.type, i.schema, i.identity, x.extname, coalesce(nc.nspname, nt.nspname), coalesce(c.relname, ty.typname),
       u.part, u.name, CASE WHEN l.lanname NOT IN ('c', 'internal') AND f.prosqlbody IS NULL
         AND NOT EXISTS (SELECT FROM unnest(f.proconfig) o(setting) WHERE o.setting LIKE 'search\_path=%')
         THEN f.prosrc END
  FROM needed u CROSS JOIN LATERAL pg_identify_object(u.refclassid, u.refobjid, 0) i
  LEFT JOIN pg_depend e ON e.classid = u.refclassid AND e.objid = u.refobjid AND e.deptype = 'e'
  LEFT JOIN pg_extension x ON x.oid = e.refobjid AND e.refclassid = 'pg_extension'::regclass
  LEFT JOIN pg_class c ON c.oid = u.relation LEFT JOIN pg_namespace nc ON nc.oid = c.relnamespace
  LEFT JOIN pg_type ty ON ty.oid = u.type LEFT JOIN pg_namespace nt ON nt.oid = ty.typnamespace
  LEFT JOIN pg_proc f ON f.oid = u.function LEFT JOIN pg_language l ON l.oid = f.prolang
 WHERE i.identity IS NOT NULL
   AND (i.type = 'collation' OR i.schema IS NULL OR i.schema NOT IN ('pg_catalog', 'information_schema'))
 ORDER BY i.type, i.identity, 5, 6, 7, 8)";

/// Names of user objects that only search_path finds, unless the server has objects of the same
/// name.
constexpr const char* kLookedFor = R"(
WITH named AS (
    SELECT proname AS name, pronamespace AS namespace FROM pg_proc
    UNION ALL SELECT relname, relnamespace FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT typname, typnamespace FROM pg_type WHERE typtype IN ('b', 'd', 'e', 'r'))
SELECT name FROM named k JOIN pg_namespace n ON n.oid = k.namespace
 GROUP BY name HAVING bool_and(n.nspname NOT IN ('pg_catalog', 'information_schema')) AND name !~ '^pg_toast')";

Part part_of(char letter) {
    switch (letter) {
        case 'c':
            return Part::column;
        case 'p':
            return Part::partition_key;
        case 'g':
            return Part::generated;
        case 'd':
            return Part::default_value;
        case 'f':
            return Part::foreign_key;
        case 'h':
            return Part::check;
        case 'k':
            return Part::key;
        case 'i':
            return Part::index;
        default:
            return Part::type;
    }
}

bool of_a_name(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
           letter == '$' || static_cast<unsigned char>(letter) >= 0x80;
}

/// The first word of a function's body that is such a name and has no schema in front. Words in
/// text and comments count too, because the body may build statements from them.
std::string first_looked_for(const std::string& body, const std::set<std::string>& names) {
    for (std::size_t at = 0; at < body.size();) {
        std::size_t end = at;
        while (end < body.size() && of_a_name(body[end])) {
            ++end;
        }
        const bool qualified = (at > 0 && (body[at - 1] == '.' || body[at - 1] == '%')) ||
                               (end < body.size() && body[end] == '.');
        if (end > at && !qualified && names.contains(body.substr(at, end - at))) {
            return body.substr(at, end - at);
        }
        at = std::max(end, at + 1);
    }
    return "";
}

class NeedReading {
public:
    explicit NeedReading(CatalogReading& reading) : reading_(reading) {}

    void run() {
        std::vector<Oid> types;
        for (const model::TypeSchema& type : reading_.catalog.types) {
            types.push_back(static_cast<Oid>(type.type_id));
        }
        const Result rows =
            reading_.connection.exec_params(kNeeds, {reading_.oid_array, array_of(types)});
        std::vector<model::NeededObject>& needs = reading_.catalog.needs;
        for (int row = 0; row < rows.rows(); ++row) {
            const bool known = !needs.empty() && needs.back().kind == rows.get(row, 0) &&
                               needs.back().identity == rows.get(row, 2);
            if (!known) {
                needs.push_back({rows.text(row, 0),
                                 rows.text(row, 1),
                                 rows.text(row, 2),
                                 rows.text(row, 3),
                                 looked_for(rows, row),
                                 {}});
            }
            needs.back().uses.push_back({{rows.text(row, 4), rows.text(row, 5)},
                                         part_of(rows.get(row, 6).front()),
                                         rows.text(row, 7)});
        }
    }

private:
    std::string looked_for(const Result& rows, int row) {
        return rows.is_null(row, 8) ? "" : first_looked_for(rows.text(row, 8), names());
    }

    const std::set<std::string>& names() {
        if (names_.empty()) {
            const Result rows = reading_.connection.exec(kLookedFor);
            for (int row = 0; row < rows.rows(); ++row) {
                names_.insert(rows.text(row, 0));
            }
        }
        return names_;
    }

    CatalogReading& reading_;
    std::set<std::string> names_;
};

}  // namespace

void read_needs(CatalogReading& reading) {
    NeedReading(reading).run();
}

}  // namespace cutover::postgres
