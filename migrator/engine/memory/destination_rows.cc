#include "migrator/engine/memory/destination_rows.h"

#include "migrator/model/error.h"

namespace cutover::memory {

using model::CellKind;
using model::Error;
using model::ErrorClass;
using model::Tuple;

DestinationRows::DestinationRows(Session& session, const plan::TablePlan& plan)
    : session_(session), plan_(plan) {}

DestinationRows::Columns DestinationRows::columns(const Table& table) const {
    Columns columns;
    for (const plan::ColumnPlan& column : plan_.columns) {
        const auto at = table.schema().column_index(column.destination_name);
        if (!at) {
            throw Error(ErrorClass::refused, "memory.no_column",
                        "table " + plan_.destination.display() + " has no column " +
                            column.destination_name);
        }
        columns.all.push_back(*at);
    }
    for (const plan::KeyColumn& column : plan_.key.columns) {
        columns.key.push_back(columns.all[column.column]);
    }
    return columns;
}

Tuple DestinationRows::widen(const Table& table, const Columns& columns, const Tuple& row) const {
    Tuple out;
    for (std::size_t at = 0; at < table.types().size(); ++at) {
        bool planned = false;
        for (std::size_t column = 0; column < columns.all.size(); ++column) {
            if (columns.all[column] == at) {
                out.append(row.kind(column), row.bytes(column));
                planned = true;
            }
        }
        if (!planned) {
            out.append(CellKind::null);
        }
    }
    return out;
}

Tuple DestinationRows::narrow(const Columns& columns, const Tuple& row) const {
    Tuple out;
    for (const std::size_t column : columns.all) {
        out.append(row.kind(column), row.bytes(column));
    }
    return out;
}

void DestinationRows::run(const char* name, const Work& work) {
    session_.statement(name, [&](Server& server) {
        Database& database = server.database;
        Table& table = database.table(plan_.destination);
        if (server.transactions) {
            return work(database, session_.transaction(), table);
        }
        const TransactionNumber own = database.begin();
        const Outcome outcome = work(database, own, table);
        if (outcome.kind == Outcome::Kind::done) {
            database.commit(own, session_.runtime().wall());
        } else {
            database.abort(own);
        }
        return outcome;
    });
}

void DestinationRows::check_duplicate(const Outcome& outcome) const {
    if (outcome.kind == Outcome::Kind::duplicate) {
        throw Error(ErrorClass::conflict, "memory.duplicate_key",
                    "a row of " + plan_.destination.display() + " has the same " + outcome.key);
    }
}

std::optional<Tuple> DestinationRows::read(const Tuple& key) {
    std::optional<Tuple> found;
    run("rows.read", [&](Database& database, TransactionNumber own, Table& table) {
        const Columns columns = this->columns(table);
        for (const std::size_t place : database.find(
                 own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
            found = narrow(columns, table.at(place).row);
        }
        return Outcome{};
    });
    return found;
}

bool DestinationRows::remove(const Tuple& key) {
    bool met = false;
    run("rows.remove", [&](Database& database, TransactionNumber own, Table& table) {
        const Columns columns = this->columns(table);
        for (const std::size_t place : database.find(
                 own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
            met = true;
            const Outcome outcome = database.remove(own, table, place);
            if (outcome.kind != Outcome::Kind::done) {
                return outcome;
            }
        }
        return Outcome{};
    });
    return met;
}

bool DestinationRows::remove_one_equal(const Tuple& row) {
    bool met = false;
    run("rows.remove_one", [&](Database& database, TransactionNumber own, Table& table) {
        const Columns columns = this->columns(table);
        // Keys ignore spelling, rows do not: of those with equal keys take one with equal bytes.
        for (const std::size_t place : database.find(
                 own, table, columns.all, key_bytes_of(table.types(), row, columns.all))) {
            if (narrow(columns, table.at(place).row) == row) {
                met = true;
                return database.remove(own, table, place);
            }
        }
        return Outcome{};
    });
    return met;
}

bool DestinationRows::put(const Tuple& row, Existing existing) {
    bool fresh = true;
    Outcome last;
    run("rows.put", [&](Database& database, TransactionNumber own, Table& table) {
        const Columns columns = this->columns(table);
        Tuple whole = widen(table, columns, row);
        fresh = true;
        if (!columns.key.empty()) {
            for (const std::size_t place : database.find(
                     own, table, columns.key, key_bytes(table.types(), whole, columns.key))) {
                fresh = false;
                last = existing == Existing::replace
                           ? database.replace(own, table, place, std::move(whole))
                           : Outcome{};
                return last;
            }
        }
        last = database.insert(own, table, std::move(whole));
        return last;
    });
    check_duplicate(last);
    return fresh || existing == Existing::replace;
}

bool DestinationRows::update(const Tuple& key, const Tuple& row) {
    bool met = false;
    Outcome last;
    run("rows.update", [&](Database& database, TransactionNumber own, Table& table) {
        const Columns columns = this->columns(table);
        for (const std::size_t place : database.find(
                 own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
            met = true;
            Tuple merged = row;
            merged.fill_absent_from(narrow(columns, table.at(place).row));
            last = database.replace(own, table, place, widen(table, columns, merged));
            return last;
        }
        return Outcome{};
    });
    check_duplicate(last);
    return met;
}

void DestinationRows::truncate() {
    run("rows.truncate", [&](Database& database, TransactionNumber own, Table& table) {
        return database.truncate(own, {&table});
    });
}

}  // namespace cutover::memory
