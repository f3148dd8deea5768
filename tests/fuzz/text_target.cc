// Texts that a server prints and that are taken apart without a grammar: positions, snapshots,
// timelines, expressions, bytes in hex.
#include "migrator/engine/ends.h"
#include "migrator/engine/postgres/capture/capture.h"
#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/capture/publication_memory.h"
#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/route/sql_renamer.h"
#include "tests/fuzz/target.h"
#include "verify/postgres/rename_text.h"

namespace cutover::fuzz {

namespace {

using namespace std::string_literals;

std::vector<std::string> position_seeds() {
    return {"16/B374D848",
            "100:200:120,130,199",
            "7:7:",
            "1\t0/3000000\tno recovery target specified\n2\t0/5000060\tbefore 2026\n",
            "\0\0\0\1\0\0\0\0\0\0\1\0"s,
            "{\"16400\":12345}",
            "16400:12345,16401:99;mark"};
}

template <typename Action>
void refusing(const Action& action) {
    try {
        engine::at_side(model::Side::source, action);  // as the seam has it
    } catch (const model::Error&) {
        // an answer like any other; the next reader gets the same input
    }
}

void run_positions(std::string_view input) {
    const std::string text(input);
    if (const auto lsn = postgres::parse_lsn(input)) {
        postgres::to_text(*lsn);
    }
    refusing([&] { postgres::to_log_point({text, text}); });
    refusing([&] {
        const postgres::Snapshot snapshot = postgres::Snapshot::parse(input);
        snapshot.sees(120);
        snapshot.lacks(postgres::Snapshot::parse("100:200:120,130"));
        postgres::Snapshot::parse("100:200:120,130").lacks(snapshot);
    });
    refusing([&] {
        const postgres::TimelineHistory history(3, input);
        history.holds({1, 100});
        history.end_of(2);
    });
    refusing([&] { postgres::heap_files({text, {text, text}}); });
    refusing([&] { postgres::publication_at_start({text, {text, text}}); });
    postgres::parse_publication_memory(text);
}

std::vector<std::string> sql_seeds() {
    return {
        R"(CHECK (((app.f("Price") > 0) AND (qty IS NOT NULL) AND (note <> 'it''s app.x'::text))))",
        R"(nextval('app."odd ""name"'::regclass))",
        R"(FOREIGN KEY (a, "B") REFERENCES app.orders(qty, "Price") ON DELETE SET NULL (a))",
        R"(CREATE INDEX i ON app.orders USING btree (lower(zone), ((at AT TIME ZONE 'UTC'::text))) WHERE qty > 0)",
        R"(E'a\'b' || U&"d\0061t" || $$x$$)",
        "\\x00ff61"};
}

void run_sql(std::string_view input) {
    const std::string text(input);
    verify::rename_in_sql(text, {{"app", "shop"}}, {{"qty", "quantity"}, {"Price", "select"}});
    plan::NameMapping mapping;
    mapping.schemas["app"] = "shop";
    mapping.columns[{"app", "orders"}] = {{"qty", "quantity"}, {"Price", "select"}};
    model::Catalog catalog;
    catalog.tables.emplace_back().name = {"app", "orders"};
    const route::NameMap names(mapping, catalog);
    const route::SqlRenamer renamer(names);
    renamer.objects(text);
    renamer.in_table(text, {"app", "orders"});
    renamer.foreign_key(text, {"app", "orders"}, {"app", "orders"});
    route::mentions(text, {"qty"});
    refusing([&] { postgres::from_bytea(text); });
}

}  // namespace

Target positions_target() {
    return {"positions", "positions, snapshots, timelines, a capture's identity", position_seeds,
            run_positions};
}

Target sql_target() {
    return {"sql", "expressions and definitions as a server prints them", sql_seeds, run_sql};
}

}  // namespace cutover::fuzz
