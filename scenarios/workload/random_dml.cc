#include "scenarios/workload/random_dml.h"

#include <fmt/core.h>

#include <algorithm>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

constexpr std::uint64_t kDmlRolledBack = 5;  // percent
constexpr std::uint64_t kSavepointPercent = 20;

Check compare(const std::string& name, const std::string& expected, const std::string& found) {
    Check check;
    check.name = name;
    check.passed = expected == found;
    check.detail = fmt::format("expected {}, found {}", expected, found);
    return check;
}

}  // namespace

RandomDml::RandomDml(WriterNumber writers, const std::vector<std::string>& without)
    : writers_(writers) {
    for (const std::string& name : without) {
        if (std::none_of(dml_acts().begin(), dml_acts().end(),
                         [&](const DmlAct& act) { return name == act.name; })) {
            throw model::Error(model::ErrorClass::refused, "workload.act",
                               "random_dml has no act '" + name + "'");
        }
    }
    for (const DmlAct& act : dml_acts()) {
        if (std::find(without.begin(), without.end(), act.name) == without.end()) {
            acts_.push_back(act);
            weights_ += act.weight;
        }
    }
}

std::vector<std::string> RandomDml::tables() const {
    return {"dml_ghost", "dml_hot", "dml_hot_log", "dml_seat", "dml_scratch", "dml_scratch_too"};
}

void RandomDml::create(fixtures::Session& session) {
    ground_ = DmlGround::read(session);
    session.query(
        "CREATE TABLE dml_ghost (id bigint PRIMARY KEY);"
        "CREATE TABLE dml_hot (id integer PRIMARY KEY, hits bigint NOT NULL DEFAULT 0) WITH "
        "(fillfactor = 20);"
        "INSERT INTO dml_hot SELECT i FROM generate_series(0, 3) AS i;"
        "CREATE TABLE dml_hot_log (writer integer, number bigint, step smallint, id integer NOT "
        "NULL,"
        " PRIMARY KEY (writer, number, step));"
        "CREATE TABLE dml_seat (id integer PRIMARY KEY, position bigint NOT NULL UNIQUE, previous "
        "bigint);"
        "INSERT INTO dml_seat SELECT i, 1000 + i FROM generate_series(0, 40) AS i;"
        "CREATE TABLE dml_scratch (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content "
        "text);"
        "CREATE TABLE dml_scratch_too (id bigserial PRIMARY KEY, content text)");
}

const DmlAct& RandomDml::choose(Draw& draw) const {
    std::uint64_t at = draw.below(weights_);
    for (const DmlAct& act : acts_) {
        if (at < act.weight) {
            return act;
        }
        at -= act.weight;
    }
    return acts_.back();
}

bool RandomDml::transact(Turn& turn) const {
    const auto acts = static_cast<std::uint64_t>(turn.draw.between(1, 6));
    for (std::uint64_t step = 0; step < acts; ++step) {
        DmlContext context{ground_, turn.draw, writers_, turn.writer, turn.number, step};
        const bool savepoint = turn.draw.chance(kSavepointPercent);
        const bool undone = savepoint && turn.draw.chance(50);
        const std::string act = choose(turn.draw).sql(context);
        turn.tail += savepoint ? "SAVEPOINT s;" : "";
        turn.tail += act + ";";
        if (undone) {
            turn.tail += fmt::format("INSERT INTO dml_ghost VALUES ({});ROLLBACK TO SAVEPOINT s;",
                                     context.fresh());
        } else if (savepoint) {
            turn.tail += "RELEASE SAVEPOINT s;";
        }
    }
    return !turn.draw.chance(kDmlRolledBack);
}

std::vector<Check> RandomDml::always(fixtures::Session& session) const {
    const auto row =
        session
            .query(
                "SELECT (SELECT count(*) FROM dml_ghost), (SELECT sum(hits) FROM dml_hot),"
                " (SELECT count(*) FROM dml_hot_log), (SELECT count(DISTINCT position) || ' seats, "
                "sum ' ||"
                " sum(position) FROM dml_seat)")
            .at(0);
    return {compare("random_dml.ghosts", "0", *row[0]),
            compare("random_dml.hot_rows", *row[2], *row[1]),
            compare("random_dml.seats", "41 seats, sum 41820", *row[3])};
}

}  // namespace cutover::scenarios
