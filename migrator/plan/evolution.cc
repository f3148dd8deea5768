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

}  // namespace

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
    const auto seen =
        std::count_if(now.columns.begin(), now.columns.end(),
                      [&](const auto& column) { return column.number > past.columns_made; });
    const bool unseen = past.columns_made + seen < now.columns_made;
    return unseen || retyped || std::any_of(gone.begin(), gone.end(), [&](const std::string& type) {
               return std::find(added.begin(), added.end(), type) != added.end();
           });
}

void keep_former(const Evolution* unsettled, const model::Catalog& before, Evolution& next) {
    next.former = unsettled == nullptr ? decltype(next.former)() : unsettled->former;
    for (const std::uint64_t gone : next.gone) {
        next.former.erase(gone);
    }
    for (TableEvolution& change : next.tables) {
        const model::TableSchema* was = before.find(change.before);
        const model::TableSchema* is = next.catalog.find(change.after);
        if (was == nullptr || is == nullptr) {
            continue;
        }
        std::vector<PastColumns> past = past_of(unsettled, is->number);
        if (change.columns_differ) {
            past.push_back(columns_of(*was));
        }
        const bool unclear = std::any_of(
            past.begin(), past.end(), [&](const PastColumns& one) { return ambiguous(one, *is); });
        if (unclear && !change.copied_anew) {
            change.copied_anew = true;
            change.why_anew = "the log does not tell a column that came from one that went";
        }
        if (change.copied_anew || past.empty()) {
            next.former.erase(is->number);
        } else {
            next.former[is->number] = std::move(past);
        }
    }
}

}  // namespace cutover::plan
