#include "tests/simulation/bystander.h"

#include <algorithm>
#include <vector>

namespace cutover::simulation {

using memory::Outcome;
using memory::TransactionNumber;
using std::chrono::milliseconds;

Bystander::Bystander(const Shape& shape, memory::Server& destination, Process& world)
    : shape_(shape), destination_(destination), world_(world), random_(shape.seed, "bystander") {}

void Bystander::run(const bool& over) {
    while (!over) {
        world_.sleep(milliseconds(random_.between(1, 1000)));
        hold_tables(over);
    }
}

void Bystander::hold_tables(const bool& over) {
    const TransactionNumber own = destination_.database.begin();
    std::size_t table = random_.below(shape_.tables.size());
    for (int held = 0; held < 2 && lock_rows(own, shape_.tables[table], over); ++held) {
        world_.sleep(milliseconds(random_.between(1, 1500)));
        table = (table + 1) % shape_.tables.size();
    }
    destination_.waits_for.erase(own);
    if (destination_.database.running(own)) {
        destination_.database.abort(own);
    }
    destination_.ring();
}

bool Bystander::lock_rows(TransactionNumber own, const TableShape& shape, const bool& over) {
    memory::Database& database = destination_.database;
    memory::Table* const table = database.find_table(shape.destination);
    while (table != nullptr && !over && database.running(own)) {
        Outcome outcome;
        for (const std::size_t place : database.scan(own, *table)) {
            outcome = database.remove(own, *table, place);
            if (outcome.kind != Outcome::Kind::done) {
                break;
            }
        }
        if (outcome.kind != Outcome::Kind::blocked) {
            destination_.waits_for.erase(own);
            return outcome.kind == Outcome::Kind::done;
        }
        destination_.waits_for[own] = outcome.by;
        const std::vector<TransactionNumber> in_the_way = destination_.in_the_way(outcome.by);
        if (std::count(in_the_way.begin(), in_the_way.end(), own) != 0) {
            return false;  // as a server's deadlock detector has it
        }
        world_.sleep(milliseconds(20));
    }
    return false;
}

}  // namespace cutover::simulation
