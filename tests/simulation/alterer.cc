#include "tests/simulation/alterer.h"

namespace cutover::simulation {

using memory::Outcome;
using memory::Table;

Alterer::Alterer(const Shape& shape, memory::Server& source, const memory::Server& destination,
                 Process& world)
    : shape_(shape),
      source_(source),
      database_(source.database),
      destination_(destination),
      world_(world),
      random_(shape.seed, "alterer") {}

bool Alterer::rows_are_moved() const {
    const auto rows = destination_.tasks.find(shape_.spec.name);
    return rows != destination_.tasks.end() &&
           rows->second.record.phase != engine::TaskPhase::created &&
           rows->second.record.phase != engine::TaskPhase::schema;
}

/// What was made at the destination for a plan that is made anew before anything was moved is for
/// its user to remove.
void Alterer::run(const bool& over) {
    while (!rows_are_moved() && !over) {
        world_.sleep(std::chrono::milliseconds(10));
    }
    for (std::uint64_t number = 0; number < shape_.alterations; ++number) {
        world_.sleep(flow::Duration(random_.below(random_.chance(0.3) ? 3'000'000 : 200'000)));
        const TableShape& table = random_.pick(shape_.tables);
        // Somebody writes to it: perhaps later.
        for (int attempt = 0; attempt < 200; ++attempt) {
            if (source_.up && alter(table).kind != Outcome::Kind::blocked) {
                source_.ring();
                break;
            }
            world_.sleep(std::chrono::milliseconds(10));
        }
    }
}

/// Few names, so that a name comes to mean one column after another.
std::string Alterer::free_name(const Table& table) {
    for (;;) {
        const std::string name = "x" + std::to_string(random_.below(4));
        if (!table.schema().column_index(name)) {
            return name;
        }
    }
}

Outcome Alterer::add(Table& table) {
    model::ColumnSchema column;
    column.name = free_name(table);
    column.type = random_.chance(0.3) ? "blob" : "int";
    if (random_.chance(0.5)) {
        column.fill = model::ColumnFill{"7", "7"};
    }
    return database_.add_column(table, column);
}

Outcome Alterer::exchange(Table& table, std::size_t first, std::size_t second) {
    const std::string one = table.schema().columns[first].name;
    const std::string other = table.schema().columns[second].name;
    const Outcome outcome = database_.rename_column(table, one, "aside");
    if (outcome.kind == Outcome::Kind::done) {
        database_.rename_column(table, other, one);
        database_.rename_column(table, "aside", other);
    }
    return outcome;
}

Outcome Alterer::alter(const TableShape& shape) {
    Table& table = database_.table(shape.schema.name);
    const std::size_t own = shape.schema.columns.size();
    const std::size_t more = table.schema().columns.size() - own;
    const std::uint64_t dice = random_.below(100);
    if (more == 0 || (more < 3 && dice < 40)) {
        return add(table);
    }
    const std::size_t chosen = own + random_.below(more);
    const std::string name = table.schema().columns[chosen].name;
    if (dice < 60) {
        return database_.drop_column(table, name);
    }
    if (dice < 80 || more < 2) {
        return database_.rename_column(table, name, free_name(table));
    }
    const std::size_t other = own + random_.below(more);
    return other == chosen ? database_.drop_column(table, name) : exchange(table, chosen, other);
}

}  // namespace cutover::simulation
