#include "verify/compare/pair.h"

#include <algorithm>
#include <map>

#include "migrator/model/check.h"

namespace cutover::verify {

namespace {

std::optional<std::size_t> find_column(const TableShape& table, const std::string& name) {
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        if (table.columns[at].name == name) {
            return at;
        }
    }
    return std::nullopt;
}

/// Pairs columns by their mapped names, then picks a key, then lays out the cells.
class Pairing {
public:
    Pairing(TablePair& pair, const plan::NameMapping& mapping) : pair_(pair), mapping_(mapping) {}

    void run() {
        match_columns();
        const std::vector<std::size_t> key = choose_key();
        for (const std::size_t column : key) {
            add_key_cell(column);
        }
        for (const auto& [source, destination] : comparable_) {
            if (std::find(cells_.begin(), cells_.end(), source) == cells_.end()) {
                add_cell(source, destination, true);
            }
        }
        pair_.source_read.order_by = pair_.source_key.size();
        pair_.destination_read.order_by = pair_.source_key.size();
        summarise(key);
        check();
    }

private:
    void match_columns() {
        std::vector<bool> used(pair_.destination.columns.size(), false);
        const auto excluded = mapping_.excluded_columns.find(pair_.source.name);
        for (std::size_t at = 0; at < pair_.source.columns.size(); ++at) {
            const ColumnShape& column = pair_.source.columns[at];
            if (excluded != mapping_.excluded_columns.end() &&
                excluded->second.count(column.name) != 0) {
                pair_.excluded_columns.push_back(column.name);
                continue;
            }
            const std::string name = mapping_.column(pair_.source.name, column.name);
            const auto found = find_column(pair_.destination, name);
            if (!found) {
                pair_.missing_columns.push_back(column.name);
                continue;
            }
            used[*found] = true;
            match(at, *found);
        }
        for (std::size_t at = 0; at < used.size(); ++at) {
            const std::string& name = pair_.destination.columns[at].name;
            if (!used[at] && !is_excluded_at_source(name)) {
                pair_.extra_columns.push_back(name);
            }
        }
    }

    bool is_excluded_at_source(const std::string& destination_name) const {
        return std::any_of(pair_.excluded_columns.begin(), pair_.excluded_columns.end(),
                           [&](const std::string& name) {
                               return mapping_.column(pair_.source.name, name) == destination_name;
                           });
    }

    void match(std::size_t source, std::size_t destination) {
        const ColumnShape& a = pair_.source.columns[source];
        const ColumnShape& b = pair_.destination.columns[destination];
        if (a.decoder->family() == b.decoder->family()) {
            comparable_[source] = destination;
            return;
        }
        pair_.uncomparable.push_back(a.name + ": " + a.type + " at the source, " + b.type +
                                     " at the destination have no common form");
    }

    std::vector<std::size_t> choose_key() const {
        for (const std::vector<std::size_t>& key : pair_.source.unique_keys) {
            const bool usable = std::all_of(key.begin(), key.end(), [&](std::size_t column) {
                return comparable_.count(column) != 0;
            });
            if (usable) {
                return key;
            }
        }
        return {};
    }

    void add_key_cell(std::size_t source) {
        const std::size_t destination = comparable_.at(source);
        const ColumnShape& a = pair_.source.columns[source];
        const ColumnShape& b = pair_.destination.columns[destination];
        const bool own_order = a.key_order != KeyOrder::none && a.key_order == b.key_order;
        add_cell(source, destination, own_order);
        const KeyOrder order = own_order ? a.key_order : KeyOrder::bytes;
        pair_.source_key.push_back({order, a.decoder});
        pair_.destination_key.push_back({order, b.decoder});
        pair_.key_columns.push_back(a.name);
        if (own_order) {
            cells_.push_back(source);
        }
    }

    void add_cell(std::size_t source, std::size_t destination, bool compared) {
        const ColumnShape& a = pair_.source.columns[source];
        const ColumnShape& b = pair_.destination.columns[destination];
        PairCell cell;
        cell.source_column = a.name;
        cell.destination_column = b.name;
        cell.source = a.decoder;
        cell.destination = b.decoder;
        cell.compared = compared;
        cell.same_bytes = !compared || (!a.decoder->byte_form().empty() &&
                                        a.decoder->byte_form() == b.decoder->byte_form());
        pair_.cells.push_back(std::move(cell));
        pair_.source_read.items.push_back({source, !compared});
        pair_.destination_read.items.push_back({destination, !compared});
    }

    void summarise(const std::vector<std::size_t>& key) {
        pair_.same_bytes = std::all_of(pair_.cells.begin(), pair_.cells.end(),
                                       [](const PairCell& cell) { return cell.same_bytes; });
        pair_.plain_key = true;
        for (std::size_t at = 0; at < key.size(); ++at) {
            const KeyOrder order = pair_.source_key[at].order;
            const bool by_value = order == KeyOrder::numeric || order == KeyOrder::padded_text;
            pair_.plain_key = pair_.plain_key && pair_.cells[at].same_bytes && !by_value;
        }
        pair_.splittable = !key.empty() && pair_.cells[0].compared &&
                           can_be_cut(pair_.source.columns[key[0]]) &&
                           can_be_cut(pair_.destination.columns[comparable_.at(key[0])]);
    }

    /// A NULL lies in no range; the key may have lost its NOT NULL at the destination.
    static bool can_be_cut(const ColumnShape& column) {
        return column.ordered_scan && !column.nullable;
    }

    /// Everything after this rests on it: both ends deliver the same cells at the same places in
    /// the same order, the key's cells first.
    void check() const {
        const std::size_t cells = pair_.cells.size();
        CUTOVER_CHECK(pair_.source_read.items.size() == cells);
        CUTOVER_CHECK(pair_.destination_read.items.size() == cells);
        CUTOVER_CHECK(pair_.source_key.size() <= cells);
        CUTOVER_CHECK(
            std::equal(pair_.source_key.begin(), pair_.source_key.end(),
                       pair_.destination_key.begin(), pair_.destination_key.end(),
                       [](const KeyCell& a, const KeyCell& b) { return a.order == b.order; }));
    }

    TablePair& pair_;
    const plan::NameMapping& mapping_;
    std::map<std::size_t, std::size_t> comparable_;  ///< source column -> destination column
    std::vector<std::size_t> cells_;  ///< source columns that already stand as key cells
};

}  // namespace

TablePair pair_tables(const TableShape& source, const TableShape& destination,
                      const plan::NameMapping& mapping) {
    TablePair pair;
    pair.source = source;
    pair.destination = destination;
    Pairing(pair, mapping).run();
    return pair;
}

}  // namespace cutover::verify
