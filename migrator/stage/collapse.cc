#include "migrator/stage/collapse.h"

#include <cstdlib>
#include <functional>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::stage {

using model::CellKind;
using model::Error;
using model::ErrorClass;
using model::TableIndex;
using model::Tuple;

namespace {

void append_cell(std::string& out, CellKind kind, std::string_view bytes, plan::KeyFold fold) {
    out += static_cast<char>(kind);
    const std::size_t length_at = out.size();
    out.append(4, '\0');
    if (fold != nullptr && kind != CellKind::null) {  // a NULL has no bytes to fold
        fold(bytes, out);
    } else {
        out.append(bytes);
    }
    const auto length = static_cast<std::uint32_t>(out.size() - length_at - 4);
    for (int byte = 0; byte < 4; ++byte) {
        out[length_at + static_cast<std::size_t>(byte)] = static_cast<char>(length >> (8 * byte));
    }
}

/// What tells rows of the destination's form apart.
const plan::KeyPlan& key_of(const plan::TablePlan& table) {
    return flow::deliberate_bug(flow::Bug::destination_key_as_the_source_has_it)
               ? table.source_key()
               : table.key;
}

bool key_has_null(const plan::KeyPlan& key, const Tuple& row) {
    for (const plan::KeyColumn& column : key.columns) {
        if (row.kind(column.column) == CellKind::null) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string key_bytes(const plan::KeyPlan& key, const Tuple& row) {
    std::string out;
    for (const plan::KeyColumn& column : key.columns) {
        CUTOVER_CHECK(row.kind(column.column) != CellKind::absent);
        append_cell(out, row.kind(column.column), row.bytes(column.column), column.fold);
    }
    return out;
}

bool has_key(const plan::KeyPlan& key, const Tuple& row) {
    if (row.empty()) {
        return false;
    }
    for (const plan::KeyColumn& column : key.columns) {
        if (row.kind(column.column) == CellKind::absent) {
            return false;
        }
    }
    return true;
}

Tuple key_tuple(const plan::KeyPlan& key, const Tuple& row) {
    Tuple out;
    for (const plan::KeyColumn& column : key.columns) {
        out.append(row.kind(column.column), row.bytes(column.column));
    }
    return out;
}

void Footprint::add(TableIndex table, std::uint32_t key_number, std::string_view key) {
    const std::uint64_t hash = std::hash<std::string_view>()(key);
    keys_.insert(hash ^ (0x9e3779b97f4a7c15ull * (table * 64ull + key_number + 1)));
    tables_.insert(table);
}

bool Footprint::meets(const Footprint& other) const {
    for (const TableIndex table : whole_tables_) {
        if (other.tables_.contains(table)) {
            return true;
        }
    }
    for (const TableIndex table : other.whole_tables_) {
        if (tables_.contains(table)) {
            return true;
        }
    }
    const auto& few = keys_.size() < other.keys_.size() ? keys_ : other.keys_;
    const auto& many = keys_.size() < other.keys_.size() ? other.keys_ : keys_;
    for (const std::uint64_t key : few) {
        if (many.contains(key)) {
            return true;
        }
    }
    return false;
}

Collapser::Collapser(const plan::Plan& plan) : tables_(plan.tables.size()) {
    for (const plan::TablePlan& table : plan.tables) {
        tables_[table.index].plan = &table;
    }
}

void Collapser::set_tolerant(TableIndex table, bool tolerant) {
    tables_[table].tolerant = tolerant;
}

Collapser::TableState& Collapser::state(TableIndex table) {
    TableState& state = tables_[table];
    if (!state.touched) {
        state.touched = true;
        touched_.push_back(table);
    }
    return state;
}

void Collapser::count(std::size_t bytes, std::size_t rows) {
    footprint_bytes_ += bytes;
    row_count_ += rows;
}

/// Every key value the row has goes into the footprint: its own, its unique ones, its parents'.
void Collapser::note_keys(TableState& table, const Tuple& row) {
    const TableIndex index = table.plan->index;
    const auto note = [&](TableIndex owner, std::uint32_t number, const plan::KeyPlan& key) {
        if (!key.comparable) {
            footprint_.add_whole_table(owner);
        } else if (has_key(key, row) && (key.nulls_equal || !key_has_null(key, row))) {
            footprint_.add(owner, number, key_bytes(key, row));
        }
    };
    footprint_.touch(index);
    if (!table.plan->keyless()) {
        note(index, 0, key_of(*table.plan));
    }
    for (std::size_t number = 0; number < table.plan->unique_keys.size(); ++number) {
        note(index, static_cast<std::uint32_t>(number + 1), table.plan->unique_keys[number]);
    }
    for (const plan::ForeignKeyPlan& parent : table.plan->parents) {
        note(parent.parent, 0, plan::KeyPlan{parent.columns, true});
    }
}

/// The unique values that an old row lets go may be taken by a later batch, which must wait then.
/// Where the log does not tell them, it has to wait for everything of the table.
void Collapser::note_freed_keys(TableState& table, const Tuple& before) {
    for (const plan::KeyPlan& unique : table.plan->unique_keys) {
        if (!has_key(unique, before) && !flow::deliberate_bug(flow::Bug::freed_unique_not_met)) {
            footprint_.add_whole_table(table.plan->index);
            return;
        }
    }
}

void Collapser::contradiction(const TableState& table, const char* what) const {
    throw Error(ErrorClass::corrupt, "incremental.contradiction",
                std::string("the log contradicts itself for table ") +
                    table.plan->source.display() + ": " + what,
                "verify the table; the task's last durable position is unaffected");
}

/// A row that owes nothing to what lies at its key.
void Collapser::place_new(TableState& table, Tuple row) {
    Net net;
    net.present = net.fresh = true;
    net.row = std::move(row);
    const std::string key = key_bytes(key_of(*table.plan), net.row);
    place(table, key, std::move(net));
}

void Collapser::insert(TableIndex index, Tuple row) {
    TableState& table = state(index);
    count(row.footprint(), 1);
    note_keys(table, row);
    if (table.plan->keyless()) {
        multiset_add(table, std::move(row), 1);
        return;
    }
    if (!key_of(*table.plan).comparable) {
        table.steps.push_back({model::ChangeKind::insert, {}, std::move(row)});
        return;
    }
    place_new(table, std::move(row));
}

/// Puts a row at a key where none may be. A tolerant table lets it replace the one that is there.
void Collapser::place(TableState& table, const std::string& key, Net net) {
    Net& slot = table.rows[key];
    if (slot.present) {
        if (!table.tolerant) {
            contradiction(table, "a row arrives at a key that is taken");
        }
        drop_row(table, slot);
    }
    slot = std::move(net);
}

/// The row is gone at the batch's end; if it was there before the batch, it has to be removed. A
/// tolerant table's destination may hold a later version of a row that is new to the log.
void Collapser::drop_row(TableState& table, Net& net) {
    if (!net.fresh) {
        table.removals.push_back(std::move(net.origin));
    }
    if (table.tolerant) {
        table.removals.push_back(key_tuple(key_of(*table.plan), net.row));
    }
    net = Net{};
}

void Collapser::update(TableIndex index, Tuple before, Tuple row) {
    TableState& table = state(index);
    count(row.footprint() + before.footprint(), kMostRowsOfAChange);
    if (!before.empty()) {
        row.fill_absent_from(before);
        note_keys(table, before);
    }
    note_freed_keys(table, before);
    note_keys(table, row);
    if (table.plan->keyless()) {
        multiset_remove(table, std::move(before));
        multiset_add(table, std::move(row), 1);
    } else if (!key_of(*table.plan).comparable) {
        update_in_steps(table, before, std::move(row));
    } else {
        update_keyed(table, before, std::move(row));
    }
}

/// Nothing is known of equal keys.
void Collapser::update_in_steps(TableState& table, const Tuple& before, Tuple row) {
    const plan::KeyPlan& key = key_of(*table.plan);
    const bool old_known = has_key(key, before);
    const bool moves = old_known && key_bytes(key, before) != key_bytes(key, row);
    Tuple old_key = key_tuple(key, old_known ? before : row);
    if (moves && base_may_be_later(table, row)) {
        table.steps.push_back({model::ChangeKind::remove, std::move(old_key), {}});
        arrive_in_steps(table, row);
        return;
    }
    table.steps.push_back({model::ChangeKind::update, std::move(old_key), std::move(row)});
}

/// The row is out of the way first, then read again.
void Collapser::arrive_in_steps(TableState& table, const Tuple& row) {
    table.steps.push_back({model::ChangeKind::remove, key_tuple(key_of(*table.plan), row), {}});
    table.unknown.push_back(key_tuple(key_of(*table.plan), row));
}

/// What lies at a key of a tolerant table may have been read again, and be a later row than the log
/// speaks of. That makes no difference at its own key, where the log ends at the same row; but what
/// leaves the key must not take cells of it along.
bool Collapser::base_may_be_later(const TableState& table, const Tuple& row) {
    return table.tolerant && !row.complete() &&
           !flow::deliberate_bug(flow::Bug::moved_row_based_on_later_one);
}

/// True unless the images prove that every unique key stays as it was.
bool Collapser::unique_may_change(const TableState& table, const Tuple& before,
                                  const Tuple& row) const {
    for (const plan::KeyPlan& unique : table.plan->unique_keys) {
        if (!unique.comparable || !has_key(unique, before) || !has_key(unique, row) ||
            key_bytes(unique, before) != key_bytes(unique, row)) {
            return true;
        }
    }
    return false;
}

void Collapser::update_keyed(TableState& table, const Tuple& before, Tuple row) {
    const plan::KeyPlan& key = key_of(*table.plan);
    const std::string new_key = key_bytes(key, row);
    const bool old_known = has_key(key, before);
    const std::string old_key = old_known ? key_bytes(key, before) : new_key;
    const bool moved = old_key != new_key || unique_may_change(table, before, row);

    Net& at = table.rows[old_key];
    Net net;
    if (at.present) {
        net = std::move(at);
        row.fill_absent_from(net.row);
    } else if (at.row.empty() && at.origin.empty() && !at.moved) {
        net.origin = key_tuple(key, old_known ? before : row);
    } else {
        if (!table.tolerant) {
            contradiction(table, "an update meets a row that was removed before it");
        }
        if (flow::deliberate_bug(flow::Bug::moved_row_based_on_later_one)) {
            net.origin = key_tuple(key, row);
        } else {
            net.fresh = true;  // its base is not what lies at its key
        }
    }
    if (old_key != new_key && base_may_be_later(table, row)) {
        net.fresh = true;  // the old key is removed below, and the row read again at the new one
        net.origin = Tuple();
    }
    net.present = true;
    net.moved |= moved;
    net.row = std::move(row);
    // What stays at the old key is a hole: known to be empty, not unknown.
    at = Net{};
    at.moved = true;
    if (table.tolerant && old_key != new_key) {
        table.removals.push_back(key_tuple(key, before));
    }
    if (old_key == new_key) {
        at = std::move(net);
    } else {
        place(table, new_key, std::move(net));
    }
}

void Collapser::arrive(TableIndex index, Tuple row) {
    TableState& table = state(index);
    CUTOVER_CHECK(table.tolerant && !table.plan->keyless());
    count(row.footprint(), 1);
    note_keys(table, row);
    if (!key_of(*table.plan).comparable) {
        arrive_in_steps(table, row);
        return;
    }
    place_new(table, std::move(row));
}

/// One of the rows that are equal to `before`, whichever.
void Collapser::multiset_remove(TableState& table, Tuple before) {
    if (before.empty() || !before.complete()) {
        throw Error(
            ErrorClass::refused, "incremental.keyless_without_old_row",
            "table " + table.plan->source.display() +
                " has no key and its log does not carry whole old rows",
            "set REPLICA IDENTITY FULL on it (or allow the task to) and copy the table again");
    }
    footprint_.add_whole_table(table.plan->index);
    multiset_add(table, std::move(before), -1);
}

void Collapser::remove(TableIndex index, Tuple before) {
    TableState& table = state(index);
    count(before.footprint(), 1);
    note_keys(table, before);
    note_freed_keys(table, before);
    if (table.plan->keyless()) {
        multiset_remove(table, std::move(before));
        return;
    }
    if (!key_of(*table.plan).comparable) {
        table.steps.push_back(
            {model::ChangeKind::remove, key_tuple(key_of(*table.plan), before), {}});
        return;
    }
    Net& net = table.rows[key_bytes(key_of(*table.plan), before)];
    if (net.present) {
        drop_row(table, net);
    } else if (!net.moved) {
        table.removals.push_back(key_tuple(key_of(*table.plan), before));
    } else if (!table.tolerant) {
        contradiction(table, "a row is removed twice");
    }
    net.moved = true;
}

void Collapser::truncate(TableIndex index) {
    TableState& table = state(index);
    count(0, 0);
    footprint_.add_whole_table(index);
    const plan::TablePlan* plan = table.plan;
    const bool tolerant = table.tolerant;
    if (!flow::deliberate_bug(flow::Bug::collapse_across_truncate)) {
        table = TableState{};
    }
    table.plan = plan;
    table.tolerant = tolerant;
    table.touched = true;
    table.truncated = true;
}

void Collapser::multiset_add(TableState& table, Tuple row, std::int64_t count) {
    if (count > 0 && table.multiset.empty()) {
        table.appended.push_back(std::move(row));
        return;
    }
    const auto add = [&](Tuple one, std::int64_t times) {
        table.multiset.try_emplace(std::move(one), 0).first->second += times;
    };
    // The first removal may be of a row that has just been appended.
    for (Tuple& earlier : table.appended) {
        add(std::move(earlier), 1);
    }
    table.appended.clear();
    add(std::move(row), count);
}

std::size_t Collapser::RowHash::operator()(const Tuple& row) const {
    std::size_t out = row.size();
    for (std::size_t column = 0; column < row.size(); ++column) {
        const std::size_t cell = std::hash<std::string_view>()(row.bytes(column)) +
                                 static_cast<std::size_t>(row.kind(column));
        out = (out ^ cell) * 0x9e3779b97f4a7c15ull;
    }
    return out;
}

void Collapser::take_multiset(TableState& table, model::TableBatch& batch) {
    while (!table.multiset.empty()) {
        auto entry = table.multiset.extract(table.multiset.begin());
        const std::int64_t count = entry.mapped();
        std::vector<Tuple>& rows = count > 0 ? batch.inserts : batch.removals;
        for (std::int64_t at = 1; at < std::abs(count); ++at) {
            rows.push_back(entry.key());
        }
        if (count != 0) {
            rows.push_back(std::move(entry.key()));
        }
    }
}

model::TableBatch Collapser::take_table(TableState& table) {
    model::TableBatch batch;
    batch.table = table.plan->index;
    batch.truncate = table.truncated;
    batch.removals = std::move(table.removals);
    batch.inserts = std::move(table.appended);
    batch.steps = std::move(table.steps);
    take_multiset(table, batch);
    for (auto& [key, net] : table.rows) {
        if (!net.present) {
            continue;
        }
        if (net.fresh && !net.row.complete()) {
            table.unknown.push_back(key_tuple(key_of(*table.plan), net.row));
        } else if (net.fresh) {
            batch.inserts.push_back(std::move(net.row));
        } else if (net.moved && !flow::deliberate_bug(flow::Bug::unique_move_in_place)) {
            batch.moves.push_back({std::move(net.origin), std::move(net.row)});
        } else {
            batch.updates.push_back({std::move(net.origin), std::move(net.row)});
        }
    }
    return batch;
}

model::NetBatch Collapser::take(Footprint& footprint, std::vector<UnknownRow>& unknown) {
    model::NetBatch batch;
    for (const TableIndex index : touched_) {
        TableState& table = tables_[index];
        model::TableBatch taken = take_table(table);
        if (!taken.empty()) {
            batch.tables.push_back(std::move(taken));
        }
        for (Tuple& key : table.unknown) {
            unknown.push_back({index, std::move(key)});
        }
        const plan::TablePlan* plan = table.plan;
        const bool tolerant = table.tolerant;
        table = TableState{};
        table.plan = plan;
        table.tolerant = tolerant;
    }
    touched_.clear();
    footprint = std::move(footprint_);
    footprint_ = Footprint{};
    footprint_bytes_ = row_count_ = 0;
    return batch;
}

}  // namespace cutover::stage
