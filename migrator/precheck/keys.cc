#include <fmt/format.h>

#include <algorithm>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;

namespace {

/// In the key's own order: people recognise a key by its leading column.
using Names = std::vector<std::string>;

std::string shown(const Names& names) {
    return names.empty() ? "no columns" : fmt::format("({})", some_of(names));
}

/// Keys over the same columns tell the same rows apart, in whatever order.
bool same_columns(Names ours, Names theirs) {
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    return ours == theirs;
}

std::string destination_name(const plan::TablePlan& table, const std::string& column) {
    for (const plan::ColumnPlan& planned : table.columns) {
        if (planned.source.name == column) {
            return planned.destination_name;
        }
    }
    return column;
}

/// A table with a deferrable primary key is handled as one without; its key is still compared.
Names source_key(const plan::TablePlan& table) {
    Names names;
    for (const plan::KeyColumn& column : table.key.columns) {
        names.push_back(table.columns[column.column].destination_name);
    }
    const model::KeySchema* deferrable = table.schema.primary_key();
    if (table.keyless() && deferrable != nullptr && deferrable->deferrable) {
        for (const std::size_t column : deferrable->columns) {
            names.push_back(destination_name(table, table.schema.columns[column].name));
        }
    }
    return names;
}

Names primary_key(const model::TableSchema& table) {
    Names names;
    const model::KeySchema* key = table.primary_key();
    for (std::size_t at = 0; key != nullptr && at < key->columns.size(); ++at) {
        names.push_back(table.columns[key->columns[at]].name);
    }
    return names;
}

void ask_source(const plan::TablePlan& table, Findings& findings) {
    if (table.keyless()) {
        findings.push_back(
            {"tables.keyless",
             Severity::alert_ignorable,
             table.source.display(),
             table.schema.primary_key() != nullptr
                 ? "no primary key that is carried and not deferrable, and no such unique key over "
                   "NOT NULL columns"
                 : "no primary key and no unique key over NOT NULL columns",
             "its rows are carried as a multiset, and a change hits exactly one of equal rows; "
             "each "
             "update and delete needs the whole old row and searches the table without an index, "
             "and "
             "a row cannot be named when ends differ. Other tools may double its rows",
             "add a primary key; or accept it: `ignore: [tables.keyless]`",
             {"G47"}});
    } else if (!table.key.comparable) {
        findings.push_back(
            {"tables.key_not_comparable",
             Severity::note,
             table.source.display(),
             "a key column's collation is not deterministic",
             "equal keys may have unequal bytes: changes are applied one by one, slowly",
             "nothing, or key the table by another column",
             {}});
    }
}

void ask_destination(const plan::TablePlan& table, const model::TableSchema& destination,
                     Findings& findings) {
    const Names ours = source_key(table);
    const Names theirs = primary_key(destination);
    if (same_columns(ours, theirs) || (table.schema.primary_key() == nullptr && theirs.empty())) {
        return;
    }
    const bool keyed = table.schema.primary_key() != nullptr;
    findings.push_back(
        {keyed ? "keys.differ" : "keys.only_at_destination",
         keyed ? Severity::block : Severity::alert_ignorable,
         destination.name.display(),
         fmt::format("the primary key of {} is over {}, at the destination over {}",
                     table.source.display(), shown(ours), shown(theirs)),
         "rows that the source tells apart would collide, or equal rows would be kept twice",
         "give the destination's table the source's key, or let the schema phase create it",
         {"G48", "G49"}});
}

}  // namespace

Findings keys(const Facts& facts) {
    Findings findings;
    for (const plan::TablePlan& table : facts.planned->plan.tables) {
        ask_source(table, findings);
        const model::TableSchema* destination = facts.destination.catalog.find(table.destination);
        if (destination != nullptr && !facts.started) {
            ask_destination(table, *destination, findings);
        }
    }
    return findings;
}

}  // namespace cutover::precheck
