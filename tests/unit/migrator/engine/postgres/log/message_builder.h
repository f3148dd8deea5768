// Writes pgoutput messages for tests, and the plan they belong to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// `nullptr` kinds of cells: "n" NULL, "u" unchanged TOAST, else binary bytes.
struct WireCell {
    char kind = 'b';
    std::string bytes;
};

class MessageBuilder {
public:
    explicit MessageBuilder(char kind) { bytes_ += kind; }

    MessageBuilder& byte(int value) { return number(static_cast<std::uint64_t>(value), 1); }
    MessageBuilder& number(std::uint64_t value, int length) {
        for (int at = length - 1; at >= 0; --at) {
            bytes_ += static_cast<char>((value >> (8 * at)) & 0xFF);
        }
        return *this;
    }
    MessageBuilder& text(std::string_view value) {
        bytes_ += value;
        bytes_ += '\0';
        return *this;
    }
    MessageBuilder& tuple(char part, const std::vector<WireCell>& cells) {
        byte(part).number(cells.size(), 2);
        for (const WireCell& cell : cells) {
            byte(cell.kind);
            if (cell.kind == 'b' || cell.kind == 't') {
                number(cell.bytes.size(), 4);
                bytes_ += cell.bytes;
            }
        }
        return *this;
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

struct WireColumn {
    std::string name;
    bool key = false;
    std::uint32_t type = 25;
    std::int32_t modifier = -1;
};

inline std::string begin_message(std::uint32_t xid, std::uint64_t commit = 0x100) {
    return MessageBuilder('B').number(commit, 8).number(0, 8).number(xid, 4).bytes();
}
inline std::string commit_message(std::uint64_t end) {
    return MessageBuilder('C')
        .byte(0)
        .number(end - 8, 8)
        .number(end, 8)
        .number(1'000'000, 8)
        .bytes();
}
inline std::string relation_message(std::uint32_t oid, const std::string& name,
                                    const std::vector<WireColumn>& columns, char identity = 'd',
                                    std::uint32_t xid = 0) {
    MessageBuilder builder('R');
    if (xid != 0) {
        builder.number(xid, 4);
    }
    builder.number(oid, 4).text("public").text(name).byte(identity).number(columns.size(), 2);
    for (const WireColumn& column : columns) {
        builder.byte(column.key ? 1 : 0).text(column.name).number(column.type, 4);
        builder.number(static_cast<std::uint32_t>(column.modifier), 4);
    }
    return builder.bytes();
}
inline std::string insert_message(std::uint32_t oid, const std::vector<WireCell>& cells,
                                  std::uint32_t xid = 0) {
    MessageBuilder builder('I');
    if (xid != 0) {
        builder.number(xid, 4);
    }
    return builder.number(oid, 4).tuple('N', cells).bytes();
}

/// A planned table `public.<name>`; `columns` are its text columns, the first is the key unless
/// keyless.
inline plan::TablePlan planned_table(model::TableIndex index, const std::string& name,
                                     const std::vector<std::string>& columns,
                                     bool keyless = false) {
    plan::TablePlan table;
    table.index = index;
    table.source = {"public", name};
    table.destination = table.source;
    for (const std::string& column : columns) {
        model::ColumnSchema schema;
        schema.name = column;
        schema.type = "text";
        schema.type_id = 25;
        table.schema.columns.push_back(schema);
        table.columns.push_back({schema, column, "text"});
    }
    table.schema.name = table.source;
    if (!keyless) {
        table.key.columns.push_back({0, nullptr});
    }
    return table;
}

}  // namespace cutover::postgres
