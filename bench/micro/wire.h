// Makes PostgreSQL's bytes for the micro benches: messages of pgoutput, rows and values in binary
// form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/plan/plan.h"

namespace cutover::bench {

class Wire {
public:
    Wire& number(std::uint64_t value, int length) {
        for (int at = length - 1; at >= 0; --at) {
            bytes_ += static_cast<char>((value >> (8 * at)) & 0xFF);
        }
        return *this;
    }
    Wire& raw(std::string_view value) {
        bytes_ += value;
        return *this;
    }
    Wire& text(std::string_view value) { return raw(value).number(0, 1); }
    /// Length and bytes, as in a row.
    Wire& cell(std::string_view value) { return number(value.size(), 4).raw(value); }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

inline std::string int32(std::int64_t value) {
    return Wire().number(static_cast<std::uint64_t>(value), 4).bytes();
}

/// A pgoutput tuple with binary cells.
inline std::string tuple(char part, const std::vector<std::string>& cells) {
    Wire wire;
    wire.raw({&part, 1}).number(cells.size(), 2);
    for (const std::string& cell : cells) {
        wire.raw("b").cell(cell);
    }
    return wire.bytes();
}

/// The cells of a row of pgbench_accounts.
inline std::vector<std::string> account(std::int64_t id) {
    return {int32(id), int32(id / 100'000 + 1), int32(id % 9999 - 5000), std::string(84, ' ')};
}

/// The plan's table for pgbench_accounts.
inline plan::TablePlan accounts_plan() {
    plan::TablePlan table;
    table.source = {"public", "pgbench_accounts"};
    table.destination = table.source;
    const auto add = [&](const char* name, const char* type, std::uint64_t id) {
        model::ColumnSchema column;
        column.name = name;
        column.type = type;
        column.type_name = {"pg_catalog", type};
        column.type_id = id;
        table.schema.columns.push_back(column);
        table.columns.push_back({column, name, type});
    };
    add("aid", "integer", 23);
    add("bid", "integer", 23);
    add("abalance", "integer", 23);
    add("filler", "character(84)", 1042);
    table.schema.name = table.source;
    table.key.columns.push_back({0, nullptr});
    return table;
}

}  // namespace cutover::bench
