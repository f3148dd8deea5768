#include "verify/repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "migrator/model/error.h"
#include "verify/canonical.h"

namespace cutover::verify {

namespace {

using model::Error;
using model::ErrorClass;

std::string identifier(const std::string& name) {
    std::string out = "\"";
    for (const char letter : name) {
        out += letter;
        out += letter == '"' ? "\"" : "";
    }
    return out + "\"";
}

std::string literal(const std::string& text) {
    std::string out = "'";
    for (const char letter : text) {
        out += letter;
        out += letter == '\'' ? "'" : "";
    }
    return out + "'";
}

/// One compared column of a row, ready for SQL.
struct Field {
    std::string column;
    std::string type;
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
            field.type = column->type;
            field.is_null = !value.has_value();
            field.key = is_key(pair, cell.source_column);
            field.generated = column->generated;
            field.value = field.is_null ? "NULL"
                                        : literal(printable(canonical_cell(cell, side, value))) +
                                              amount_type(column->type) + "::" + column->type;
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

constexpr const char* kHead =
    "-- Written by cutover verify. Each statement does something only while the destination still "
    "holds what was"
    " seen.\nSET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; "
    "\nSET extra_float_digits = 3; SET search_path = pg_catalog; SET "
    "standard_conforming_strings = on;\n";

FILE* open_private(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE* const file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "w");
    if (file == nullptr) {
        throw Error(ErrorClass::refused, "verify.repair_file",
                    "cannot write the repair file " + path + ": " + std::strerror(errno),
                    "name a file in a folder that can be written");
    }
    std::fputs(kHead, file);
    return file;
}

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
    FILE* repair = nullptr;
    FILE* undo = nullptr;

    ~Files() { close(); }
    bool close() {
        bool ok = true;
        for (FILE** file : {&repair, &undo}) {
            if (*file != nullptr) {
                ok = std::fclose(*file) == 0 && ok;
                *file = nullptr;
            }
        }
        return ok;
    }
};

RepairWriter::RepairWriter(const std::string& path, std::uint64_t limit)
    : files_(std::make_unique<Files>()), limit_(limit) {
    files_->repair = open_private(path);
    files_->undo = open_private(path + ".undo");
}

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
        statements.repair = fmt::format(
            "-- by hand: {} {} of {}, {} times at the source, {} at the destination",
            to_string(finding.verdict),
            describe_key(pair, at_source ? Side::source : Side::destination,
                         at_source ? finding.source_row : finding.destination_row),
            pair.destination.name.display(), finding.source_count, finding.destination_count);
        for (char& letter : statements.repair) {
            letter = letter == '\n' || letter == '\r' ? ' ' : letter;
        }
    }
    const std::lock_guard lock(mutex_);
    if (++statements_ == limit_) {
        statements.repair += "\n-- The limit of statements is reached: there is more to repair.";
    }
    std::fprintf(files_->repair, "%s\n", statements.repair.c_str());
    if (!statements.undo.empty()) {
        std::fprintf(files_->undo, "%s\n", statements.undo.c_str());
    }
}

std::uint64_t RepairWriter::statements() const {
    const std::lock_guard lock(mutex_);
    return statements_;
}

void RepairWriter::withdraw(const std::string& why) {
    const std::lock_guard lock(mutex_);
    statements_ = 0;
    for (FILE* const file : {files_->repair, files_->undo}) {
        std::rewind(file);
        if (::ftruncate(::fileno(file), 0) != 0) {
            throw Error(ErrorClass::refused, "verify.repair_file",
                        std::string("cannot take back what the repair file holds: ") +
                            std::strerror(errno),
                        "do not run it");
        }
        std::fputs(kHead, file);
        std::fprintf(file, "-- Nothing to repair: no row has a verdict (%s).\n", why.c_str());
    }
}

void RepairWriter::close() {
    if (!files_->close()) {
        throw Error(ErrorClass::refused, "verify.repair_file",
                    "the repair file could not be written whole", "free space on the disk");
    }
}

}  // namespace cutover::verify
