// An end of the judge in memory: tables as lists of wire cells, delivered in key order like a
// server would. With it the whole of verify::run is tested without a server, also with blocks of a
// few bytes.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrator/model/error.h"
#include "tests/unit/verify/wire.h"
#include "verify/canonical/canonical.h"
#include "verify/compare/key_order.h"
#include "verify/end/end.h"
#include "verify/postgres/decode.h"
#include "verify/postgres/repair.h"
#include "verify/run/request.h"

namespace cutover::verify::testing_support {

using WireCell = std::optional<std::string>;
using WireRow = std::vector<WireCell>;

inline std::string row_bytes(const WireRow& cells) {
    std::string out = wire::int16(static_cast<int>(cells.size()));
    for (const WireCell& cell : cells) {
        out += cell ? wire::part(*cell) : wire::null_part();
    }
    return out;
}

inline ColumnShape column(std::string name, std::string type, std::uint32_t oid, KeyOrder order) {
    static const WireTypes types({});
    ColumnShape out;
    out.name = std::move(name);
    out.type = std::move(type);
    out.decoder = postgres_decoder(types.find(oid));
    out.key_order = order;
    out.ordered_scan = order == KeyOrder::integer;
    return out;
}
inline ColumnShape int_column(std::string name) {
    return column(std::move(name), "integer", 23, KeyOrder::integer);
}
inline ColumnShape text_column(std::string name) {
    return column(std::move(name), "text", 25, KeyOrder::bytes);
}
inline ColumnShape numeric_column(std::string name) {
    return column(std::move(name), "numeric", 1700, KeyOrder::numeric);
}

inline std::string integer_cell(std::int64_t value) {
    std::string out;
    put_number(out, number_from(value), false);
    return out;
}

struct FakeVersion {
    bool free = true;
    std::string version;
};

struct FakeTable {
    TableShape shape;
    std::vector<WireRow> rows;
    bool in_order = true;        ///< false: rows come as they stand, whatever was asked for
    bool refuses_keys = false;   ///< rows cannot be asked for by key
    bool loses_keys = false;     ///< they can, and are not found
    std::vector<int> cuts = {};  ///< of its first cell, an int4; the table counts as large
    std::optional<int> unreadable_from = {};  ///< the range that begins at this cut is broken
    /// Of the row with this first cell; else its own bytes, free.
    std::map<WireCell, FakeVersion> versions = {};
};

/// Positions and numbers of transactions are plain numbers.
struct FakeMoment {
    int position = 0;
    int oldest_writer = 1;  ///< all below have ended
    int next_writer = 1;    ///< all from here on had not begun
};

inline Evidence place(int position) {
    return Evidence(std::to_string(position));
}

struct FakeDatabase {
    std::vector<FakeTable> tables;
    SchemaFacts facts;
    bool busy = false;           ///< somebody writes all the time
    bool spares_tables = false;  ///< but not to these tables
    int standings = 0;
    std::size_t block_bytes = 0;  ///< 0: as asked for
    bool shares_snapshots = true;
    FakeMoment moment = {};
    bool has_witness = true;
    bool has_no_catalog = false;  ///< a destination that takes its tables for the source's
    Applied applied = {};
    std::function<void()> before_snapshot =
        {};  ///< the script: what happens before a session takes one
    std::vector<model::ObjectName> sequences = {};  ///< that no table owns
    std::vector<LeftOut> left_out = {};
    std::vector<OpenWriter> open_writers = {};
    std::function<void()> before_standing = {};
};

class FakeStream final : public RowStream {
public:
    FakeStream(std::vector<std::string> rows, std::size_t block_bytes)
        : rows_(std::move(rows)), block_bytes_(block_bytes) {}
    bool fill(RowBlock& block, std::size_t bytes) override {
        const std::size_t limit = block_bytes_ == 0 ? bytes : block_bytes_;
        const std::size_t before = block.rows();
        while (at_ < rows_.size() && block.data.size() < limit) {
            block.data += rows_[at_++];
            block.ends.push_back(static_cast<std::uint32_t>(block.data.size()));
        }
        return block.rows() > before;
    }

private:
    std::vector<std::string> rows_;
    std::size_t block_bytes_;
    std::size_t at_ = 0;
};

class FakeEnd final : public End, private Witness {
public:
    explicit FakeEnd(FakeDatabase& database) : database_(database) {}

    std::string description() override { return "memory"; }
    Standing standing() override {
        if (database_.before_standing) {
            database_.before_standing();
        }
        return {Evidence("0/1"), place(database_.busy ? ++database_.standings : 0),
                database_.open_writers};
    }
    std::string begin_snapshot() override { return database_.shares_snapshots ? "snapshot" : ""; }
    void join_snapshot(const std::string& id) override {
        if (!id.empty()) {
            return;
        }
        if (database_.before_snapshot) {
            database_.before_snapshot();
        }
        view_ = database_.tables;
        moment_ = database_.moment;
        applied_ = database_.applied;
    }
    Evidence view() override { return Evidence("0"); }
    bool written_between(const TableShape&, const Evidence&, const Evidence&) override {
        return !database_.spares_tables;
    }
    Witness* witness() override { return database_.has_witness ? this : nullptr; }
    Applied applied(const std::string&) override { return view_ ? applied_ : database_.applied; }
    std::vector<TableShape> tables(const TableQuery& query) override {
        if (database_.has_no_catalog) {
            return called_otherwise(query);
        }
        const plan::ObjectSelection* const selection = query.selection;
        std::vector<TableShape> out;
        for (const FakeTable& table : database_.tables) {
            if (selection == nullptr || selection->selects(table.shape.name)) {
                out.push_back(table.shape);
                out.back().estimated_rows = table.cuts.empty() ? table.rows.size() : 1u << 20;
            }
        }
        return out;
    }
    std::vector<LeftOut> left_out() override { return database_.left_out; }
    std::vector<model::ObjectName> sequences() override { return database_.sequences; }
    SchemaFacts facts(const FactScope&, const plan::NameMapping*) override {
        return database_.facts;
    }
    std::unique_ptr<RowStream> read(const TableShape& table, const ReadSpec& spec) override {
        const FakeTable& from = find(table.name);
        if (from.refuses_keys && !spec.keys.empty()) {
            throw model::Error(model::ErrorClass::operation, "sql.22P02", "no such key");
        }
        if (from.unreadable_from && spec.range.from == integer_cell(*from.unreadable_from)) {
            throw model::Error(model::ErrorClass::operation, "sql.XX001", "broken page");
        }
        KeyCells key;
        for (std::size_t at = 0; at < spec.order_by; ++at) {
            const ColumnShape& column = table.columns[spec.items[at].column];
            key.push_back({spec.items[at].as_order_text ? KeyOrder::bytes : column.key_order,
                           column.decoder});
        }
        std::vector<std::string> rows;
        for (const WireRow& row : from.rows) {
            if ((from.loses_keys && !spec.keys.empty()) || !lies_in(spec.range, row)) {
                continue;
            }
            WireRow cells;
            for (const ReadSpec::Item& item : spec.items) {
                cells.push_back(row[item.column]);
            }
            if (spec.with_version) {
                const auto version = from.versions.find(row[0]);
                const FakeVersion own{true, row_bytes(row)};
                const FakeVersion& seen = version != from.versions.end() ? version->second : own;
                cells.push_back(std::string(1, seen.free ? '\1' : '\0'));
                cells.push_back(seen.version);
            }
            rows.push_back(row_bytes(cells));
        }
        if (from.in_order) {
            std::stable_sort(rows.begin(), rows.end(),
                             [&](const std::string& a, const std::string& b) {
                                 return compare_keys(key, a, key, b) < 0;
                             });
        }
        return std::make_unique<FakeStream>(std::move(rows), database_.block_bytes);
    }
    std::vector<std::string> cuts(const TableShape& table, const ReadSpec&, std::size_t) override {
        std::vector<std::string> out;
        for (const int cut : find(table.name).cuts) {
            out.push_back(integer_cell(cut));
        }
        return out;
    }

private:
    Moment moment() override {
        return {place(moment_.position), Evidence(std::to_string(moment_.oldest_writer) + " " +
                                                  std::to_string(moment_.next_writer))};
    }
    bool sees_all(const Moment& later, const Moment& earlier) const override {
        const std::string& begun = earlier.view.bytes();
        return std::stoi(later.view.bytes()) >= std::stoi(begun.substr(begun.find(' ')));
    }
    bool reaches(const Evidence& position, const Evidence& wanted) const override {
        return !position.empty() && std::stoi(position.bytes()) >= std::stoi(wanted.bytes());
    }
    static std::vector<TableShape> called_otherwise(const TableQuery& query) {
        std::vector<TableShape> out = *query.at_source;
        for (TableShape& table : out) {
            for (ColumnShape& each : table.columns) {
                each.name = query.mapping->column(table.name, each.name);
            }
            table.name = query.mapping->table(table.name);
        }
        return out;
    }
    static bool lies_in(const KeyRange& range, const WireRow& row) {
        if (!range.from && !range.to) {
            return true;
        }
        // As SQL has it: NULL lies in no range.
        const auto value = row[0] ? static_cast<std::int32_t>(load_big32(row[0]->data())) : 0;
        return row[0] && (!range.from || value >= std::stoi(printable(*range.from))) &&
               (!range.to || value < std::stoi(printable(*range.to)));
    }
    const FakeTable& find(const model::ObjectName& name) const {
        const std::vector<FakeTable>& tables = view_ ? *view_ : database_.tables;
        return *std::find_if(tables.begin(), tables.end(),
                             [&](const FakeTable& table) { return table.shape.name == name; });
    }

    FakeDatabase& database_;
    std::optional<std::vector<FakeTable>> view_;  ///< of a session's own snapshot
    FakeMoment moment_;
    Applied applied_;
};

/// Of an engine of their own: the source's endpoint has the database `source`.
inline void use(Request& request, FakeDatabase& source, FakeDatabase& destination) {
    JudgedEngine engine;
    engine.open = [&](const plan::Endpoint& endpoint, std::chrono::seconds) {
        return std::make_unique<FakeEnd>(endpoint.database == "source" ? source : destination);
    };
    engine.repair = &postgres_repair();
    request.source.engine = request.destination.engine = "fake";
    request.source.database = "source";
    request.engines.add("fake", engine);
}

/// `app.t (id integer primary key, v text)` or without the key.
inline FakeTable simple_table(bool keyed = true) {
    FakeTable table;
    table.shape.name = {"app", "t"};
    table.shape.columns = {int_column("id"), text_column("v")};
    if (keyed) {
        table.shape.unique_keys = {{0}};
    }
    return table;
}

inline WireRow simple_row(int id, std::string value) {
    return {wire::int32(id), std::move(value)};
}

}  // namespace cutover::verify::testing_support
