#include "tests/simulation/filter.h"

#include <optional>

#include "migrator/engine/memory/database/cells.h"

namespace cutover::simulation {

using model::Tuple;
using Number = std::optional<std::int64_t>;

namespace {

/// Reads one column; nothing: it is NULL.
class Reader {
public:
    Reader(const model::TableSchema& table, const std::string& column)
        : column_(*table.column_index(column)) {}
    Number number(const Tuple& row) const {
        return null(row) ? std::nullopt : Number(memory::parse_number(row.bytes(column_)));
    }
    std::optional<std::string> text(const Tuple& row) const {
        return null(row) ? std::nullopt : std::optional(std::string(row.bytes(column_)));
    }

private:
    bool null(const Tuple& row) const { return row.kind(column_) == model::CellKind::null; }
    std::size_t column_;
};

Filter of_number(Random& random, const Reader& v) {
    const auto least = static_cast<std::int64_t>(random.between(1, 7));
    const std::string word = std::to_string(least);
    switch (random.below(7)) {
        case 0:
            return {"v < " + word + " OR v IS NULL",
                    [=](const Tuple& row) { return v.number(row).value_or(0) < least; }};
        case 1:
            return {"v % 2 = 0",
                    [=](const Tuple& row) { return v.number(row).value_or(1) % 2 == 0; }};
        case 2:
            return {"NOT (v BETWEEN " + word + " AND 7)", [=](const Tuple& row) {
                        const Number found = v.number(row);
                        return found && (*found < least || *found > 7);
                    }};
        case 3:
            return {"v IN (" + word + ", 8, 0)", [=](const Tuple& row) {
                        const std::int64_t found = v.number(row).value_or(-1);
                        return found == least || found == 8 || found == 0;
                    }};
        case 4:
            return {"coalesce(v, 5) > " + word,
                    [=](const Tuple& row) { return v.number(row).value_or(5) > least; }};
        case 5:
            return {"v * v - " + word + " > 10 IS NOT FALSE", [=](const Tuple& row) {
                        const Number found = v.number(row);
                        return !found || *found * *found - least > 10;
                    }};
        default:
            return {"v >= " + word,
                    [=](const Tuple& row) { return v.number(row).value_or(0) >= least; }};
    }
}

Filter of_text(Random& random, const Reader& note, const Reader& v) {
    switch (random.below(4)) {
        case 0:
            return {"note LIKE '%a%'", [=](const Tuple& row) {
                        return note.text(row).value_or("").find('a') != std::string::npos;
                    }};
        case 1:
            return {"note IS DISTINCT FROM 'elm' AND NOT (v = 3)", [=](const Tuple& row) {
                        return note.text(row).value_or("") != "elm" &&
                               v.number(row).value_or(3) != 3;
                    }};
        case 2:
            return {"lower(note) < 'h' OR v > 6", [=](const Tuple& row) {
                        const auto found = note.text(row);
                        const bool early = found && !found->empty() && ((*found)[0] | 0x20) < 'h';
                        return early || v.number(row).value_or(0) > 6;
                    }};
        default:
            return {"note NOT IN ('oak', 'Ash') AND length(note) > 3", [=](const Tuple& row) {
                        const std::string found = note.text(row).value_or("");
                        return found.size() > 3 && found != "oak" && found != "Ash";
                    }};
    }
}

}  // namespace

Filter draw_filter(Random& random, const model::TableSchema& table) {
    const Reader v(table, "v");
    const std::uint64_t dice = random.below(100);
    const auto note = table.column_index("note");
    if (note && dice < 35) {
        return of_text(random, Reader(table, "note"), v);
    }
    // A row that changes its key may leave the filter, or enter it.
    for (const char* name : {"id", "a"}) {
        const auto key = table.column_index(name);
        const std::string type = key ? table.columns[*key].type : "";
        if (dice > 85 && (type == "int" || type == "number")) {
            const Reader id(table, name);
            return {std::string(name) + " % 3 <> 0",
                    [=](const Tuple& row) { return id.number(row).value_or(0) % 3 != 0; }};
        }
    }
    return of_number(random, v);
}

}  // namespace cutover::simulation
