#include "migrator/engine/postgres/log/row_limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrator/engine/postgres/log/key_cell.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr std::uint32_t kNull = 0xFFFFFFFFu;
constexpr double kBytesPerMb = 1 << 20;

/// One form of a row; cells that it has replace those that are known.
void outline_tuple(MessageReader& reader, const RowShape& shape, RowOutline& out) {
    const std::uint16_t count = reader.number16();
    std::uint64_t bytes = 0;
    for (std::uint16_t at = 0; at < count; ++at) {
        const auto kind = static_cast<char>(reader.byte());
        if (kind != 'b' && kind != 't') {
            continue;
        }
        const std::string_view cell = reader.take(reader.number32());
        bytes += cell.size();
        const std::uint32_t target =
            at < shape.targets.size() ? shape.targets[at] : RowShape::kSkipped;
        if (target != RowShape::kSkipped) {
            out.cells.at(target) = cell;
        }
    }
    out.bytes = std::max(out.bytes, bytes);
}

std::string key_text(const plan::TablePlan& table, const RowOutline& row) {
    std::string out;
    for (const plan::KeyColumn& key : table.source_key().columns) {
        const auto& cell = row.cells.at(key.column);
        const model::ColumnSchema& column = table.columns[key.column].source;
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", column.name,
                           cell ? key_cell_text(column.type_id, *cell) : "NULL");
    }
    return out;
}

}  // namespace

RowOutline outline_of_message(std::string_view body, const RowShape& shape) {
    RowOutline out;
    out.cells.resize(shape.sources.size());
    MessageReader reader(body);
    auto part = static_cast<char>(reader.byte());
    if (part == 'K' || part == 'O') {
        outline_tuple(reader, shape, out);
        part = reader.rest().empty() ? '\0' : static_cast<char>(reader.byte());
    }
    if (part == 'N') {
        outline_tuple(reader, shape, out);
    }
    return out;
}

RowOutline outline_of_copy(std::string_view row) {
    RowOutline out;
    MessageReader reader(row);
    const std::uint16_t count = reader.number16();
    for (std::uint16_t at = 0; at < count; ++at) {
        const std::uint32_t length = reader.number32();
        if (length == kNull) {
            out.cells.emplace_back(std::nullopt);
            continue;
        }
        out.cells.emplace_back(reader.take(length));
        out.bytes += length;
    }
    return out;
}

Error row_too_large(const plan::TablePlan& table, const RowOutline& row, std::uint64_t limit) {
    const std::string key = key_text(table, row);
    return Error(
        ErrorClass::refused, "row.too_large",
        fmt::format("a row of table {} ({}) has {:.1f} MB; rows of up to {:.0f} MB are carried",
                    table.source.display(), key.empty() ? "which has no key" : key,
                    static_cast<double>(row.bytes) / kBytesPerMb,
                    static_cast<double>(limit) / kBytesPerMb),
        "make the row smaller at the source, or exclude its table; what the log holds of it "
        "stays there, so that the task has to be released and begun anew");
}

}  // namespace cutover::postgres
