#include "migrator/engine/memory/destination_rows.h"

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::CellKind;
using model::Error;
using model::ErrorClass;
using model::Tuple;

DestinationRows::DestinationRows(Session& session, const plan::TablePlan& plan, const Claim* claim)
    : session_(session), plan_(plan) {
    if (claim != nullptr) {
        claim_ = *claim;
    }
    const auto target = std::make_shared<Target>();
    target->table = plan.destination;
    for (const plan::ColumnPlan& column : plan.columns) {
        target->columns.push_back(column.destination_name);
    }
    for (const plan::KeyColumn& column : plan.key.columns) {
        target->key.push_back(column.column);
    }
    target_ = target;
}

DestinationRows::Columns DestinationRows::columns(const Target& target, const Table& table) {
    Columns columns;
    for (const std::string& column : target.columns) {
        const auto at = table.schema().column_index(column);
        if (!at) {
            throw Error(ErrorClass::refused, "memory.no_column",
                        "table " + target.table.display() + " has no column " + column);
        }
        columns.all.push_back(*at);
    }
    for (const std::size_t column : target.key) {
        columns.key.push_back(columns.all[column]);
    }
    return columns;
}

Tuple DestinationRows::widen(const Table& table, const Columns& columns, const Tuple& row) {
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

Tuple DestinationRows::narrow(const Columns& columns, const Tuple& row) {
    Tuple out;
    for (const std::size_t column : columns.all) {
        out.append(row.kind(column), row.bytes(column));
    }
    return out;
}

Outcome DestinationRows::run(const char* name, const Work& work) {
    const auto last = std::make_shared<Outcome>();
    if (!claim_) {
        const TransactionNumber own = session_.transaction();
        session_.statement(name, [last, work, own, target = target_](Server& server) {
            Table& table = server.database.table(target->table);
            return *last = work(server.database, own, table, columns(*target, table));
        });
        return *last;
    }
    const auto alone = [last, work, target = target_, claim = *claim_,
                        now = session_.runtime().wall()](Server& server) {
        if (!flow::deliberate_bug(flow::Bug::rows_without_claim)) {
            check_claim(server, claim);
        }
        Database& database = server.database;
        Table& table = database.table(target->table);
        const TransactionNumber own =
            database.begin(server.as_sink.foreign_keys == engine::ForeignKeys::held);
        *last = work(database, own, table, columns(*target, table));
        if (last->kind == Outcome::Kind::done) {
            database.commit(own, now);
        } else {
            database.abort(own);
        }
        return *last;
    };
    session_.statement(name, alone, CallKind::commit);
    return *last;
}

void DestinationRows::check(const Outcome& outcome) const {
    if (outcome.kind == Outcome::Kind::duplicate) {
        throw Error(ErrorClass::conflict, "memory.duplicate_key",
                    "a row of " + plan_.destination.display() + " has the same " + outcome.key);
    }
    if (outcome.kind == Outcome::Kind::violated) {
        throw Error(ErrorClass::conflict, "memory.foreign_key",
                    "a row of " + plan_.destination.display() + " violates " + outcome.key);
    }
}

std::optional<Tuple> DestinationRows::read(const Tuple& key) {
    const auto found = std::make_shared<std::optional<Tuple>>();
    run("rows.read", [found, key](Database& database, TransactionNumber own, Table& table,
                                  const Columns& columns) {
        found->reset();
        for (const std::size_t place : database.find(
                 own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
            *found = narrow(columns, table.at(place).row);
        }
        return Outcome{};
    });
    return *found;
}

bool DestinationRows::remove(const Tuple& key) {
    const auto met = std::make_shared<bool>(false);
    check(run("rows.remove", [met, key](Database& database, TransactionNumber own, Table& table,
                                        const Columns& columns) {
        for (const std::size_t place : database.find(
                 own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
            *met = true;
            const Outcome outcome = database.remove(own, table, place);
            if (outcome.kind != Outcome::Kind::done) {
                return outcome;
            }
        }
        return Outcome{};
    }));
    return *met;
}

bool DestinationRows::remove_one_equal(const Tuple& row) {
    const auto met = std::make_shared<bool>(false);
    check(run("rows.remove_one", [met, row](Database& database, TransactionNumber own, Table& table,
                                            const Columns& columns) {
        // Keys ignore spelling, rows do not: of those with equal keys take one with equal bytes.
        for (const std::size_t place : database.find(
                 own, table, columns.all, key_bytes_of(table.types(), row, columns.all))) {
            if (narrow(columns, table.at(place).row) == row) {
                *met = true;
                return database.remove(own, table, place);
            }
        }
        return Outcome{};
    }));
    return *met;
}

/// The row that has the values which `whole` needs in this key, if it still has them.
void DestinationRows::make_room(const std::string& key, const Tuple& whole) {
    run("rows.make_room", [key, whole](Database& database, TransactionNumber own, Table& table,
                                       const Columns&) {
        for (const model::KeySchema& unique : table.schema().keys) {
            if (unique.name != key) {
                continue;
            }
            for (const std::size_t place : database.find(
                     own, table, unique.columns, key_bytes(table.types(), whole, unique.columns))) {
                return database.remove(own, table, place);
            }
        }
        return Outcome{};
    });
}

/// `tried`: where `work` leaves the row that it would put.
Outcome DestinationRows::put_with_room(const char* name, const Work& work,
                                       const std::shared_ptr<Tuple>& tried, Existing existing) {
    for (;;) {
        Outcome outcome = run(name, work);
        if (outcome.kind != Outcome::Kind::duplicate || existing != Existing::displace ||
            flow::deliberate_bug(flow::Bug::unique_value_in_the_way)) {
            check(outcome);
            return outcome;
        }
        make_room(outcome.key, *tried);
    }
}

bool DestinationRows::put(const Tuple& row, Existing existing) {
    const auto fresh = std::make_shared<bool>(true);
    const auto tried = std::make_shared<Tuple>();
    const bool replaces = existing == Existing::replace || existing == Existing::displace;
    put_with_room(
        "rows.put",
        [fresh, tried, row, replaces](Database& database, TransactionNumber own, Table& table,
                                      const Columns& columns) {
            *tried = widen(table, columns, row);
            *fresh = true;
            if (!columns.key.empty()) {
                for (const std::size_t place : database.find(
                         own, table, columns.key, key_bytes(table.types(), *tried, columns.key))) {
                    *fresh = false;
                    return replaces ? database.replace(own, table, place, *tried) : Outcome{};
                }
            }
            return database.insert(own, table, *tried);
        },
        tried, existing);
    return *fresh || replaces;
}

bool DestinationRows::update(const Tuple& key, const Tuple& row, Existing existing) {
    const auto met = std::make_shared<bool>(false);
    const auto tried = std::make_shared<Tuple>();
    put_with_room(
        "rows.update",
        [met, tried, key, row](Database& database, TransactionNumber own, Table& table,
                               const Columns& columns) {
            *met = false;
            for (const std::size_t place : database.find(
                     own, table, columns.key, key_bytes_of(table.types(), key, columns.key))) {
                *met = true;
                Tuple merged = row;
                merged.fill_absent_from(narrow(columns, table.at(place).row));
                *tried = widen(table, columns, merged);
                return database.replace(own, table, place, *tried);
            }
            return Outcome{};
        },
        tried, existing);
    return *met;
}

void DestinationRows::truncate() {
    check(run("rows.truncate", [](Database& database, TransactionNumber own, Table& table,
                                  const Columns&) { return database.truncate(own, {&table}); }));
}

}  // namespace cutover::memory
