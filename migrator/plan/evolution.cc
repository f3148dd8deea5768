#include "migrator/plan/evolution.h"

#include <algorithm>
#include <utility>

namespace cutover::plan {

namespace {

PastColumns columns_of(const model::TableSchema& table) {
    PastColumns out;
    out.columns_made = table.columns_made;
    out.rows_file = table.rows_file;
    for (const model::ColumnSchema& column : table.columns) {
        if (!column.generated_expression) {  // those are in no log
            out.columns.push_back({column.number, column.name, column.type});
        }
    }
    return out;
}

template <typename Columns>
bool has_number(const Columns& columns, std::uint32_t number) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const auto& column) { return column.number == number; });
}

std::vector<PastColumns> past_of(const Evolution* unsettled, std::uint64_t table) {
    if (unsettled == nullptr) {
        return {};
    }
    const auto known = unsettled->former.find(table);
    return known == unsettled->former.end() ? std::vector<PastColumns>() : known->second;
}

/// A column came and went while nobody looked.
bool missed_one(const PastColumns& past, const model::TableSchema& now) {
    const auto seen =
        std::count_if(now.columns.begin(), now.columns.end(),
                      [&](const auto& column) { return column.number > past.columns_made; });
    return past.columns_made + static_cast<std::uint32_t>(seen) < now.columns_made;
}

}  // namespace

bool only_grew(const PastColumns& past, const model::TableSchema& now) {
    return !missed_one(past, now) &&
           std::all_of(past.columns.begin(), past.columns.end(),
                       [&](const auto& column) { return has_number(now.columns, column.number); });
}

bool ambiguous(const PastColumns& past, const model::TableSchema& now) {
    std::vector<std::string> gone, added;
    for (const PastColumns::Column& column : past.columns) {
        if (!has_number(now.columns, column.number)) {
            gone.push_back(column.type);
        }
    }
    for (const model::ColumnSchema& column : now.columns) {
        if (!has_number(past.columns, column.number) && !column.generated_expression) {
            added.push_back(column.type);
        }
    }
    if (added.empty()) {
        return false;
    }
    // A column may have been of another type when rows were written.
    const bool retyped = past.rows_file != now.rows_file && !gone.empty();
    return missed_one(past, now) || retyped ||
           std::any_of(gone.begin(), gone.end(), [&](const std::string& type) {
               return std::find(added.begin(), added.end(), type) != added.end();
           });
}

void keep_former(const Evolution* unsettled, const model::Catalog& before, Evolution& next) {
    for (const model::TableSchema& is : next.catalog.tables) {
        const auto was = std::find_if(before.tables.begin(), before.tables.end(),
                                      [&](const auto& one) { return one.number == is.number; });
        if (was == before.tables.end()) {
            continue;
        }
        const auto change =
            std::find_if(next.tables.begin(), next.tables.end(),
                         [&](const TableEvolution& one) { return one.after == is.name; });
        const bool changed = change != next.tables.end();
        std::vector<PastColumns> past = past_of(unsettled, is.number);
        if ((changed && change->columns_differ) || was->columns_made != is.columns_made) {
            past.push_back(columns_of(*was));
        }
        const bool unclear = std::any_of(
            past.begin(), past.end(), [&](const PastColumns& one) { return ambiguous(one, is); });
        if (unclear && changed && !change->copied_anew) {
            change->copied_anew = true;
            change->why_anew = "the log does not tell a column that came from one that went";
        }
        if (!past.empty() && !(changed && change->copied_anew)) {
            next.former[is.number] = std::move(past);
        }
    }
}

}  // namespace cutover::plan
