#include "tests/simulation/writer.h"

#include "migrator/model/check.h"

namespace cutover::simulation {

using memory::CellType;
using memory::Outcome;
using memory::Table;
using model::CellKind;
using model::Tuple;

namespace {

constexpr std::uint64_t kKeys = 30;
/// Small places from which the order of commits is drawn.
constexpr flow::Duration kShort = std::chrono::milliseconds(2);

std::string draw_number(Random& random, std::uint64_t end) {
    const std::string digits = std::to_string(random.below(end));
    const std::uint64_t spelling = random.below(4);
    return spelling == 0 ? "+" + digits : spelling == 1 ? "00" + digits : digits;
}

std::string draw_word(Random& random) {
    constexpr const char* kWords[] = {"ash",  "Ash",   "birch", "BIRCH", "cedar", "elm",
                                      "Elm",  "fir",   "hazel", "larch", "Larch", "oak",
                                      "pine", "rowan", "ROWAN", "yew"};
    return kWords[random.below(std::size(kWords))];
}

/// Spelled another way each time: who takes a key that has just become free hardly ever spells it
/// as it was.
std::string draw_term(Random& random) {
    std::string term = draw_word(random);
    for (char& letter : term) {
        letter = static_cast<char>(random.chance(0.5) ? letter | 0x20 : letter & ~0x20);
    }
    return term;
}

void append_cell(Tuple& row, const model::ColumnSchema& column, bool key, Random& random) {
    if (column.nullable && random.chance(0.15)) {
        row.append(CellKind::null);
        return;
    }
    switch (memory::cell_type(column.type)) {
        case CellType::integer:
            row.append(CellKind::text,
                       std::to_string(random.below(key || column.name == "u" ? kKeys : 10)));
            return;
        case CellType::number:
            row.append(CellKind::text, draw_number(random, key ? kKeys : 10));
            return;
        case CellType::text:
            row.append(CellKind::text, column.name == "u"
                                           ? "u" + std::to_string(random.below(kKeys * 2))
                                           : draw_word(random));
            return;
        case CellType::word:
        case CellType::fuzzy:
            row.append(CellKind::text, draw_word(random));
            return;
        case CellType::term:
            row.append(CellKind::text, draw_term(random));
            return;
        case CellType::blob:
            row.append(CellKind::text, "large" + std::to_string(random.below(100)));
            return;
        case CellType::packed:
        case CellType::sealed:
            model::check_failed("no packed or sealed columns at a source", __FILE__, __LINE__);
    }
}

bool in_primary_key(const model::TableSchema& schema, std::size_t column) {
    for (const model::KeySchema& key : schema.keys) {
        for (const std::size_t part : key.columns) {
            if (key.primary && part == column) {
                return true;
            }
        }
    }
    return false;
}

Tuple draw_row(const Table& table, Random& random) {
    Tuple row;
    const model::TableSchema& schema = table.schema();
    for (std::size_t column = 0; column < schema.columns.size(); ++column) {
        append_cell(row, schema.columns[column], in_primary_key(schema, column), random);
    }
    return row;
}

/// `row` with the chosen cells taken from `other`.
Tuple with_cells(const Tuple& row, const Tuple& other, const std::vector<bool>& chosen) {
    Tuple out;
    for (std::size_t column = 0; column < row.size(); ++column) {
        const Tuple& from = chosen[column] ? other : row;
        out.append(from.kind(column), from.bytes(column));
    }
    return out;
}

}  // namespace

void load_rows(memory::Server& server, const TableShape& shape, std::uint64_t rows,
               Random& random) {
    memory::Database& database = server.database;
    Table& table = database.table(shape.schema.name);
    const memory::TransactionNumber transaction = database.begin();
    for (std::uint64_t row = 0; row < rows; ++row) {
        database.insert(transaction, table, draw_row(table, random));
    }
    database.commit(transaction, model::Instant{});
}

Writer::Writer(const Shape& shape, memory::Server& server, Process& world, std::uint64_t number,
               FirstWrites& first_writes)
    : shape_(shape),
      server_(server),
      database_(server.database),
      world_(world),
      random_(shape.seed, "writer" + std::to_string(number)),
      first_writes_(first_writes) {}

void Writer::run() {
    for (std::uint64_t number = 0; number < shape_.transactions; ++number) {
        world_.sleep(flow::Duration(random_.below(random_.chance(0.1) ? 3'000'000 : 60'000)));
        transact();
    }
}

/// Somebody else may go on. False if the server has broken off the transaction meanwhile.
bool Writer::pause() {
    if (shape_.long_transactions && random_.chance(0.03)) {
        world_.sleep(flow::Duration(random_.below(6'000'000)));
    } else if (random_.chance(0.3)) {
        world_.sleep(flow::Duration(random_.below(20'000)));
    } else {
        world_.yield("writer");
    }
    return alive() && server_.up;
}

void Writer::note_first_write() {
    if (!database_.unfinished().at(transaction_).empty()) {
        first_writes_.emplace(transaction_, world_.wall());
    }
}

void Writer::transact() {
    while (!server_.up) {
        world_.sleep(std::chrono::milliseconds(100));
    }
    epoch_ = server_.epoch;
    transaction_ = database_.begin();
    first_writes_.erase(transaction_);  // after a failover numbers are given again
    const std::uint64_t operations = random_.between(1, random_.chance(0.1) ? 25 : 6);
    for (std::uint64_t number = 0; number < operations; ++number) {
        const std::size_t savepoint = database_.savepoint(transaction_);
        const bool good = operate();
        if (!alive()) {
            return;
        }
        note_first_write();
        if (!good) {
            end(false);
            return;
        }
        if (random_.chance(0.1)) {
            database_.rollback_to(transaction_, savepoint);
        }
        if (!pause()) {
            return;
        }
    }
    if (!database_.sequences().empty()) {
        ++database_.sequences().begin()->second.last_value;
    }
    end(!random_.chance(0.1));
}

void Writer::end(bool commit) {
    if (!alive()) {
        return;
    }
    if (!commit) {
        database_.abort(transaction_);
    } else {
        database_.log_commit(transaction_, world_.wall());
        if (random_.chance(0.4)) {
            // In the log, not yet visible: a reader of the log may be ahead of every snapshot.
            server_.ring();
            const std::uint64_t longest = !random_.chance(0.2)  ? 5'000
                                          : shape_.slow_to_show ? 8'000'000
                                                                : 500'000;
            world_.sleep(flow::Duration(random_.below(longest)));
        }
        if (alive()) {
            database_.publish(transaction_);
        }
    }
    server_.ring();
}

template <typename Statement>
bool Writer::try_statement(Statement statement) {
    for (int attempt = 0; attempt < 4; ++attempt) {
        const Outcome outcome = statement();
        if (outcome.kind != Outcome::Kind::blocked) {
            return true;  // a duplicate is no reason to give up
        }
        world_.sleep(kShort);
        if (!alive()) {
            return false;
        }
    }
    return false;
}

bool Writer::operate() {
    const TableShape& shape = random_.pick(shape_.tables);
    Table& table = database_.table(shape.schema.name);
    const std::uint64_t dice = random_.below(100);
    if (dice < 32) {
        return insert(table, shape);
    }
    if (dice < 72) {
        return update(table);
    }
    if (dice < 86) {
        return remove(table, shape);
    }
    if (dice < 92) {
        return swap_unique(table, shape);
    }
    if (dice < 97) {
        return swap_keys(table, shape);
    }
    return shape_.truncates ? truncate() : insert(table, shape);
}

std::optional<std::size_t> Writer::pick_row(const Table& table) {
    const std::vector<std::size_t> places = database_.scan(transaction_, table);
    if (places.empty()) {
        return std::nullopt;
    }
    // Some rows are hot.
    return random_.chance(0.3) ? places.front() : places[random_.below(places.size())];
}

bool Writer::insert(Table& table, const TableShape& shape) {
    Tuple row = draw_row(table, random_);
    const auto column = shape.schema.column_index("u");
    const auto let_go = let_go_.find(&table);
    if (column && let_go != let_go_.end() && random_.chance(0.4)) {
        std::vector<bool> chosen(row.size());
        chosen[*column] = true;
        row = with_cells(row, let_go->second, chosen);
    }
    return try_statement([&]() -> Outcome {
        // The table may have been changed while this one waited.
        return row.size() == table.types().size() ? database_.insert(transaction_, table, row)
                                                  : Outcome{};
    });
}

bool Writer::replace(Table& table, std::size_t place, Tuple row) {
    const Tuple before = table.at(place).row;
    return try_statement([&]() -> Outcome {
        // Somebody may have changed it while this one waited: then leave it alone.
        for (const std::size_t now : database_.scan(transaction_, table)) {
            if (now == place && table.at(place).row == before && row.size() == before.size()) {
                return database_.replace(transaction_, table, place, row);
            }
        }
        return {};
    });
}

bool Writer::update(Table& table) {
    const auto place = pick_row(table);
    if (!place) {
        return true;
    }
    const Tuple fresh = draw_row(table, random_);
    const bool change_key = random_.chance(0.2);
    std::vector<bool> chosen;
    for (std::size_t column = 0; column < fresh.size(); ++column) {
        const bool large = table.schema().columns[column].type == "blob";
        chosen.push_back(in_primary_key(table.schema(), column)
                             ? change_key
                             : random_.chance(large ? 0.2 : 0.5));
    }
    return replace(table, *place, with_cells(table.at(*place).row, fresh, chosen));
}

bool Writer::remove(Table& table, const TableShape&) {
    const auto place = pick_row(table);
    if (!place) {
        return true;
    }
    const Tuple before = table.at(*place).row;
    return try_statement([&]() -> Outcome {
        for (const std::size_t now : database_.scan(transaction_, table)) {
            if (now == *place && table.at(*place).row == before) {
                let_go_.insert_or_assign(&table, before);
                return database_.remove(transaction_, table, *place);
            }
        }
        return {};
    });
}

/// Two rows exchange their unique values, by way of NULL.
bool Writer::swap_unique(Table& table, const TableShape& shape) {
    const auto column = shape.schema.column_index("u");
    const std::vector<std::size_t> places = database_.scan(transaction_, table);
    if (!column || places.size() < 2) {
        return update(table);
    }
    const std::size_t first = places[random_.below(places.size())];
    const std::size_t second = places[random_.below(places.size())];
    if (first == second) {
        return true;
    }
    const Tuple a = table.at(first).row;
    const Tuple b = table.at(second).row;
    std::vector<bool> chosen(a.size());
    chosen[*column] = true;
    Tuple nothing;
    for (std::size_t cell = 0; cell < a.size(); ++cell) {
        nothing.append(CellKind::null);
    }
    if (!replace(table, first, with_cells(a, nothing, chosen)) ||
        !replace(table, second, with_cells(b, a, chosen))) {
        return false;
    }
    for (const std::size_t place : database_.scan(transaction_, table)) {
        if (table.at(place).row == with_cells(a, nothing, chosen)) {
            return replace(table, place, with_cells(a, b, chosen));
        }
    }
    return true;
}

/// Two rows exchange their primary keys: both are removed and put back with the other's key.
bool Writer::swap_keys(Table& table, const TableShape& shape) {
    const std::vector<std::size_t> places = database_.scan(transaction_, table);
    if (shape.keyless() || places.size() < 2) {
        return update(table);
    }
    const std::size_t first = places[random_.below(places.size())];
    const std::size_t second = places[random_.below(places.size())];
    if (first == second) {
        return true;
    }
    std::vector<bool> chosen;
    const Tuple a = table.at(first).row;
    for (std::size_t column = 0; column < a.size(); ++column) {
        chosen.push_back(in_primary_key(table.schema(), column));
    }
    const Tuple b = table.at(second).row;
    // The third key is one that nobody draws.
    Tuple far = with_cells(a, draw_row(table, random_), chosen);
    Tuple away;
    for (std::size_t column = 0; column < far.size(); ++column) {
        const std::string& type = table.schema().columns[column].type;
        const bool numeric = type == "int" || type == "number";
        if (chosen[column]) {
            away.append(CellKind::text, numeric ? "999" : "zzz");
        } else {
            away.append(far.kind(column), far.bytes(column));
        }
    }
    if (!replace(table, first, away) || !replace(table, second, with_cells(b, a, chosen))) {
        return false;
    }
    for (const std::size_t place : database_.scan(transaction_, table)) {
        if (table.at(place).row == away) {
            return replace(table, place, with_cells(a, b, chosen));
        }
    }
    return true;
}

bool Writer::truncate() {
    std::vector<Table*> tables;
    for (const TableShape& shape : shape_.tables) {
        if (random_.chance(0.4)) {
            tables.push_back(&database_.table(shape.schema.name));
        }
    }
    if (tables.empty()) {
        return true;
    }
    return try_statement([&] { return database_.truncate(transaction_, tables); });
}

}  // namespace cutover::simulation
