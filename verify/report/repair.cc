#include "verify/report/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "migrator/model/visible.h"
#include "migrator/plan/output_file.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {

namespace {

using model::code_points;

bool plain(char letter) {
    return letter >= 0x20 && letter < 0x7F;
}

bool plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char letter) { return plain(letter); });
}

std::string doubled(std::string_view text, char quote) {
    std::string out;
    for (const char letter : text) {
        out += letter;
        out += letter == quote ? std::string(1, quote) : "";
    }
    return out;
}

/// Names come from a server as UTF-8, and no name holds a zero.
std::string identifier(const std::string& name) {
    if (plain(name)) {
        return '"' + doubled(name, '"') + '"';
    }
    std::string out = "U&\"";
    for (const char32_t code : code_points(name)) {
        const char letter = static_cast<char>(code);
        out += code >= 0x7F || !plain(letter)    ? fmt::format("\\+{:06x}", std::uint32_t{code})
               : letter == '"' || letter == '\\' ? std::string(2, letter)
                                                 : std::string(1, letter);
    }
    return out + '"';
}

/// A type's name as the server writes it: what is not plain stands in quotes.
std::string type_name(const std::string& type) {
    std::string out;
    for (std::size_t at = 0; at < type.size();) {
        if (type[at] != '"') {
            out += type[at++];
            continue;
        }
        std::string name;
        while (++at < type.size() && (type[at] != '"' || type.substr(at, 2) == "\"\"")) {
            name += type[at];
            at += type[at] == '"' ? 1 : 0;
        }
        ++at;
        out += identifier(name);
    }
    return out;
}

std::string literal(const std::string& text) {
    if (plain(text)) {
        return "'" + doubled(text, '\'') + "'";
    }
    std::string hex;
    for (const char letter : text) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(letter));
    }
    return "convert_from(decode('" + hex + "', 'hex'), 'UTF8')";
}

/// For a comment: a byte of some encoding could swallow the end of the line.
std::string remark(const std::string& text) {
    std::string out;
    for (const char32_t code : code_points(model::visible(text))) {
        out += code < 0x7F ? std::string(1, static_cast<char>(code))
                           : fmt::format("\\u{:04x}", std::uint32_t{code});
    }
    return out;
}

/// One compared column of a row, ready for SQL.
struct Field {
    std::string column;
    std::string value;  ///< `NULL` or `'...'::type`
    bool is_null = false;
    bool key = false;
    bool generated = false;
};

const ColumnShape* destination_column(const TablePair& pair, const std::string& name) {
    for (const ColumnShape& column : pair.destination.columns) {
        if (column.name == name) {
            return &column;
        }
    }
    return nullptr;
}

bool is_key(const TablePair& pair, const std::string& source_column) {
    for (const std::string& key : pair.key_columns) {
        if (key == source_column) {
            return true;
        }
    }
    return false;
}

/// An amount is read as a number first: how money itself reads one is up to a setting.
std::string amount_type(const std::string& type) {
    return type == "money" ? "::numeric" : type == "money[]" ? "::numeric[]" : "";
}

/// Fields by index into the pair's cells; cells that are read for the order only stay empty.
std::vector<Field> fields_of(const TablePair& pair, Side side, std::string_view row) {
    std::vector<Field> fields;
    CellWalk walk(row);
    for (const PairCell& cell : pair.cells) {
        Field field;
        const Cell value = walk.next();
        const ColumnShape* column = destination_column(pair, cell.destination_column);
        if (cell.compared && column != nullptr) {
            field.column = identifier(cell.destination_column);
            field.is_null = !value.has_value();
            field.key = is_key(pair, cell.source_column);
            field.generated = column->generated;
            field.value = field.is_null
                              ? "NULL"
                              : literal(printable(canonical_cell(cell, side, value))) +
                                    amount_type(column->type) + "::" + type_name(column->type);
        }
        fields.push_back(std::move(field));
    }
    return fields;
}

/// The row is still there as it was seen. Text against text: every type has it, and it is strict.
std::string image(const std::vector<Field>& fields) {
    std::string out;
    for (const Field& field : fields) {
        if (field.column.empty()) {
            continue;
        }
        out += out.empty() ? "" : " AND ";
        if (field.is_null) {
            out += field.column + " IS NULL";
        } else if (field.key) {
            out += field.column + " = " + field.value;
        } else {
            out += field.column + "::text IS NOT DISTINCT FROM (" + field.value + ")::text";
        }
    }
    return out.empty() ? "true" : out;
}

std::string key_image(const std::vector<Field>& fields) {
    std::vector<Field> key;
    for (const Field& field : fields) {
        if (field.key) {
            key.push_back(field);
        }
    }
    return image(key);
}

std::string table_name(const TablePair& pair) {
    return identifier(pair.destination.name.schema) + "." + identifier(pair.destination.name.name);
}

std::string insert(const TablePair& pair, const std::vector<Field>& fields, std::uint64_t copies,
                   std::uint64_t standing) {
    std::string columns;
    std::string values;
    for (const Field& field : fields) {
        if (!field.column.empty() && !field.generated) {
            columns += (columns.empty() ? "" : ", ") + field.column;
            values += (values.empty() ? "" : ", ") + field.value;
        }
    }
    const std::string head = fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {}",
                                         table_name(pair), columns, values);
    if (!pair.keyless()) {
        return fmt::format("{} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {});", head,
                           table_name(pair), key_image(fields));
    }
    return fmt::format(
        "{} FROM generate_series(1, {}) WHERE (SELECT count(*) FROM {} WHERE {}) = {};", head,
        copies, table_name(pair), image(fields), standing);
}

std::string erase(const TablePair& pair, const std::vector<Field>& fields, std::uint64_t copies,
                  std::uint64_t standing) {
    if (!pair.keyless()) {
        return fmt::format("DELETE FROM {} WHERE {};", table_name(pair), image(fields));
    }
    return fmt::format(
        "DELETE FROM {0} WHERE ctid IN (SELECT ctid FROM {0} WHERE {1} LIMIT {2})"
        " AND (SELECT count(*) FROM {0} WHERE {1}) = {3};",
        table_name(pair), image(fields), copies, standing);
}

std::string update(const TablePair& pair, const std::vector<Field>& from,
                   const std::vector<Field>& to, const std::vector<std::size_t>& cells) {
    std::string set;
    for (const std::size_t cell : cells) {
        if (!to[cell].generated && !to[cell].column.empty()) {
            set += (set.empty() ? "" : ", ") + to[cell].column + " = " + to[cell].value;
        }
    }
    return set.empty()
               ? std::string()
               : fmt::format("UPDATE {} SET {} WHERE {};", table_name(pair), set, image(from));
}

/// A repeated row of a keyless table: as many more or less as are missing.
RepairStatements level(const TablePair& pair, const RowFinding& finding) {
    const bool too_few = finding.source_count > finding.destination_count;
    const std::uint64_t copies = too_few ? finding.source_count - finding.destination_count
                                         : finding.destination_count - finding.source_count;
    const bool at_source = !finding.source_row.empty();
    const std::vector<Field> fields =
        fields_of(pair, at_source ? Side::source : Side::destination,
                  at_source ? finding.source_row : finding.destination_row);
    if (too_few) {
        return {insert(pair, fields, copies, finding.destination_count),
                erase(pair, fields, copies, finding.source_count)};
    }
    return {erase(pair, fields, copies, finding.destination_count),
            insert(pair, fields, copies, finding.source_count)};
}

/// psql's own line first: after an error nothing more is done. The encoding before everything that
/// is not ours; every setting that a value or a guard is read by.
constexpr const char* kHead =
    R"(-- Written by cutover verify, for psql. Each statement does something only while the destination
-- still holds what was seen.
\set ON_ERROR_STOP on
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmloption = 'content';
SET search_path = pg_catalog;
)";

}  // namespace

RepairStatements repair_statements(const TablePair& pair, const RowFinding& finding) {
    switch (finding.verdict) {
        case RowVerdict::missing:
        case RowVerdict::extra:
            return level(pair, finding);
        case RowVerdict::duplicate:
            return pair.keyless() ? level(pair, finding) : RepairStatements();
        case RowVerdict::different:
            break;
        default:
            return {};
    }
    const std::vector<Field> wanted = fields_of(pair, Side::source, finding.source_row);
    const std::vector<Field> seen = fields_of(pair, Side::destination, finding.destination_row);
    return {update(pair, seen, wanted, finding.cells), update(pair, wanted, seen, finding.cells)};
}

struct RepairWriter::Files {
    explicit Files(const std::string& path)
        : repair("--repair-file", path), undo("--repair-file with .undo", path + ".undo") {
        repair.write(kHead);
        undo.write(kHead);
    }

    plan::OutputFile repair;
    plan::OutputFile undo;
};

RepairWriter::RepairWriter(const std::string& path, std::uint64_t limit)
    : files_(std::make_unique<Files>(path)), limit_(limit) {}

RepairWriter::~RepairWriter() = default;

void RepairWriter::found(const TablePair& pair, const RowFinding& finding) {
    {
        const std::lock_guard lock(mutex_);
        if (statements_ >= limit_) {
            return;
        }
    }
    RepairStatements statements = repair_statements(pair, finding);
    if (statements.repair.empty()) {
        const bool at_source = !finding.source_row.empty();
        statements.repair =
            "-- " +
            remark(fmt::format(
                "by hand: {} {} of {}, {} times at the source, {} at the destination",
                to_string(finding.verdict),
                describe_key(pair, at_source ? Side::source : Side::destination,
                             at_source ? finding.source_row : finding.destination_row),
                pair.destination.name.display(), finding.source_count, finding.destination_count));
    }
    const std::lock_guard lock(mutex_);
    if (++statements_ == limit_) {
        statements.repair += "\n-- The limit of statements is reached: there is more to repair.";
    }
    files_->repair.write(statements.repair + "\n");
    if (!statements.undo.empty()) {
        files_->undo.write(statements.undo + "\n");
    }
}

void RepairWriter::leave_by_hand(const std::string& what) {
    const std::lock_guard lock(mutex_);
    files_->repair.write("-- by hand: " + remark(what) + "\n");
}

std::uint64_t RepairWriter::statements() const {
    const std::lock_guard lock(mutex_);
    return statements_;
}

void RepairWriter::withdraw(const std::string& why) {
    const std::lock_guard lock(mutex_);
    statements_ = 0;
    for (plan::OutputFile* const file : {&files_->repair, &files_->undo}) {
        file->begin_anew();
        file->write(kHead);
        file->write("-- Nothing to repair: no row has a verdict (" + remark(why) + ").\n");
    }
}

void RepairWriter::close() {
    files_->undo.commit();  // first: who sees a repair can take it back
    files_->repair.commit();
}

}  // namespace cutover::verify
