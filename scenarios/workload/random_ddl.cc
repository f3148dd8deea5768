#include "scenarios/workload/random_ddl.h"

#include <fmt/core.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace cutover::scenarios {

namespace {

constexpr std::uint64_t kDdlRolledBack = 10;  // percent
constexpr std::size_t kMostTables = 4;        // of a writer
constexpr std::size_t kMostColumns = 6;       // that a table has beside its key
constexpr int kRowsOfANewTable = 20;

/// A table as the writer finds it.
struct Table {
    std::string name;
    std::map<std::string, std::string> columns;  ///< beside the key; name -> type
};

std::vector<Table> tables_of(fixtures::Session& session, WriterNumber writer) {
    std::vector<Table> tables;
    for (const fixtures::Cells& row : session.query(fmt::format(
             "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c"
             " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
             " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
             " AND c.relname ^@ 'ddl_{}_' ORDER BY c.relname, a.attnum",
             writer))) {
        if (tables.empty() || tables.back().name != *row[0]) {
            tables.push_back({*row[0], {}});
        }
        if (*row[1] != "id") {
            tables.back().columns.emplace(*row[1], *row[2]);
        }
    }
    return tables;
}

/// One transaction, statement by statement.
class DayOfReleases {
public:
    DayOfReleases(Turn& turn, std::vector<Table> tables)
        : turn_(turn), tables_(std::move(tables)) {}

    void write() {
        if (tables_.empty()) {
            return;
        }
        Table& table = any_table();
        switch (turn_.draw.below(4)) {
            case 0:
            case 1:
                insert(table.name, turn_.draw.between(1, 5));
                break;
            case 2:
                update(table);
                break;
            default:
                remove(table.name);
        }
    }

    void change() {
        if (tables_.empty() || (tables_.size() < kMostTables && turn_.draw.chance(25))) {
            create();
            return;
        }
        const std::size_t at = turn_.draw.below(tables_.size());
        switch (turn_.draw.below(12)) {
            case 0:
                drop(at);
                break;
            case 1:
                rename(tables_[at]);
                break;
            case 2:
                truncate(tables_[at].name);
                break;
            case 3:
            case 4:
            case 5:
                add_column(tables_[at]);
                break;
            default:
                change_column(tables_[at]);
        }
    }

private:
    Table& any_table() { return tables_[turn_.draw.below(tables_.size())]; }
    std::string fresh() { return std::to_string(turn_.number) + "_" + std::to_string(++made_); }
    void say(const std::string& sql) { turn_.tail += sql + ";"; }

    /// `sql` changes rows and returns each of them; their number is counted into the writer's.
    void count(const std::string& sql, const char* sign) {
        say(
            fmt::format("WITH done AS ({} RETURNING 1) UPDATE ddl_count SET rows = rows {} (SELECT "
                        "count(*) FROM done) WHERE writer = {}",
                        sql, sign, turn_.writer));
    }

    void uncount_all(const std::string& table) {
        say(
            fmt::format("UPDATE ddl_count SET rows = rows - (SELECT count(*) FROM {}) WHERE writer "
                        "= {}",
                        table, turn_.writer));
    }

    void insert(const std::string& table, std::int64_t rows) {
        count(fmt::format("INSERT INTO {0} (id) SELECT (SELECT coalesce(max(id), 0) FROM {0}) + n "
                          "FROM generate_series(1, {1}) AS n",
                          table, rows),
              "+");
    }

    void remove(const std::string& table) {
        count(fmt::format("DELETE FROM {0} WHERE id IN (SELECT id FROM {0} ORDER BY id LIMIT {1})",
                          table, turn_.draw.between(1, 4)),
              "-");
    }

    void update(const Table& table) {
        std::string set = "id = id";
        for (const auto& [column, type] : table.columns) {
            if (turn_.draw.chance(50)) {
                set += fmt::format(", {} = {}", column,
                                   type == "text" ? fmt::format("'{}'", turn_.draw.below(1000))
                                                  : std::to_string(turn_.draw.below(1000)));
            }
        }
        say(fmt::format("UPDATE {} SET {} WHERE id % 5 = {}", table.name, set,
                        turn_.draw.below(5)));
    }

    void create() {
        Table table{fmt::format("ddl_{}_{}", turn_.writer, fresh()), {{"v", "text"}}};
        say(fmt::format("CREATE TABLE {} (id bigint PRIMARY KEY, v text DEFAULT 'new')",
                        table.name));
        insert(table.name, kRowsOfANewTable);
        tables_.push_back(std::move(table));
    }

    void drop(std::size_t at) {
        uncount_all(tables_[at].name);
        say("DROP TABLE " + tables_[at].name);
        tables_.erase(tables_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void rename(Table& table) {
        const std::string name = fmt::format("ddl_{}_{}", turn_.writer, fresh());
        say(fmt::format("ALTER TABLE {} RENAME TO {}", table.name, name));
        table.name = name;
    }

    void truncate(const std::string& table) {
        uncount_all(table);
        say("TRUNCATE " + table);
    }

    void add_column(Table& table) {
        static constexpr std::array<std::pair<const char*, const char*>, 4> kKinds = {
            {{"integer", ""},
             {"text", " DEFAULT 'old'"},
             {"numeric(8,2)", " NOT NULL DEFAULT 1"},
             {"integer", " CHECK (true)"}}};
        if (table.columns.size() >= kMostColumns) {
            change_column(table);
            return;
        }
        const auto& [type, more] = turn_.draw.pick(kKinds);
        const std::string column = "c" + fresh();
        say(fmt::format("ALTER TABLE {} ADD {} {}{}", table.name, column, type, more));
        table.columns.emplace(column, type);
    }

    void change_column(Table& table) {
        if (table.columns.empty()) {
            add_column(table);
            return;
        }
        const auto at =
            std::next(table.columns.begin(),
                      static_cast<std::ptrdiff_t>(turn_.draw.below(table.columns.size())));
        const std::string column = at->first;
        const std::string alter = fmt::format("ALTER TABLE {} ", table.name);
        switch (turn_.draw.below(6)) {
            case 0:
                say(alter + "DROP " + column);
                table.columns.erase(at);
                break;
            case 1: {
                const std::string name = "r" + fresh();
                say(alter + fmt::format("RENAME {} TO {}", column, name));
                table.columns.emplace(name, at->second);
                table.columns.erase(column);
                break;
            }
            case 2:
                widen(table, column);
                break;
            case 3:
                say(fmt::format("CREATE INDEX ON {} ({})", table.name, column));
                break;
            case 4:
                say(alter + fmt::format("ALTER {} SET DEFAULT {}", column, turn_.draw.below(100)));
                break;
            default:
                say(fmt::format("UPDATE {0} SET {1} = 7 WHERE {1} IS NULL", table.name, column));
                say(alter + fmt::format("ALTER {0} SET DEFAULT 7, ALTER {0} SET NOT NULL", column));
        }
    }

    /// To a type that has every value of the old one, in the same wire form or in another.
    void widen(Table& table, const std::string& column) {
        static const std::map<std::string, std::string> kWider = {
            {"integer", "bigint"}, {"bigint", "text"}, {"numeric(8,2)", "numeric(12,2)"}};
        const auto wider = kWider.find(table.columns.at(column));
        if (wider == kWider.end()) {
            return;
        }
        say(fmt::format("ALTER TABLE {0} ALTER {1} DROP DEFAULT", table.name, column));
        say(fmt::format("ALTER TABLE {0} ALTER {1} TYPE {2}", table.name, column, wider->second));
        say(fmt::format("ALTER TABLE {0} ALTER {1} SET DEFAULT 3", table.name, column));
        table.columns[column] = wider->second;
    }

    Turn& turn_;
    std::vector<Table> tables_;
    int made_ = 0;
};

}  // namespace

void RandomDdl::create(fixtures::Session& session) {
    session.query(
        fmt::format("CREATE TABLE ddl_count (writer integer PRIMARY KEY, rows bigint NOT NULL);"
                    "INSERT INTO ddl_count SELECT i, 0 FROM generate_series(0, {} - 1) AS i",
                    writers_));
}

bool RandomDdl::transact(Turn& turn) const {
    DayOfReleases day(turn, tables_of(turn.session, turn.writer));
    day.write();
    if (turn.draw.chance(percent_)) {
        day.change();
        day.write();
    }
    return !turn.draw.chance(kDdlRolledBack);
}

std::vector<Check> RandomDdl::at_rest(fixtures::Session& session) const {
    Check check;
    check.name = "random_ddl.count";
    check.passed = true;
    for (WriterNumber writer = 0; writer < writers_; ++writer) {
        std::string sum = "0";
        for (const Table& table : tables_of(session, writer)) {
            sum += fmt::format(" + (SELECT count(*) FROM {})", table.name);
        }
        const auto row =
            session
                .query(fmt::format("SELECT rows, {} FROM ddl_count WHERE writer = {}", sum, writer))
                .at(0);
        check.passed = check.passed && *row[0] == *row[1];
        check.detail += fmt::format("{}writer {}: counted {}, found {}",
                                    check.detail.empty() ? "" : "; ", writer, *row[0], *row[1]);
    }
    return {check};
}

}  // namespace cutover::scenarios
