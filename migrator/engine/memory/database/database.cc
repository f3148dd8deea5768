#include "migrator/engine/memory/database/database.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::ChangeKind;
using model::Error;
using model::ErrorClass;
using model::Tuple;

Database::Database(std::string identity, std::uint64_t seed)
    : identity_(std::move(identity)), random_state_(seed * 2 + 1) {}

Table& Database::create_table(const model::TableSchema& schema) {
    if (find_table(schema.name) != nullptr) {
        throw Error(ErrorClass::refused, "schema.exists",
                    "table " + schema.name.display() + " exists already");
    }
    model::TableSchema bare = schema;
    bare.number = ++tables_made_;
    bare.identity = "table " + std::to_string(bare.number);
    const std::vector<model::KeySchema> keys = std::exchange(bare.keys, {});
    tables_.push_back(std::make_unique<Table>(std::move(bare)));
    for (const model::KeySchema& key : keys) {
        tables_.back()->add_key(key);
    }
    return *tables_.back();
}

void Database::drop_table(const model::ObjectName& name) {
    std::erase_if(tables_, [&](const auto& table) { return table->schema().name == name; });
}

Table* Database::find_table(const model::ObjectName& name) {
    for (const auto& table : tables_) {
        if (table->schema().name == name) {
            return table.get();
        }
    }
    return nullptr;
}

Table& Database::table(const model::ObjectName& name) {
    if (Table* found = find_table(name)) {
        return *found;
    }
    throw Error(ErrorClass::operation, "memory.no_table", "there is no table " + name.display());
}

void Database::add_key(Table& table, const model::KeySchema& key) {
    std::set<std::string> taken;
    for (const std::size_t place : scan(0, table)) {
        bool has_null = false;
        std::string bytes = key_bytes(table.types(), table.at(place).row, key.columns, &has_null);
        if (has_null && !key.primary) {
            continue;
        }
        if (has_null || !taken.insert(std::move(bytes)).second) {
            throw Error(
                ErrorClass::operation, "memory.key_violated",
                "rows of " + table.schema().name.display() + " share or lack the key " + key.name);
        }
    }
    table.add_key(key);
}

Outcome Database::alter(Table& table, const std::function<void()>& change) {
    for (const auto& [transaction, state] : transactions_) {
        if (state.touched.contains(&table)) {
            return {Outcome::Kind::blocked, transaction, {}};
        }
    }
    change();
    const LogPlace place{next_offset(), timeline_};
    log_.push_back({place, 0, {}, {}});
    if (has_standby_) {
        standby_receives(place.offset);
    }
    if (on_columns_changed) {
        on_columns_changed(table, place.offset);
    }
    return {};
}

Outcome Database::add_column(Table& table, const model::ColumnSchema& column) {
    return alter(table, [&] { table.add_column(column); });
}

Outcome Database::drop_column(Table& table, const std::string& name) {
    return alter(table, [&] { table.drop_column(table.schema().column_index(name).value()); });
}

Outcome Database::rename_column(Table& table, const std::string& from, const std::string& to) {
    return alter(table,
                 [&] { table.rename_column(table.schema().column_index(from).value(), to); });
}

TransactionNumber Database::begin(bool held) {
    const TransactionNumber transaction = next_transaction_++;
    transactions_[transaction].held = held;
    return transaction;
}

Database::Transaction& Database::running_transaction(TransactionNumber transaction) {
    const auto found = transactions_.find(transaction);
    CUTOVER_CHECK(found != transactions_.end() && !found->second.logged);
    return found->second;
}

/// What a statement of `transaction` takes for the present state of the row.
bool Database::alive_for(TransactionNumber transaction, const Version& version) const {
    if (version.created == 0 || (version.created != transaction && running(version.created))) {
        return false;
    }
    return version.removed == 0 || (version.removed != transaction && running(version.removed));
}

Outcome Database::check_table(TransactionNumber transaction, const Table& table) const {
    for (const auto& [name, closed] : closed_) {
        if (closed.tables.contains(const_cast<Table*>(&table))) {
            return {Outcome::Kind::refused, 0, {}};
        }
    }
    for (const auto& [other, state] : transactions_) {
        if (other != transaction && state.emptied.contains(const_cast<Table*>(&table))) {
            return {Outcome::Kind::blocked, other, {}};
        }
    }
    return {};
}

Outcome Database::check_row(TransactionNumber transaction, const Version& version) const {
    CUTOVER_CHECK(alive_for(transaction, version));
    if (version.removed != 0) {
        return {Outcome::Kind::blocked, version.removed, {}};
    }
    return {};
}

Outcome Database::check_keys(TransactionNumber transaction, const Table& table, const Tuple& row,
                             std::optional<std::size_t> own_place) const {
    Outcome outcome;
    for (const model::KeySchema& key : table.schema().keys) {
        bool has_null = false;
        const std::string bytes = key_bytes(table.types(), row, key.columns, &has_null);
        if (has_null) {
            continue;
        }
        for (const std::size_t place : table.places(key.columns, bytes)) {
            const Version& version = table.at(place);
            const bool going = version.removed != 0 && running(version.removed);
            if (place == own_place || version.removed == transaction ||
                (version.removed != 0 && !going)) {
                continue;
            }
            const bool coming = version.created != transaction && running(version.created);
            if (!coming && !going) {
                return {Outcome::Kind::duplicate, 0, key.name};
            }
            outcome = {Outcome::Kind::blocked, coming ? version.created : version.removed,
                       key.name};
        }
    }
    return outcome;
}

Outcome Database::insert(TransactionNumber transaction, Table& table, Tuple row) {
    CUTOVER_CHECK(row.size() == table.types().size() && row.complete());
    Transaction& state = running_transaction(transaction);
    for (const Outcome& outcome :
         {check_table(transaction, table), check_keys(transaction, table, row, std::nullopt),
          check_parents(transaction, table, row)}) {
        if (outcome.kind != Outcome::Kind::done) {
            return outcome;
        }
    }
    state.undo_at_change.push_back(state.undo.size());
    state.changes.push_back({ChangeKind::insert, &table, {}, row, {}, table.columns()});
    state.touched.insert(&table);
    state.undo.push_back({&table, table.put(std::move(row), transaction), true});
    return {};
}

Outcome Database::replace(TransactionNumber transaction, Table& table, std::size_t place,
                          Tuple row) {
    CUTOVER_CHECK(row.size() == table.types().size() && row.complete());
    Transaction& state = running_transaction(transaction);
    for (const Outcome& outcome :
         {check_table(transaction, table), check_row(transaction, table.at(place)),
          check_keys(transaction, table, row, place), check_parents(transaction, table, row),
          check_children(transaction, table, table.at(place).row, &row)}) {
        if (outcome.kind != Outcome::Kind::done) {
            return outcome;
        }
    }
    state.undo_at_change.push_back(state.undo.size());
    state.changes.push_back(
        {ChangeKind::update, &table, table.at(place).row, row, {}, table.columns()});
    state.touched.insert(&table);
    table.set_removed(place, transaction);
    state.undo.push_back({&table, place, false});
    state.undo.push_back({&table, table.put(std::move(row), transaction), true});
    return {};
}

Outcome Database::remove(TransactionNumber transaction, Table& table, std::size_t place) {
    Transaction& state = running_transaction(transaction);
    for (const Outcome& outcome :
         {check_table(transaction, table), check_row(transaction, table.at(place)),
          check_children(transaction, table, table.at(place).row, nullptr)}) {
        if (outcome.kind != Outcome::Kind::done) {
            return outcome;
        }
    }
    state.undo_at_change.push_back(state.undo.size());
    state.changes.push_back(
        {ChangeKind::remove, &table, table.at(place).row, {}, {}, table.columns()});
    state.touched.insert(&table);
    table.set_removed(place, transaction);
    state.undo.push_back({&table, place, false});
    return {};
}

Outcome Database::truncate(TransactionNumber transaction, const std::vector<Table*>& tables) {
    Transaction& state = running_transaction(transaction);
    for (const Table* table : tables) {
        if (check_table(transaction, *table).kind == Outcome::Kind::refused) {
            return {Outcome::Kind::refused, 0, {}};
        }
    }
    if (state.held && children_left(tables)) {
        return {Outcome::Kind::violated, 0, {}};
    }
    for (const auto& [other, others] : transactions_) {
        for (Table* table : tables) {
            if (other != transaction &&
                (others.touched.contains(table) || others.emptied.contains(table))) {
                return {Outcome::Kind::blocked, other, {}};
            }
        }
    }
    state.undo_at_change.push_back(state.undo.size());
    state.changes.push_back({ChangeKind::truncate, tables.front(), {}, {}, tables, nullptr});
    for (Table* table : tables) {
        state.touched.insert(table);
        state.emptied.insert(table);
        for (const std::size_t place : scan(transaction, *table)) {
            table->set_removed(place, transaction);
            state.undo.push_back({table, place, false});
        }
    }
    return {};
}

std::vector<std::size_t> Database::find(TransactionNumber transaction, const Table& table,
                                        const std::vector<std::size_t>& columns,
                                        const std::string& key) const {
    std::vector<std::size_t> found = table.places(columns, key);
    std::erase_if(found,
                  [&](std::size_t place) { return !alive_for(transaction, table.at(place)); });
    return found;
}

std::vector<std::size_t> Database::scan(TransactionNumber transaction, const Table& table) const {
    std::vector<std::size_t> found;
    for (std::size_t place = 0; place < table.place_count(); ++place) {
        if (alive_for(transaction, table.at(place))) {
            found.push_back(place);
        }
    }
    return found;
}

std::size_t Database::savepoint(TransactionNumber transaction) const {
    return transactions_.at(transaction).changes.size();
}

void Database::undo(Transaction& transaction, std::size_t down_to) {
    while (transaction.undo.size() > down_to) {
        const Undo& last = transaction.undo.back();
        if (last.made) {
            last.table->free(last.place);
        } else {
            last.table->set_removed(last.place, 0);
        }
        transaction.undo.pop_back();
    }
}

void Database::rollback_to(TransactionNumber transaction, std::size_t savepoint) {
    Transaction& state = running_transaction(transaction);
    if (savepoint < state.changes.size()) {
        undo(state, state.undo_at_change[savepoint]);
        state.changes.resize(savepoint);
        state.undo_at_change.resize(savepoint);
        state.emptied.clear();
        for (const LogChange& change : state.changes) {
            state.emptied.insert(change.truncated.begin(), change.truncated.end());
        }
        // `touched` stays: locks of what was undone may be kept.
    }
}

void Database::abort(TransactionNumber transaction) {
    const auto found = transactions_.find(transaction);
    if (found != transactions_.end()) {
        CUTOVER_CHECK(!found->second.logged);
        undo(found->second, 0);
        transactions_.erase(found);
        if (has_standby_) {
            // The log says so too: a failover before that place gives the number again.
            const LogPlace place{next_offset(), timeline_};
            log_.push_back({place, 0, {}, {}});
            end_offsets_[transaction] = place.offset;
        }
    }
}

std::map<TransactionNumber, std::set<Table*>> Database::unfinished() const {
    std::map<TransactionNumber, std::set<Table*>> out;
    for (const auto& [transaction, state] : transactions_) {
        if (!state.logged) {
            out[transaction] = state.touched;
        }
    }
    return out;
}

std::vector<TransactionNumber> Database::close_tables(const std::string& name,
                                                      const std::set<Table*>& tables) {
    std::vector<TransactionNumber> in_the_way;
    for (const auto& [transaction, touched] : unfinished()) {
        if (std::any_of(touched.begin(), touched.end(),
                        [&](Table* table) { return tables.contains(table); })) {
            in_the_way.push_back(transaction);
        }
    }
    if (in_the_way.empty()) {
        const LogPlace place{next_offset(), timeline_};
        log_.push_back({place, 0, {}, {}});
        closed_[name] = {tables, place.offset};
    }
    return in_the_way;
}

std::uint64_t Database::next_offset() {
    random_state_ = random_state_ * 6364136223846793005ull + 1442695040888963407ull;
    end_ += 8 + (random_state_ >> 40) % 200;
    return end_;
}

LogPlace Database::log_commit(TransactionNumber transaction, model::Instant now) {
    Transaction& state = running_transaction(transaction);
    state.logged = true;
    const LogPlace place{next_offset(), timeline_};
    state.offset = place.offset;
    log_.push_back({place, transaction, now, std::move(state.changes)});
    if (has_standby_) {
        end_offsets_[transaction] = place.offset;
    }
    if (on_log) {
        on_log(log_.back());
    }
    return place;
}

void Database::publish(TransactionNumber transaction) {
    const auto found = transactions_.find(transaction);
    if (found == transactions_.end()) {
        return;  // a failover has undone it meanwhile
    }
    CUTOVER_CHECK(found->second.logged);
    for (Table* table : found->second.emptied) {
        table->truncations.push_back(transaction);
    }
    transactions_.erase(found);
    if (on_publish) {
        const auto record = std::find_if(log_.rbegin(), log_.rend(), [&](const LogRecord& one) {
            return one.transaction == transaction;
        });
        CUTOVER_CHECK(record != log_.rend());
        on_publish(*record);
    }
}

LogPlace Database::commit(TransactionNumber transaction, model::Instant now) {
    const LogPlace place = log_commit(transaction, now);
    publish(transaction);
    return place;
}

}  // namespace cutover::memory
