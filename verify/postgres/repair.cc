#include "verify/postgres/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "migrator/model/visible.h"
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

/// Names come from a server as UTF-8, and no name contains a zero byte.
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

/// A type's name as the server writes it: quoted unless it is plain.
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

/// An amount is cast to a number first, because how money itself reads a text depends on a setting.
std::string amount_type(const std::string& type) {
    return type == "money" ? "::numeric" : type == "money[]" ? "::numeric[]" : "";
}

bool is_null(const RepairField& field) {
    std::string_view rest = field.cell;
    CellView cell;
    return !take_cell(rest, cell) || cell.tag == Tag::null || cell.tag == Tag::absent;
}

/// `NULL` or `'...'::type`.
std::string value(const RepairField& field) {
    const std::string& type = field.column->type;
    return is_null(field)
               ? "NULL"
               : literal(printable(field.cell)) + amount_type(type) + "::" + type_name(type);
}

/// True if the row is still there as it was seen. Compares text with text, which works for every
/// type and is strict.
std::string image(const RepairRow& row, bool key_only = false) {
    std::string out;
    for (const RepairField& field : row.fields) {
        if (field.column == nullptr || (key_only && !field.key)) {
            continue;
        }
        const std::string column = identifier(field.column->name);
        out += out.empty() ? "" : " AND ";
        if (is_null(field)) {
            out += column + " IS NULL";
        } else if (field.key) {
            out += column + " = " + value(field);
        } else {
            out += column + "::text IS NOT DISTINCT FROM (" + value(field) + ")::text";
        }
    }
    return out.empty() ? "true" : out;
}

std::string table_name(const RepairRow& row) {
    return identifier(row.table.name.schema) + "." + identifier(row.table.name.name);
}

std::string insert_head(const RepairRow& row) {
    std::string columns;
    std::string values;
    for (const RepairField& field : row.fields) {
        if (field.column != nullptr && !field.column->generated) {
            columns += (columns.empty() ? "" : ", ") + identifier(field.column->name);
            values += (values.empty() ? "" : ", ") + value(field);
        }
    }
    return fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {}", table_name(row),
                       columns, values);
}

/// psql's own line comes first: after an error, nothing more is done. The encoding comes before
/// anything that is not ours; then follow all settings by which a value or a guard is read.
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

class PostgresRepair final : public RepairDialect {
public:
    std::string head() const override { return kHead; }

    /// In some encodings a byte could swallow the end of the line, so only ASCII is written.
    std::string remark(const std::string& text) const override {
        std::string out = "-- ";
        for (const char32_t code : code_points(model::visible(text))) {
            out += code < 0x7F ? std::string(1, static_cast<char>(code))
                               : fmt::format("\\u{:04x}", std::uint32_t{code});
        }
        return out;
    }

    std::string insert(const RepairRow& row) const override {
        return fmt::format("{} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {});", insert_head(row),
                           table_name(row), image(row, true));
    }

    std::string erase(const RepairRow& row) const override {
        return fmt::format("DELETE FROM {} WHERE {};", table_name(row), image(row));
    }

    std::string update(const RepairRow& seen, const RepairRow& wanted,
                       const std::vector<std::size_t>& fields) const override {
        std::string set;
        for (const std::size_t at : fields) {
            const RepairField& field = wanted.fields[at];
            if (field.column != nullptr && !field.column->generated) {
                set += (set.empty() ? "" : ", ") + identifier(field.column->name) + " = " +
                       value(field);
            }
        }
        return set.empty()
                   ? std::string()
                   : fmt::format("UPDATE {} SET {} WHERE {};", table_name(seen), set, image(seen));
    }

    std::string insert_copies(const RepairRow& row, const RepairCopies& count) const override {
        return fmt::format(
            "{} FROM generate_series(1, {}) WHERE (SELECT count(*) FROM {} WHERE {}) = {};",
            insert_head(row), count.copies, table_name(row), image(row), count.standing);
    }

    std::string erase_copies(const RepairRow& row, const RepairCopies& count) const override {
        return fmt::format(
            "DELETE FROM {0} WHERE ctid IN (SELECT ctid FROM {0} WHERE {1} LIMIT {2})"
            " AND (SELECT count(*) FROM {0} WHERE {1}) = {3};",
            table_name(row), image(row), count.copies, count.standing);
    }
};

}  // namespace

const RepairDialect& postgres_repair() {
    static const PostgresRepair dialect;
    return dialect;
}

}  // namespace cutover::verify
