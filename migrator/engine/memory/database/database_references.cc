// The half of Database that holds foreign keys.
#include <algorithm>

#include "migrator/engine/memory/database/database.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;
using model::Tuple;

std::vector<Database::Reference> Database::references() const {
    std::vector<Reference> references;
    for (const auto& child : tables_) {
        for (const model::ForeignKeySchema& key : child->schema().foreign_keys) {
            const auto parent = std::find_if(tables_.begin(), tables_.end(), [&](const auto& one) {
                return one->schema().name == key.parent;
            });
            if (parent == tables_.end()) {
                continue;
            }
            Reference& reference = references.emplace_back();
            reference = {child.get(), key.columns, parent->get(), {}, key.name};
            for (const std::string& column : key.parent_columns) {
                reference.parent_columns.push_back(*(*parent)->schema().column_index(column));
            }
        }
    }
    return references;
}

/// Done, if a parent with this key is there and stays as long as the transaction leans on it.
Outcome Database::meet_parent(TransactionNumber transaction, const Reference& reference,
                              const std::string& key) const {
    Outcome outcome{Outcome::Kind::violated, 0, reference.name};
    for (const std::size_t place : reference.parent->places(reference.parent_columns, key)) {
        const Version& version = reference.parent->at(place);
        if (!alive_for(transaction, version)) {
            continue;
        }
        outcome = version.removed == 0
                      ? Outcome{}
                      : Outcome{Outcome::Kind::blocked, version.removed, reference.name};
    }
    return outcome;
}

Outcome Database::check_parents(TransactionNumber transaction, const Table& table,
                                const Tuple& row) {
    Transaction& state = running_transaction(transaction);
    if (!state.held || table.schema().foreign_keys.empty()) {
        return {};
    }
    for (const Reference& reference : references()) {
        bool has_null = false;
        if (reference.child != &table) {
            continue;
        }
        const std::string key = key_bytes(table.types(), row, reference.columns, &has_null);
        if (has_null) {
            continue;
        }
        const Outcome outcome = meet_parent(transaction, reference, key);
        if (outcome.kind != Outcome::Kind::done) {
            return outcome;
        }
        state.leans_on.emplace(reference.parent, key);
    }
    return {};
}

Outcome Database::check_children(TransactionNumber transaction, const Table& table,
                                 const Tuple& before, const Tuple* after) const {
    if (!transactions_.at(transaction).held) {
        return {};
    }
    for (const Reference& reference : references()) {
        if (reference.parent != &table) {
            continue;
        }
        const std::string key = key_bytes(table.types(), before, reference.parent_columns);
        if (after != nullptr && key_bytes(table.types(), *after, reference.parent_columns) == key) {
            continue;
        }
        for (const auto& [other, state] : transactions_) {
            if (other != transaction && state.leans_on.contains({&table, key})) {
                return {Outcome::Kind::blocked, other, reference.name};
            }
        }
        for (const std::size_t place : reference.child->places(reference.columns, key)) {
            const Version& version = reference.child->at(place);
            if (!alive_for(transaction, version)) {
                continue;
            }
            return version.removed == 0
                       ? Outcome{Outcome::Kind::violated, 0, reference.name}
                       : Outcome{Outcome::Kind::blocked, version.removed, reference.name};
        }
    }
    return {};
}

/// True if rows elsewhere may refer to those of these tables: none is looked at.
bool Database::children_left(const std::vector<Table*>& tables) const {
    const auto among = [&](const Table* table) {
        return std::find(tables.begin(), tables.end(), table) != tables.end();
    };
    const std::vector<Reference> references = this->references();
    return std::any_of(references.begin(), references.end(), [&](const Reference& one) {
        return among(one.parent) && !among(one.child);
    });
}

void Database::validate_foreign_key(const Table& child, const std::string& name) const {
    for (const Reference& reference : references()) {
        if (reference.child != &child || reference.name != name) {
            continue;
        }
        for (const std::size_t place : scan(0, child)) {
            bool has_null = false;
            const std::string key =
                key_bytes(child.types(), child.at(place).row, reference.columns, &has_null);
            if (!has_null && meet_parent(0, reference, key).kind == Outcome::Kind::violated) {
                throw Error(
                    ErrorClass::operation, "memory.key_violated",
                    "a row of " + child.schema().name.display() + " breaks the key " + name);
            }
        }
        return;
    }
    throw Error(ErrorClass::operation, "memory.no_key",
                "table " + child.schema().name.display() + " has no foreign key " + name);
}

void Database::add_foreign_key(Table& child, const model::ForeignKeySchema& key, bool check) {
    child.schema().foreign_keys.push_back(key);
    if (!check) {
        return;
    }
    try {
        validate_foreign_key(child, key.name);
    } catch (const Error&) {
        child.schema().foreign_keys.pop_back();
        throw;
    }
}

}  // namespace cutover::memory
