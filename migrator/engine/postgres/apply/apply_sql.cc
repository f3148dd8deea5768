#include "migrator/engine/postgres/apply/apply_sql.h"

namespace cutover::postgres {

namespace {

const char* kind_name(StageKind kind) {
    switch (kind) {
        case StageKind::removals:
            return "removals";
        case StageKind::updates:
            return "updates";
        case StageKind::moves:
            return "moves";
        case StageKind::rows:
            return "rows";
    }
    return "rows";
}

std::string number(std::size_t value) {
    return std::to_string(value);
}

void add(std::string& list, const std::string& item, const char* separator = ", ") {
    list += (list.empty() ? "" : separator) + item;
}

}  // namespace

std::string stage_name(model::TableIndex table, StageKind kind) {
    return std::string("pg_temp.cutover_") + kind_name(kind) + "_" + number(table);
}

std::vector<ApplySql::StagedColumn> ApplySql::staged_columns(StageKind kind) const {
    std::vector<StagedColumn> out;
    if (kind == StageKind::updates || kind == StageKind::moves) {
        out.push_back({"mask", nullptr});
    }
    if (kind != StageKind::rows) {
        for (std::size_t at = 0; at < target_.key.size(); ++at) {
            out.push_back({"k" + number(at), &target_.columns[target_.key[at]]});
        }
    }
    if (kind != StageKind::removals || target_.keyless()) {
        for (std::size_t at = 0; at < target_.columns.size(); ++at) {
            out.push_back({"c" + number(at), &target_.columns[at]});
        }
    }
    return out;
}

std::string ApplySql::staged(StageKind kind) const {
    return stage_name(table_, kind) + " AS s";
}

/// The first row fixes the collations: they are the columns' own, as in a staging table.
std::string ApplySql::values(StageKind kind, std::uint64_t rows) const {
    const std::vector<StagedColumn> columns = staged_columns(kind);
    std::string out = "(VALUES ";
    std::size_t at = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
        out += row == 0 ? "(" : ", (";
        for (std::size_t column = 0; column < columns.size(); ++column) {
            const TargetColumn* of = columns[column].column;
            out += (column == 0 ? "$" : ", $") + number(++at) + "::";
            out += of == nullptr ? "integer" : of->parameter_type;
            out += of == nullptr || row > 0 ? "" : of->collation;
        }
        out += ")";
    }
    std::string names;
    for (const StagedColumn& column : columns) {
        add(names, column.name);
    }
    return out + ") AS s (" + names + ")";
}

std::string ApplySql::create_stage(StageKind kind) const {
    std::string columns;
    for (const auto& [name, column] : staged_columns(kind)) {
        add(columns,
            column == nullptr ? name + " integer" : name + " " + column->type + column->collation);
    }
    return "CREATE TEMPORARY TABLE " + stage_name(table_, kind).substr(8) + " (" + columns +
           ") ON COMMIT DELETE ROWS";
}

std::string ApplySql::copy_into_stage(StageKind kind) const {
    return "COPY " + stage_name(table_, kind) + " FROM STDIN (FORMAT binary)";
}

std::string ApplySql::copy_into_table() const {
    return "COPY " + target_.quoted + " (" + target_.column_list() + ") FROM STDIN (FORMAT binary)";
}

/// Staged keys are called k<at> if they stand by themselves, and c<column> inside a whole row.
std::string ApplySql::key_match(const std::string& left, const std::string& right,
                                char staged) const {
    std::string out;
    for (std::size_t at = 0; at < target_.key.size(); ++at) {
        const std::size_t column = target_.key[at];
        add(out,
            left + "." + target_.columns[column].name + " " + target_.key_operators[at] + " " +
                right + "." + staged + number(staged == 'k' ? at : column),
            " AND ");
    }
    return out;
}

std::string ApplySql::staged_key_columns(char staged) const {
    std::string out;
    for (std::size_t at = 0; at < target_.key.size(); ++at) {
        add(out, std::string("s.") + staged + number(staged == 'k' ? at : target_.key[at]));
    }
    return out;
}

std::string ApplySql::delete_keys(const std::string& staged) const {
    return "DELETE FROM " + target_.only + target_.quoted + " AS t USING " + staged + " WHERE " +
           key_match("t", "s", 'k');
}

std::string ApplySql::row_text(const std::string& alias) const {
    std::string list;
    for (const TargetColumn& column : target_.columns) {
        add(list, alias + "." + column.name);
    }
    return "(ROW(" + list + ")::text COLLATE \"C\")";
}

std::string ApplySql::staged_row_text(const std::string& alias) const {
    std::string list;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        add(list, alias + ".c" + number(column));
    }
    return "(ROW(" + list + ")::text COLLATE \"C\")";
}

/// Rows with equal images have equal hashes; only rows with equal hashes are compared as text.
std::string ApplySql::hash(const std::string& alias, bool staged) const {
    std::string list;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        if (target_.columns[column].hashable) {
            add(list, alias + "." + (staged ? "c" + number(column) : target_.columns[column].name));
        }
    }
    if (list.empty()) {
        return "hashtextextended(" + (staged ? staged_row_text(alias) : row_text(alias)) + ", 0)";
    }
    return "hash_record_extended(ROW(" + list + "), 0)";
}

std::string ApplySql::delete_multiset(const std::string& staged) const {
    const std::string table = target_.only + target_.quoted;
    const std::string candidates = "SELECT x.ctid AS place, x.tableoid AS part, " + row_text("x") +
                                   " AS image FROM " + table + " AS x WHERE " + hash("x", false) +
                                   " IN (SELECT " + hash("s", true) + " FROM " + staged + ")";
    const std::string images = "SELECT " + staged_row_text("s") + " AS image FROM " + staged;
    const std::string hits =
        " FROM (SELECT c.place, c.part, c.image, row_number() OVER (PARTITION BY c.image) AS nth"
        " FROM (" +
        candidates +
        ") AS c) AS h JOIN (SELECT w.image, row_number() OVER"
        " (PARTITION BY w.image) AS nth FROM (" +
        images +
        ") AS w) AS want"
        " ON want.image = h.image AND want.nth = h.nth";
    if (target_.only.empty()) {
        // A partitioned table: a row's place is unique within its partition only.
        return "DELETE FROM " + table + " AS t USING (SELECT h.place, h.part" + hits +
               ") AS d WHERE t.ctid = d.place AND t.tableoid = d.part";
    }
    return "DELETE FROM " + table + " AS t WHERE t.ctid = ANY (ARRAY(SELECT h.place" + hits + "))";
}

/// Key columns are set too: equal keys may differ in form (1.0 and 1.00).
std::string ApplySql::set_list(const Presence& present) const {
    std::string out;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        if (present[column] && !target_.columns[column].identity_always) {
            add(out, target_.columns[column].name + " = s.c" + number(column));
        }
    }
    return out;
}

std::string ApplySql::update(const std::string& staged, std::uint32_t mask,
                             const Presence& present) const {
    const std::string sets = set_list(present);
    if (sets.empty()) {
        // The table has nothing but an identity column: the row must exist, and stays as it is.
        return "SELECT 1 FROM " + target_.only + target_.quoted + " AS t JOIN " + staged + " ON " +
               key_match("t", "s", 'k') + " WHERE s.mask = " + number(mask);
    }
    return "UPDATE " + target_.only + target_.quoted + " AS t SET " + sets + " FROM " + staged +
           " WHERE " + key_match("t", "s", 'k') + " AND s.mask = " + number(mask);
}

/// The cells of a moved row: those that were sent, and those of the old row, `t`.
std::string ApplySql::completed(const Presence& present) const {
    std::string list;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        const std::string name = "c" + number(column);
        add(list,
            (present[column] ? "s." + name : "t." + target_.columns[column].name) + " AS " + name);
    }
    return list;
}

std::string ApplySql::complete_moves(std::uint32_t mask, const Presence& present) const {
    return "INSERT INTO " + stage_name(table_, StageKind::rows) + " SELECT " + completed(present) +
           " FROM " + staged(StageKind::moves) + " JOIN " + target_.only + target_.quoted +
           " AS t ON " + key_match("t", "s", 'k') + " WHERE s.mask = " + number(mask);
}

std::string ApplySql::move(const std::string& staged,
                           const std::vector<std::pair<std::uint32_t, Presence>>& groups) const {
    std::string taken;
    std::string counts;
    for (const auto& [mask, present] : groups) {
        const std::string name = "taken" + number(mask);
        add(taken, name + " AS (" + delete_keys(staged) + " AND s.mask = " + number(mask) +
                       " RETURNING " + completed(present) + ")");
        add(counts, "(SELECT count(*) FROM " + name + ")", " + ");
    }
    // The count is known before the first row arrives, but only after all rows have been deleted.
    std::string rows;
    for (const auto& [mask, present] : groups) {
        add(rows, "SELECT * FROM taken" + number(mask) + " WHERE " + counts + " > 0",
            " UNION ALL ");
    }
    return "WITH " + taken + " INSERT INTO " + target_.quoted + " (" + target_.column_list() +
           ") OVERRIDING SYSTEM VALUE " + rows;
}

std::string ApplySql::insert_rows(const std::string& staged) const {
    return "INSERT INTO " + target_.quoted + " (" + target_.column_list() +
           ") OVERRIDING SYSTEM VALUE SELECT * FROM " + staged;
}

std::string ApplySql::clear_way(const std::string& staged, bool count) const {
    const std::string statement = "DELETE FROM " + target_.only + target_.quoted + " AS t USING " +
                                  staged + " WHERE " + key_match("t", "s", 'c');
    if (!count) {
        return statement;
    }
    return "WITH gone AS (" + statement + " RETURNING ROW(" + staged_key_columns('c') +
           ")::text AS key) SELECT count(*), coalesce((array_agg(key))[1:5], '{}') FROM gone";
}

std::string ApplySql::insert_updates_without_base(const std::string& staged) const {
    std::string list;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        add(list, "s.c" + number(column));
    }
    return "INSERT INTO " + target_.quoted + " (" + target_.column_list() +
           ") OVERRIDING SYSTEM VALUE SELECT " + list + " FROM " + staged +
           " WHERE s.mask = 0 AND NOT EXISTS (SELECT FROM " + target_.only + target_.quoted +
           " AS t WHERE " + key_match("t", "s", 'k') + ")";
}

std::string ApplySql::keys_without_base(const std::string& staged, std::uint32_t mask) const {
    return "SELECT " + staged_key_columns('c') + " FROM " + staged +
           " WHERE s.mask = " + number(mask) + " AND NOT EXISTS (SELECT FROM " + target_.only +
           target_.quoted + " AS t WHERE " + key_match("t", "s", 'k') + ")";
}

std::string ApplySql::missing_keys(const std::string& staged) const {
    if (target_.keyless()) {
        return "SELECT left(want.image, 300) FROM (SELECT " + staged_row_text("s") +
               " AS image, count(*) AS n FROM " + staged +
               " GROUP BY 1) AS want LEFT JOIN (SELECT " + row_text("x") +
               " AS image, count(*) AS n FROM " + target_.only + target_.quoted +
               " AS x GROUP BY 1) AS have ON have.image = want.image"
               " WHERE want.n > coalesce(have.n, 0) LIMIT 5";
    }
    return "SELECT left(ROW(" + staged_key_columns('k') + ")::text, 300) FROM " + staged +
           " WHERE NOT EXISTS (SELECT FROM " + target_.only + target_.quoted + " AS t WHERE " +
           key_match("t", "s", 'k') + ") LIMIT 5";
}

std::string ApplySql::doubled_keys(const std::string& staged) const {
    return "SELECT left(ROW(" + staged_key_columns('k') + ")::text, 300) FROM " + staged +
           " JOIN " + target_.only + target_.quoted + " AS t ON " + key_match("t", "s", 'k') +
           " GROUP BY 1 HAVING count(*) > 1 LIMIT 5";
}

namespace {

std::string parameter(std::size_t at, const TargetColumn& column) {
    return "$" + number(at) + "::" + column.parameter_type;
}

}  // namespace

std::string ApplySql::step_insert() const {
    std::string values;
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        add(values, parameter(column + 1, target_.columns[column]));
    }
    return "INSERT INTO " + target_.quoted + " (" + target_.column_list() +
           ") OVERRIDING SYSTEM VALUE VALUES (" + values + ")";
}

std::string ApplySql::parameter_match(std::size_t first) const {
    std::string match;
    for (std::size_t at = 0; at < target_.key.size(); ++at) {
        const TargetColumn& column = target_.columns[target_.key[at]];
        add(match,
            "t." + column.name + " " + target_.key_operators[at] + " " +
                parameter(first + at, column),
            " AND ");
    }
    return match;
}

std::string ApplySql::step_delete() const {
    return "DELETE FROM " + target_.only + target_.quoted + " AS t WHERE " + parameter_match(1);
}

std::string ApplySql::step_clear_way() const {
    return step_delete() + " AND NOT (" + parameter_match(target_.key.size() + 1) + ")";
}

std::string ApplySql::step_key_text() const {
    std::string list;
    for (std::size_t at = 0; at < target_.key.size(); ++at) {
        add(list, parameter(at + 1, target_.columns[target_.key[at]]));
    }
    return "SELECT ROW(" + list + ")::text";
}

std::string ApplySql::step_replace(const Presence& present) const {
    std::string old_cells;
    std::string list;
    std::size_t at = target_.key.size();
    for (std::size_t column = 0; column < target_.columns.size(); ++column) {
        if (present[column]) {
            add(list, parameter(++at, target_.columns[column]));
        } else {
            add(old_cells, "t." + target_.columns[column].name + " AS c" + number(column));
            add(list, "base.c" + number(column));
        }
    }
    return "WITH base AS (" + step_delete() + " RETURNING " +
           (old_cells.empty() ? "1" : old_cells) + ") INSERT INTO " + target_.quoted + " (" +
           target_.column_list() + ") OVERRIDING SYSTEM VALUE SELECT " + list + " FROM base";
}

}  // namespace cutover::postgres
