#include "scenarios/workload/dml_acts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

using fmt::format;

constexpr std::array<const char*, 4> kMoods = {"'sad'", "'so so'", "'Ünder \"quoted\"'", "NULL"};
constexpr std::array<const char*, 7> kRegions = {"DE", "FR", "Ö", "CN", "JP", "BR", "us"};

std::string random_text(DmlContext& c, std::int64_t pieces) {
    return format("(SELECT string_agg(md5('{}:' || n), '') FROM generate_series(1, {}) AS n)",
                  c.draw.below(1'000'000'000), pieces);
}

/// A product that exists, whatever was renamed.
std::string some_sku(DmlContext& c) {
    const std::string from = c.draw.chance(70) ? format("SKU-{:06}", c.any("product"))
                                               : format("DML-1{:09}", c.draw.below(1'000'000));
    return format(
        "coalesce((SELECT sku FROM shop.product WHERE sku >= '{}' ORDER BY sku LIMIT 1),"
        " (SELECT min(sku::text) FROM shop.product))",
        from);
}

std::string customer_insert(DmlContext& c) {
    const auto id = c.fresh();
    return format(
        "INSERT INTO shop.customer (email, given_name, family_name, mood, address, tags) VALUES"
        " ('dml-{0}@example.org', 'Dml', {1}, {2}, ROW('Street \"{0}\"', NULL, point({0}, 1), "
        "NULL),"
        " ARRAY['new', NULL, '{0}'])",
        id, c.draw.chance(50) ? "'Söhne & Töchter'" : "NULL", c.draw.pick(kMoods));
}

std::string customer_update(DmlContext& c) {
    return format(
        "UPDATE shop.customer SET mood = {}, tags = (tags || 't{}'::text)[1:5],"
        " address.street = 'moved {}', discount = {} WHERE id = {}",
        c.draw.pick(kMoods), c.draw.below(100), c.draw.below(1000), c.draw.below(100),
        c.any("customer"));
}

std::string customer_email(DmlContext& c) {
    return format("UPDATE shop.customer SET email = 'renamed-{}@example.org' WHERE id = {}",
                  c.fresh(), c.any("customer"));
}

std::string customer_delete(DmlContext& c) {
    return format("DELETE FROM shop.customer WHERE email = 'dml-{}@example.org'", c.earlier());
}

std::string customer_unchanged(DmlContext& c) {
    return format("UPDATE shop.customer SET id = id WHERE id = {}", c.any("customer"));
}

std::string order_insert(DmlContext& c) {
    return format(
        "WITH o AS (INSERT INTO shop.\"order\" (customer_id, placed_on, total) VALUES"
        " ({}, date '2024-01-01' + {}, {}) RETURNING id)"
        " INSERT INTO shop.order_item (order_id, line, sku, quantity, unit_price)"
        " SELECT o.id, line, {}, {}, {} / 100.0 FROM o, generate_series(1, {}) AS line",
        c.any("customer"), c.draw.below(300), c.draw.below(10000), some_sku(c),
        c.draw.between(1, 9), c.draw.below(100000), c.draw.between(1, 4));
}

std::string order_update(DmlContext& c) {
    return format(
        "UPDATE shop.\"order\" SET state = 'paid', total = total + {}, comment = NULL WHERE id = "
        "{}",
        c.draw.below(50), 10 + 3 * (c.any("order") - 1));
}

std::string order_delete(DmlContext& c) {
    return format("DELETE FROM shop.\"order\" WHERE id = {}", 10 + 3 * (c.any("order") - 1));
}

std::string item_key_change(DmlContext& c) {
    return format(
        "UPDATE shop.order_item SET line = CASE WHEN line < 100 THEN line + 100 ELSE line - 100 END"
        " WHERE order_id = {}",
        10 + 3 * (c.any("order") - 1));
}

std::string product_update(DmlContext& c) {
    return format(
        "UPDATE shop.product SET stock = stock + {}, price = price + '0.01'::money,"
        " attributes = jsonb_set(attributes, '{{size}}', '{}') WHERE sku = {}",
        c.draw.below(10), c.draw.below(99), some_sku(c));
}

std::string product_key_change(DmlContext& c) {
    return format("UPDATE shop.product SET sku = 'DML-{}' WHERE sku = {}", c.fresh(), some_sku(c));
}

std::string document_title(DmlContext& c) {
    return format(
        "UPDATE shop.document SET title = 'Title {}', version = version + 1 WHERE id = {}",
        c.draw.below(1000), c.any("document"));
}

std::string document_body(DmlContext& c) {
    return format("UPDATE shop.document SET body = {}, version = version + 1 WHERE id = {}",
                  random_text(c, c.draw.between(1, 400)), c.any("document"));
}

std::string document_attachment(DmlContext& c) {
    return format("UPDATE shop.document SET attachment = {} WHERE id = {}",
                  c.draw.chance(30)
                      ? "NULL"
                      : "decode(" + random_text(c, c.draw.between(80, 300)) + ", 'hex')",
                  c.any("document"));
}

std::string document_copy(DmlContext& c) {
    return format(
        "INSERT INTO shop.document SELECT {}, title, 1, body, attachment, thumbnail, metadata"
        " FROM shop.document WHERE id = {}",
        c.fresh(), c.any("document"));
}

/// A key change that leaves the large values where they are: the log has the key, not the values.
std::string document_key_change(DmlContext& c) {
    return format("UPDATE shop.document SET id = {} WHERE id = {}", c.fresh(), c.earlier());
}

std::string document_delete(DmlContext& c) {
    return format("DELETE FROM shop.document WHERE id = {}", c.earlier());
}

std::string keyless_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.keyless_log SELECT {0}, 'dml', 'twin {0}', NULL FROM generate_series(1, "
        "{1})",
        c.draw.below(5), c.draw.between(1, 3));
}

std::string one_keyless_row(DmlContext& c) {
    return format(
        "ctid = (SELECT ctid FROM shop.keyless_log WHERE message = '{} {}' LIMIT 1 FOR UPDATE SKIP "
        "LOCKED)",
        c.draw.chance(50) ? "twin" : "message", c.draw.below(5));
}

std::string keyless_update(DmlContext& c) {
    return format("UPDATE shop.keyless_log SET level = {} WHERE ", c.draw.below(7)) +
           one_keyless_row(c);
}

std::string keyless_delete(DmlContext& c) {
    return "DELETE FROM shop.keyless_log WHERE " + one_keyless_row(c);
}

std::string seat_swap(DmlContext& c) {
    const std::uint64_t low = c.draw.below(20);
    const std::uint64_t high = low + 1 + c.draw.below(20);
    return format(
        "SELECT 1 FROM dml_seat WHERE id IN ({0}, {1}) ORDER BY id FOR UPDATE;"
        "UPDATE dml_seat SET position = -position WHERE id = {0};"
        "UPDATE dml_seat SET previous = position,"
        " position = (SELECT -position FROM dml_seat WHERE id = {0}) WHERE id = {1};"
        "UPDATE dml_seat SET position = (SELECT previous FROM dml_seat WHERE id = {1}) WHERE id = "
        "{0}",
        low, high);
}

std::string measurement_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.measurement VALUES (timestamptz '2020-06-01 00:00+00' + {} * interval '1 "
        "minute',"
        " {}, {} / 7.0, 'z') ON CONFLICT DO NOTHING",
        c.draw.below(1'800'000), c.draw.below(500), c.draw.below(1000));
}

std::string a_measurement(DmlContext& c) {
    return format(
        "(taken_at, device) = (SELECT taken_at, device FROM shop.measurement WHERE taken_at >="
        " timestamptz '2020-11-01 00:00+00' + {} * interval '1 minute' ORDER BY taken_at LIMIT 1)",
        c.draw.below(1'400'000));
}

/// From one partition to another: a delete and an insert in the log.
std::string measurement_move(DmlContext& c) {
    return format(
               "UPDATE shop.measurement SET taken_at = taken_at + {} * interval '1 day 1 second', "
               "value = {}"
               " WHERE ",
               c.draw.between(1, 400), c.draw.below(1000)) +
           a_measurement(c);
}

std::string measurement_delete(DmlContext& c) {
    return "DELETE FROM shop.measurement WHERE " + a_measurement(c);
}

std::string region_move(DmlContext& c) {
    return format(
        "UPDATE shop.region_sale SET region = '{}', sold = sold + 1 WHERE region = '{}' AND number "
        "= {}",
        c.draw.pick(kRegions), c.draw.pick(kRegions), c.any("region_sale"));
}

std::string token_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.session_token VALUES (md5('dml{0}')::uuid, NULL, '\\x00{1:02x}', "
        "'empty')",
        c.fresh(), c.draw.below(256));
}

std::string token_delete(DmlContext& c) {
    return format("DELETE FROM shop.session_token WHERE id = md5('dml{}')::uuid", c.earlier());
}

std::string employee_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.employee VALUES ({0}, {1}, 'Chief {0}', NULL, NULL),"
        " ({2}, {0}, 'Report of {0}', 1, 'infinity')",
        c.fresh(), c.any("employee"), c.fresh() + 500'000'000);
}

std::string employee_update(DmlContext& c) {
    return format(
        "UPDATE shop.employee SET manager_id = {}, salary = salary + 1::money WHERE id = {}",
        c.any("employee"), c.any("employee"));
}

/// The report's manager becomes NULL by the foreign key's own rule.
std::string employee_delete(DmlContext& c) {
    return format("DELETE FROM shop.employee WHERE id = {}", c.earlier());
}

std::string team_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.team VALUES ({0}, 'dml {0}', {0});"
        "INSERT INTO shop.member VALUES ({0}, {0}, 'dml {0}')",
        c.fresh());
}

std::string team_delete(DmlContext& c) {
    return format(
        "SET CONSTRAINTS ALL DEFERRED; DELETE FROM shop.team WHERE id = {0};"
        "DELETE FROM shop.member WHERE id = {0}",
        c.earlier());
}

std::string odd_names(DmlContext& c) {
    return format(
        "INSERT INTO \"Odd Schema\".\"Mixed Case, \"\"quoted\"\" & spaced\" (\"Id\", \"select\", "
        "\"Grüße\","
        " \"two  blanks\") VALUES ({}, E'a\\\\b\\tc', 'ß', {});"
        "UPDATE \"Odd Schema\".\"Mixed Case, \"\"quoted\"\" & spaced\" SET \"per%cent\" = {},"
        " \"back\\slash\" = E'\\\\N' WHERE \"Id\" = {};"
        "UPDATE \"Odd Schema\".\"table\" SET \"where\" = 'w' || {}, \"group\" = NULL WHERE "
        "\"from\" = {}",
        c.fresh(), c.draw.below(99), c.draw.below(99), c.any("Mixed Case, \"quoted\" & spaced"),
        c.fresh(), c.any("table"));
}

const DmlGround::TypeTable& type_table(DmlContext& c) {
    return c.ground.type_tables[c.draw.below(c.ground.type_tables.size())];
}

/// One of the rows written by hand (negative keys) or made from numbers.
std::int64_t type_row(DmlContext& c, const DmlGround::TypeTable& table) {
    return c.draw.chance(40)
               ? -c.draw.between(1, 9)
               : static_cast<std::int64_t>(c.any(table.name.substr(table.name.find('.') + 1)));
}

std::string type_copy(DmlContext& c) {
    const auto& table = type_table(c);
    std::string columns;
    for (const std::string& column : table.columns) {
        columns += ", " + column;
    }
    return format("INSERT INTO {0} (id{1}) SELECT {2}{1} FROM {0} WHERE id = {3}", table.name,
                  columns, c.fresh(), type_row(c, table));
}

std::string type_cell(DmlContext& c) {
    const auto& table = type_table(c);
    const std::string& column = table.columns[c.draw.below(table.columns.size())];
    return format("UPDATE {0} SET {1} = (SELECT {1} FROM {0} WHERE id = {2}) WHERE id = {3}",
                  table.name, column, type_row(c, table), type_row(c, table));
}

std::string type_delete(DmlContext& c) {
    return format("DELETE FROM {} WHERE id = {}", type_table(c).name, c.earlier());
}

std::string hundred_update(DmlContext& c) {
    return format(
        "UPDATE shop.hundred_columns SET c001 = NULL, c050 = {}, c099 = true WHERE id = {}",
        c.draw.below(1000), c.any("hundred_columns"));
}

std::string hundred_key_change(DmlContext& c) {
    return format("UPDATE shop.hundred_columns SET id = {} WHERE id = {}", c.fresh(),
                  c.any("hundred_columns"));
}

std::string event_insert(DmlContext& c) {
    return format(
        "INSERT INTO shop.event_log (happened_at, customer_id, kind, amount) VALUES (now(), {}, "
        "{}, NULL)",
        c.any("customer"), c.draw.below(40));
}

std::string event_update(DmlContext& c) {
    return format(
        "UPDATE shop.event_log SET amount = {}, note = coalesce(note, '') || '+' WHERE id = {}",
        c.draw.below(100000), c.any("event_log"));
}

std::string event_delete(DmlContext& c) {
    return format("DELETE FROM shop.event_log WHERE id = {}", c.any("event_log"));
}

/// Many rows in one transaction, many changes under one commit.
std::string event_bulk(DmlContext& c) {
    const auto from = c.any("event_log");
    return format(
        "INSERT INTO shop.event_log (happened_at, customer_id, kind, note) SELECT now(), 1, 1, "
        "'bulk ' || n"
        " FROM generate_series(1, {}) AS n;"
        "UPDATE shop.event_log SET kind = 39 - kind WHERE id BETWEEN {} AND {} AND kind < 40",
        c.draw.between(50, 500), from, from + 200);
}

std::string sequence_step(DmlContext&) {
    return "SELECT nextval('shop.ticket_number')";
}

std::string scratch_insert(DmlContext& c) {
    return format(
        "INSERT INTO dml_scratch (content) SELECT 'scratch ' || n FROM generate_series(1, {}) AS n",
        c.draw.between(1, 10));
}

std::string scratch_truncate(DmlContext&) {
    return "TRUNCATE dml_scratch, dml_scratch_too; INSERT INTO dml_scratch_too VALUES (DEFAULT, "
           "'first again')";
}

/// Everybody wants the same few rows. The log row explains the hit.
std::string hot_row(DmlContext& c) {
    return format(
        "UPDATE dml_hot SET hits = hits + 1 WHERE id = {0};"
        "INSERT INTO dml_hot_log VALUES ({1}, {2}, {3}, {0})",
        c.draw.below(4), c.writer, c.number, c.step);
}

}  // namespace

std::uint64_t DmlContext::earlier() {
    const WriteNumber back = 1 + draw.below(60);
    return key_of(number > back ? number - back : 0, draw.below(8));
}

std::uint64_t DmlContext::any(const std::string& table) {
    const auto found = ground.highest.find(table);
    return 1 + draw.below(found == ground.highest.end() ? 1 : found->second);
}

DmlGround DmlGround::read(fixtures::Session& session) {
    DmlGround ground;
    for (const auto& row : session.query("SELECT c.relname, greatest(c.reltuples, 1)::bigint FROM "
                                         "pg_class c WHERE c.relkind IN ('r', 'p') AND"
                                         " c.relnamespace IN (SELECT oid FROM pg_namespace WHERE "
                                         "nspname IN ('shop', 'Odd Schema'))")) {
        ground.highest[*row[0]] = std::stoull(*row[1]);
    }
    for (const auto& row : session.query("SELECT c.oid::regclass::text, quote_ident(a.attname) "
                                         "FROM pg_class c JOIN pg_attribute a ON"
                                         " a.attrelid = c.oid WHERE c.relnamespace = "
                                         "to_regnamespace('shop') AND c.relname LIKE 'type\\_%'"
                                         " AND c.relkind = 'r' AND a.attnum > 1 AND NOT "
                                         "a.attisdropped ORDER BY c.relname, a.attnum")) {
        if (ground.type_tables.empty() || ground.type_tables.back().name != *row[0]) {
            ground.type_tables.push_back({*row[0], {}});
        }
        ground.type_tables.back().columns.push_back(*row[1]);
    }
    if (ground.type_tables.empty() || !ground.highest.contains("event_log")) {
        throw model::Error(model::ErrorClass::refused, "workload.dataset",
                           "the workload random_dml found no dataset to work on",
                           "load the dataset main or small first");
    }
    return ground;
}

const std::vector<DmlAct>& dml_acts() {
    static const std::vector<DmlAct> acts = {
        {"customer_insert", 6, customer_insert},
        {"customer_update", 8, customer_update},
        {"customer_email", 3, customer_email},
        {"customer_delete", 3, customer_delete},
        {"customer_unchanged", 2, customer_unchanged},
        {"order_insert", 8, order_insert},
        {"order_update", 6, order_update},
        {"order_delete", 2, order_delete},
        {"item_key_change", 3, item_key_change},
        {"product_update", 5, product_update},
        {"product_key_change", 1, product_key_change},
        {"document_title", 5, document_title},
        {"document_body", 2, document_body},
        {"document_attachment", 2, document_attachment},
        {"document_copy", 2, document_copy},
        {"document_key_change", 3, document_key_change},
        {"document_delete", 2, document_delete},
        {"keyless_insert", 3, keyless_insert},
        {"keyless_update", 1, keyless_update},
        {"keyless_delete", 1, keyless_delete},
        {"seat_swap", 4, seat_swap},
        {"measurement_insert", 4, measurement_insert},
        {"measurement_move", 3, measurement_move},
        {"measurement_delete", 2, measurement_delete},
        {"region_move", 4, region_move},
        {"token_insert", 3, token_insert},
        {"token_delete", 2, token_delete},
        {"employee_insert", 3, employee_insert},
        {"employee_update", 3, employee_update},
        {"employee_delete", 2, employee_delete},
        {"team_insert", 2, team_insert},
        {"team_delete", 2, team_delete},
        {"odd_names", 3, odd_names},
        {"type_copy", 8, type_copy},
        {"type_cell", 8, type_cell},
        {"type_delete", 3, type_delete},
        {"hundred_update", 2, hundred_update},
        {"hundred_key_change", 1, hundred_key_change},
        {"event_insert", 6, event_insert},
        {"event_update", 6, event_update},
        {"event_delete", 4, event_delete},
        {"event_bulk", 1, event_bulk},
        {"sequence_step", 1, sequence_step},
        {"scratch_insert", 3, scratch_insert},
        {"scratch_truncate", 1, scratch_truncate},
        {"hot_row", 8, hot_row},
    };
    return acts;
}

}  // namespace cutover::scenarios
