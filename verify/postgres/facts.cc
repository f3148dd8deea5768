#include "verify/postgres/facts.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "verify/postgres/rename_text.h"

namespace cutover::verify {

namespace {

using model::ObjectName;
using postgres::Connection;
using postgres::quote;

constexpr char kSeparator = '\x1f';  // between names in one column of a result

std::vector<std::string> parts(std::string_view text) {
    std::vector<std::string> out;
    if (text.empty()) {
        return out;
    }
    std::size_t from = 0;
    for (std::size_t at = text.find(kSeparator); at != std::string_view::npos;
         at = text.find(kSeparator, from)) {
        out.emplace_back(text.substr(from, at - from));
        from = at + 1;
    }
    out.emplace_back(text.substr(from));
    return out;
}

class FactReader {
public:
    FactReader(Connection& connection, const FactScope& scope, const plan::NameMapping* mapping)
        : connection_(connection), mapping_(mapping) {
        selected_.insert(scope.selected.begin(), scope.selected.end());
        const std::set<ObjectName> tables(scope.tables.begin(), scope.tables.end());
        const std::set<ObjectName> sequences(scope.sequences.begin(), scope.sequences.end());
        const postgres::Result rows = connection_.exec(
            "SELECT c.oid, n.nspname, c.relname, c.relkind = 'S' FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'f', 'S')");
        for (int row = 0; row < rows.rows(); ++row) {
            const bool sequence = rows.boolean(row, 3);
            ObjectName name{rows.text(row, 1), rows.text(row, 2)};
            if ((sequence ? sequences : tables).count(name) != 0) {
                std::string& ids = sequence ? sequence_ids_ : ids_;
                ids += (ids.empty() ? "" : ",") + rows.text(row, 0);
                (sequence ? sequences_ : tables_).emplace(rows.text(row, 0), std::move(name));
            }
        }
    }

    SchemaFacts run() {
        if (!tables_.empty()) {
            read_tables();
            read_columns();
            read_keys();
            read_indexes();
            read_foreign_keys();
            read_checks();
            read_types();
        }
        read_sequences();
        return std::move(facts_);
    }

private:
    postgres::Result query(const std::string& sql) { return connection_.exec(sql); }
    std::string among(const std::string& column) const {
        return column + " = ANY ('{" + ids_ + "}'::oid[])";
    }

    const ObjectName& table(const std::string& oid) const {
        const auto found = tables_.find(oid);
        if (found == tables_.end()) {
            throw model::Error(
                model::ErrorClass::corrupt, "postgres.unknown_object",
                "the server's answer speaks of object " + oid + ", which it has not listed",
                "it is no server that this program knows, or its catalog is "
                "damaged");
        }
        return found->second;
    }
    std::string mapped(const ObjectName& table) const {
        return (mapping_ == nullptr ? table : mapping_->table(table)).display();
    }
    std::string mapped_column(const ObjectName& table, const std::string& column) const {
        return mapping_ == nullptr ? column : mapping_->column(table, column);
    }
    ObjectName mapped_object(const ObjectName& name) const {
        if (mapping_ == nullptr) {
            return name;
        }
        return mapping_->table(name);  // types and sequences are renamed as tables are
    }
    std::string mapped_text(const ObjectName& table, const std::string& text) const {
        if (mapping_ == nullptr) {
            return text;
        }
        const auto columns = mapping_->columns.find(table);
        return rename_in_sql(text, mapping_->schemas,
                             columns == mapping_->columns.end() ? Renames() : columns->second);
    }
    std::string column_list(const ObjectName& table, std::string_view names) const {
        std::string out = "(";
        for (const std::string& name : parts(names)) {
            out += (out.size() == 1 ? "" : ", ") + mapped_column(table, name);
        }
        return out + ")";
    }
    /// Why the task cannot carry something over these columns; empty if it can.
    std::string over_excluded(const ObjectName& table, std::string_view columns) const {
        const std::vector<std::string> names = parts(columns);
        const bool any = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return excluded(table, name);
        });
        return any ? "it is over a column that the task excludes" : "";
    }
    bool excluded(const ObjectName& table, const std::string& column) const {
        if (mapping_ == nullptr) {
            return false;
        }
        const auto found = mapping_->excluded_columns.find(table);
        return found != mapping_->excluded_columns.end() && found->second.count(column) != 0;
    }

    SchemaFact& add(FactKind kind, const ObjectName& table, std::string identity,
                    std::string definition, std::string name) {
        SchemaFact fact;
        fact.kind = kind;
        fact.table = mapped(table);
        fact.identity = std::move(identity);
        fact.definition = std::move(definition);
        fact.name = std::move(name);
        facts_.push_back(std::move(fact));
        return facts_.back();
    }

    /// Parents of tables that are not partitions, as far as they are compared themselves.
    std::map<std::string, std::string> read_parents() {
        const postgres::Result rows = query(
            "SELECT i.inhrelid, i.inhparent FROM pg_inherits i JOIN pg_class c ON c.oid = "
            "i.inhrelid WHERE NOT c.relispartition AND c.relkind IN ('r', 'f') AND " +
            among("i.inhrelid") + " AND " + among("i.inhparent") +
            " ORDER BY i.inhrelid, i.inhseqno");
        std::map<std::string, std::string> parents;
        for (int row = 0; row < rows.rows(); ++row) {
            std::string& list = parents[rows.text(row, 0)];
            list += (list.empty() ? ", inherits " : ", ") + mapped(table(rows.text(row, 1)));
        }
        return parents;
    }

    void read_tables() {
        const std::map<std::string, std::string> parents = read_parents();
        const postgres::Result rows = query(
            "SELECT c.oid, CASE c.relpersistence WHEN 'u' THEN 'unlogged ' ELSE '' END ||"
            " CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'table, partitioned by ' "
            "||"
            " pg_get_partkeydef(c.oid) ELSE 'table' END,"
            " pn.nspname, pc.relname, pg_get_expr(c.relpartbound, c.oid)"
            " FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition"
            " LEFT JOIN pg_class pc ON pc.oid = i.inhparent LEFT JOIN pg_namespace pn ON pn.oid ="
            " pc.relnamespace WHERE " +
            among("c.oid"));
        for (int row = 0; row < rows.rows(); ++row) {
            const ObjectName& name = table(rows.text(row, 0));
            const auto heir = parents.find(rows.text(row, 0));
            add(FactKind::table, name, mapped(name),
                mapped_text(name, rows.text(row, 1)) +
                    (heir == parents.end() ? std::string() : heir->second),
                name.display());
            if (!rows.is_null(row, 3)) {
                const ObjectName parent{rows.text(row, 2), rows.text(row, 3)};
                add(FactKind::partition, name, mapped(name),
                    "of " + mapped(parent) + " " + rows.text(row, 4), name.display());
            }
        }
    }

    /// From version 18 on, a NOT NULL may exist without having been validated.
    std::string unproved_not_null() const {
        return connection_.server_version() < 180000
                   ? "false"
                   : "EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = a.attrelid"
                     " AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated)";
    }

    /// A collation by its name, which no rename touches (collations are not migrated), and by
    /// whether it treats different texts as equal. How it sorts is not compared, since that changes
    /// from one library version to the next.
    static std::string collation(const std::string& oid) {
        return "(SELECT quote_ident(y.collname) || CASE WHEN y.collisdeterministic THEN ''"
               " ELSE ' (nondeterministic)' END FROM pg_collation y WHERE y.oid = " +
               oid + ")";
    }

    /// A default that draws from the column's own sequence says so, whatever the sequence's name.
    static std::string default_text() {
        return "CASE WHEN pg_get_expr(d.adbin, d.adrelid) ~ '^nextval\\(''[^'']*''::regclass\\)$'"
               " AND EXISTS (SELECT 1 FROM pg_depend u JOIN pg_depend o ON o.objid = u.refobjid"
               " AND o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass"
               " AND o.deptype = 'a' AND o.refobjid = a.attrelid AND o.refobjsubid = a.attnum"
               " WHERE u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid"
               " AND u.refclassid = 'pg_class'::regclass)"
               " THEN 'nextval(its own sequence)' ELSE pg_get_expr(d.adbin, d.adrelid) END";
    }

    /// A partition's columns are the parent's, but their properties may have been changed.
    static std::string tells_its_own() {
        return "(NOT c.relispartition OR EXISTS (SELECT 1 FROM pg_inherits h"
               " JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname"
               " LEFT JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum"
               " WHERE h.inhrelid = c.oid AND (pa.attnotnull <> a.attnotnull OR"
               " pg_get_expr(pd.adbin, pd.adrelid) IS DISTINCT FROM"
               " pg_get_expr(d.adbin, d.adrelid))))";
    }

    void read_columns() {
        const postgres::Result rows = query(
            "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),"
            " CASE WHEN a.attcollation <> t.typcollation THEN " +
            collation("a.attcollation") + " END, a.attnotnull, " + default_text() +
            ", a.attgenerated, a.attidentity, " + unproved_not_null() +
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_type t ON t.oid = a.atttypid"
            " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
            " WHERE a.attnum > 0 AND NOT a.attisdropped AND " +
            among("a.attrelid") + " AND " + tells_its_own() + " ORDER BY a.attrelid, a.attnum");
        for (int row = 0; row < rows.rows(); ++row) {
            const ObjectName& name = table(rows.text(row, 0));
            const std::string column = rows.text(row, 1);
            if (!excluded(name, column)) {
                add(FactKind::column, name, mapped_column(name, column),
                    column_definition(name, rows, row), column);
            }
        }
    }

    std::string column_definition(const ObjectName& name, const postgres::Result& rows,
                                  int row) const {
        std::string text = mapped_text(name, rows.text(row, 2));
        if (!rows.is_null(row, 3)) {
            text += " COLLATE " + rows.text(row, 3);
        }
        text += rows.boolean(row, 4) ? " NOT NULL" : "";
        text += rows.boolean(row, 8) ? " NOT VALID" : "";
        const std::string expression =
            rows.is_null(row, 5) ? "" : mapped_text(name, rows.text(row, 5));
        const std::string generated = rows.text(row, 6);
        if (!generated.empty()) {
            return text + " GENERATED ALWAYS AS (" + expression + ")" +
                   (generated == "s" ? " STORED" : " VIRTUAL");
        }
        const std::string identity = rows.text(row, 7);
        if (!identity.empty()) {
            return text + (identity == "a" ? " GENERATED ALWAYS" : " GENERATED BY DEFAULT") +
                   " AS IDENTITY";
        }
        return expression.empty() ? text : text + " DEFAULT " + expression;
    }

    static std::string names_of(const std::string& array, const std::string& relation) {
        return "(SELECT string_agg(a.attname, '\x1f' ORDER BY u.at) FROM unnest(" + array +
               ") WITH ORDINALITY u(attnum, at) JOIN pg_attribute a ON a.attrelid = " + relation +
               " AND a.attnum = u.attnum)";
    }

    void read_keys() {
        const bool nulls = connection_.server_version() >= 150000;
        const postgres::Result rows = query(
            "SELECT k.conrelid, k.conname, k.contype, " +
            names_of("(i.indkey::int2[])[0:i.indnkeyatts - 1]", "k.conrelid") + ", " +
            names_of("(i.indkey::int2[])[i.indnkeyatts:]", "k.conrelid") +
            ", CASE WHEN k.condeferrable THEN CASE WHEN k.condeferred THEN ' DEFERRABLE INITIALLY "
            "DEFERRED'"
            " ELSE ' DEFERRABLE' END ELSE '' END || CASE WHEN i.indisvalid THEN '' ELSE ' "
            "(invalid)' END" +
            (nulls ? " || CASE WHEN i.indnullsnotdistinct THEN ' NULLS NOT DISTINCT' ELSE '' END"
                   : "") +
            " FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid"
            " WHERE k.contype IN ('p', 'u') AND k.conparentid = 0 AND " +
            among("k.conrelid"));
        for (int row = 0; row < rows.rows(); ++row) {
            const ObjectName& name = table(rows.text(row, 0));
            const bool primary = rows.get(row, 2) == "p";
            std::string definition = column_list(name, rows.get(row, 3));
            const std::string identity = primary ? "primary key" : definition;
            if (!rows.is_null(row, 4)) {
                definition += " INCLUDE " + column_list(name, rows.get(row, 4));
            }
            add(primary ? FactKind::primary_key : FactKind::unique_key, name, identity,
                definition + rows.text(row, 5), rows.text(row, 1))
                .left_out = over_excluded(name, rows.get(row, 3));
        }
    }

    void read_indexes() {
        const postgres::Result rows = query(
            "SELECT i.indrelid, c.relname, i.indisunique, pg_get_indexdef(i.indexrelid), "
            "i.indisvalid, ' USING ' || quote_ident(m.amname) || ' (',"
            " (SELECT string_agg(DISTINCT a.attname, '\x1f') FROM pg_depend d JOIN pg_attribute a"
            "   ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
            "   WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid"
            "   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid)"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = "
            "c.relam"
            " WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid"
            "  AND k.contype IN ('p', 'u', 'x'))"
            " AND NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AND " +
            among("i.indrelid"));
        for (int row = 0; row < rows.rows(); ++row) {
            const ObjectName& name = table(rows.text(row, 0));
            const std::string text = rows.text(row, 3);
            const std::size_t structure = text.find(rows.get(row, 5));
            const std::string identity =
                (rows.boolean(row, 2) ? "UNIQUE" : "") +
                mapped_text(name, structure == std::string::npos ? text : text.substr(structure));
            add(FactKind::index, name, identity, rows.boolean(row, 4) ? "valid" : "invalid",
                rows.text(row, 1))
                .left_out = over_excluded(name, rows.text(row, 6));
        }
    }

    /// The key's own triggers, and those of its copies on partitions, may be disabled although the
    /// constraint claims to be in force.
    static constexpr const char* kForeignKeySleeps =
        " CASE WHEN EXISTS (SELECT 1 FROM pg_trigger g JOIN pg_constraint x ON x.oid = "
        "g.tgconstraint WHERE (x.oid = k.oid OR x.conparentid = k.oid) AND g.tgenabled IN ('D', "
        "'R')) THEN ', its triggers are disabled' ELSE '' END";

    /// The server keeps copies of the key for the partitions of the referenced table. A copy that
    /// was never validated is not valid, whatever the key itself says (before version 18, a key
    /// that was added as NOT VALID stays so for its partitions).
    static constexpr const char* kValidated =
        " k.convalidated AND NOT EXISTS (SELECT 1 FROM pg_constraint x WHERE x.conparentid = k.oid"
        " AND NOT x.convalidated)";

    void read_foreign_keys() {
        const bool some = connection_.server_version() >= 150000;  // ON DELETE SET NULL (column)
        const bool lax = connection_.server_version() >= 180000;   // NOT ENFORCED
        const postgres::Result rows =
            query("SELECT k.conrelid, k.conname, " + names_of("k.conkey", "k.conrelid") +
                  ", n.nspname, p.relname, " + names_of("k.confkey", "k.confrelid") +
                  ", 'match ' || k.confmatchtype::text || ', update ' || k.confupdtype::text || ', "
                  "delete ' || k.confdeltype::text ||"
                  " CASE WHEN k.condeferrable THEN CASE WHEN k.condeferred THEN ', deferrable "
                  "initially deferred'"
                  " ELSE ', deferrable' END ELSE '' END ||" +
                  (lax ? " CASE WHEN k.conenforced THEN '' ELSE ', not enforced' END ||" : "") +
                  kForeignKeySleeps + ", " +
                  (some ? names_of("k.confdelsetcols", "k.conrelid") : "NULL") + ", " + kValidated +
                  ", " + (lax ? "k.conenforced" : "true") +
                  " FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid"
                  " JOIN pg_namespace n ON n.oid = p.relnamespace"
                  " WHERE k.contype = 'f' AND k.conparentid = 0 AND " +
                  among("k.conrelid"));
        for (int row = 0; row < rows.rows(); ++row) {
            add_foreign_key(rows, row);
        }
    }

    void add_foreign_key(const postgres::Result& rows, int row) {
        const ObjectName& name = table(rows.text(row, 0));
        const ObjectName parent{rows.text(row, 3), rows.text(row, 4)};
        SchemaFact& fact =
            add(FactKind::foreign_key, name,
                column_list(name, rows.get(row, 2)) + " references " + mapped(parent) + " " +
                    column_list(parent, rows.get(row, 5)),
                rows.text(row, 6) + (rows.is_null(row, 7)
                                         ? std::string()
                                         : ", delete sets " + column_list(name, rows.get(row, 7))),
                rows.text(row, 1));
        fact.validated = rows.boolean(row, 8);
        fact.only_elsewhere = !rows.boolean(row, 9);
        fact.left_out = over_excluded(name, rows.get(row, 2));
        if (fact.left_out.empty()) {
            fact.left_out = over_excluded(parent, rows.get(row, 5));
        }
        if (mapping_ != nullptr && selected_.count(parent) == 0) {
            fact.left_out = "it refers to " + parent.display() + ", which the task does not select";
        }
    }

    void read_checks() {
        const postgres::Result rows = query(
            "SELECT k.conrelid, k.conname, k.contype, pg_get_constraintdef(k.oid), "
            "k.convalidated, " +
            names_of("k.conkey", "k.conrelid") +
            " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            " WHERE k.contype IN ('c', 'x') AND k.conparentid = 0"
            " AND (NOT c.relispartition OR k.conislocal) AND " +
            among("k.conrelid"));
        for (int row = 0; row < rows.rows(); ++row) {
            add_check(rows, row);
        }
    }

    void add_check(const postgres::Result& rows, int row) {
        const ObjectName& name = table(rows.text(row, 0));
        const bool check = rows.get(row, 2) == "c";
        std::string text = mapped_text(name, rows.text(row, 3));
        constexpr std::string_view kUnproved = " NOT VALID";
        if (text.ends_with(kUnproved)) {
            text.erase(text.size() - kUnproved.size());
        }
        const bool lax = text.ends_with(" NOT ENFORCED");
        SchemaFact& fact =
            add(check ? FactKind::check : FactKind::exclusion, name, text, text, rows.text(row, 1));
        fact.validated = rows.boolean(row, 4);
        fact.only_elsewhere = !check || lax;
        fact.left_out = over_excluded(name, rows.is_null(row, 5) ? "" : rows.text(row, 5));
    }

    /// Sequences that columns of these tables own or draw their defaults from, and sequences that
    /// were asked for by name.
    void read_sequences() {
        const postgres::Result rows = query(
            "SELECT DISTINCT s.seqrelid, n.nspname, c.relname, o.refobjid, a.attname,"
            " format_type(s.seqtypid, NULL) || ', by ' || s.seqincrement || ', ' || s.seqmin || ' "
            "to ' ||"
            " s.seqmax || CASE WHEN s.seqcycle THEN ', cycles' ELSE '' END, s.seqincrement,"
            " has_sequence_privilege(s.seqrelid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')"
            " FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = s.seqrelid"
            "  AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')"
            " LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid"
            " WHERE " +
            among("o.refobjid") +
            " OR EXISTS (SELECT 1 FROM pg_depend u JOIN pg_attrdef d ON d.oid = u.objid"
            "  WHERE u.classid = 'pg_attrdef'::regclass AND u.refobjid = s.seqrelid AND " +
            among("d.adrelid") + ") OR s.seqrelid = ANY ('{" + sequence_ids_ + "}'::oid[])");
        for (int row = 0; row < rows.rows(); ++row) {
            add_sequence(rows, row);
        }
    }

    void add_sequence(const postgres::Result& rows, int row) {
        const ObjectName name{rows.text(row, 1), rows.text(row, 2)};
        SchemaFact fact;
        fact.kind = FactKind::sequence;
        fact.name = name.display();
        const auto owner = tables_.find(rows.is_null(row, 3) ? std::string() : rows.text(row, 3));
        // A sequence that was asked for by name is found by name, even if a table owns it at this
        // end.
        if (owner != tables_.end() && sequences_.count(rows.text(row, 0)) == 0) {
            fact.table = mapped(owner->second);
            fact.identity =
                "of " + fact.table + "." + mapped_column(owner->second, rows.text(row, 4));
        } else {
            fact.identity = mapped_object(name).display();
        }
        fact.definition = rows.text(row, 5);
        fact.increment = rows.integer(row, 6);
        fact.value_known = rows.boolean(row, 7);
        if (fact.value_known) {
            postgres::hold_sequences(connection_, {rows.text(row, 0)}, {name});
            const postgres::Result state =
                query("SELECT last_value, is_called FROM " + quote(name));
            fact.next_value = state.boolean(0, 1) ? after(state.integer(0, 0), fact.increment)
                                                  : state.integer(0, 0);
        }
        facts_.push_back(std::move(fact));
    }

    /// A sequence that is used up has no next value; its last value then stands for it.
    static long long after(long long value, long long increment) {
        long long next = 0;
        if (__builtin_add_overflow(value, increment, &next)) {
            return increment < 0 ? std::numeric_limits<long long>::min()
                                 : std::numeric_limits<long long>::max();
        }
        return next;
    }

    /// Describes pg_type t if it is a range: what it is made of and how it is ordered.
    static std::string range_text() {
        return "(SELECT 'range of ' || format_type(r.rngsubtype, NULL) || CASE WHEN r.rngcollation"
               " <> b.typcollation THEN ' COLLATE ' || " +
               collation("r.rngcollation") +
               " ELSE '' END || ' by ' || o.opcname FROM pg_range r JOIN pg_type b ON b.oid ="
               " r.rngsubtype JOIN pg_opclass o ON o.oid = r.rngsubopc WHERE r.rngtypid = t.oid)";
    }

    /// Enums, domains, ranges and composites that columns of these tables are made of.
    void read_types() {
        const std::string range_of_multirange =
            connection_.server_version() < 140000
                ? ""
                : " UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngmultitypid = t.oid";
        const postgres::Result rows = query(
            "WITH RECURSIVE used(id) AS (SELECT a.atttypid FROM pg_attribute a WHERE a.attnum > 0"
            "  AND NOT a.attisdropped AND " +
            among("a.attrelid") +
            " UNION SELECT x.id FROM used u JOIN pg_type t ON t.oid = u.id CROSS JOIN LATERAL ("
            "  SELECT t.typelem UNION ALL SELECT t.typbasetype"
            "  UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid" +
            range_of_multirange +
            "  UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid"
            "   AND a.attnum > 0) x(id) WHERE x.id <> 0)"
            " SELECT n.nspname, t.typname, CASE t.typtype"
            "  WHEN 'e' THEN 'enum (' || (SELECT string_agg(quote_literal(e.enumlabel), ', '"
            "   ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) || ')'"
            "  WHEN 'r' THEN " +
            range_text() +
            "  WHEN 'd' THEN 'domain ' || format_type(t.typbasetype, t.typtypmod) ||"
            "   CASE WHEN t.typcollation <> (SELECT b.typcollation FROM pg_type b"
            "   WHERE b.oid = t.typbasetype) THEN ' COLLATE ' || " +
            collation("t.typcollation") +
            " ELSE '' END || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END ||"
            "   coalesce(' DEFAULT ' || t.typdefault, '') || coalesce((SELECT string_agg(' ' ||"
            "   pg_get_constraintdef(k.oid), '' ORDER BY pg_get_constraintdef(k.oid))"
            "   FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '')"
            "  ELSE 'composite (' || (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid,"
            "   a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = "
            "t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')' END"
            " FROM used u JOIN pg_type t ON t.oid = u.id JOIN pg_namespace n ON n.oid = "
            "t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid"
            " WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')"
            " AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))");
        for (int row = 0; row < rows.rows(); ++row) {
            const ObjectName name{rows.text(row, 0), rows.text(row, 1)};
            SchemaFact fact;
            fact.kind = FactKind::type;
            fact.identity = mapped_object(name).display();
            fact.definition = mapped_text({}, rows.text(row, 2));
            fact.name = name.display();
            facts_.push_back(std::move(fact));
        }
    }

    Connection& connection_;
    const plan::NameMapping* mapping_;
    std::map<std::string, ObjectName> tables_;     ///< by the number of the relation
    std::map<std::string, ObjectName> sequences_;  ///< those that were asked for by name
    std::set<ObjectName> selected_;  ///< for a source: the tables that the task selects
    std::string ids_;
    std::string sequence_ids_;
    SchemaFacts facts_;
};

}  // namespace

SchemaFacts read_postgres_facts(Connection& connection, const FactScope& scope,
                                const plan::NameMapping* mapping) {
    return FactReader(connection, scope, mapping).run();
}

}  // namespace cutover::verify
