// The route's pure parts: renames inside SQL texts, type ids inside values, keys, findings.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "migrator/model/error.h"
#include "migrator/route/postgres_to_postgres.h"
#include "migrator/route/postgres_transcoder.h"
#include "migrator/route/postgres_types.h"

namespace cutover::route {
namespace {

std::string number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift);
    }
    return out;
}

std::string sized(const std::string& value) {
    return number(static_cast<std::uint32_t>(value.size())) + value;
}

model::TypeSchema type(const std::string& name, model::TypeClass type_class, std::uint64_t id) {
    model::TypeSchema out;
    out.name = {"app", name};
    out.type_class = type_class;
    out.type_id = id;
    out.array_type_id = id + 1;
    return out;
}

model::Catalog types(std::uint64_t first_id) {
    model::Catalog catalog;
    catalog.types.push_back(type("mood", model::TypeClass::enumeration, first_id));
    model::TypeSchema pair = type("pair", model::TypeClass::composite, first_id + 10);
    pair.columns.resize(2);
    pair.columns[0].type_id = 23;
    pair.columns[1].type_id = first_id + 1;
    catalog.types.push_back(pair);
    return catalog;
}

TEST(TypeIds, RewritesIdsInsideArraysOfComposites) {
    const plan::NameMapping mapping;
    const NameMap same(mapping, types(20000));
    const TypeIds ids(types(20000), types(30000), same);
    EXPECT_TRUE(ids.rewrites(20001));
    EXPECT_TRUE(ids.rewrites(20011));
    EXPECT_FALSE(ids.rewrites(20000));
    EXPECT_FALSE(ids.rewrites(1007));
    const auto value = [](std::uint32_t base) {
        const std::string moods = number(1) + number(0) + number(base) + number(2) + number(1) +
                                  sized("sad") + number(0xffffffff);
        const std::string pair =
            number(2) + number(23) + sized(number(7)) + number(base + 1) + sized(moods);
        return number(1) + number(0) + number(base + 10) + number(1) + number(1) + sized(pair);
    };
    std::string out;
    ids.rewrite(20011, value(20000), out);
    EXPECT_EQ(out, value(30000));
}

/// tsquery_recv() does not take back what tsquery_send() makes of a query without words.
TEST(TypeIds, RefusesAnEmptyTextSearchQueryByName) {
    using namespace std::string_literals;
    const plan::NameMapping mapping;
    const NameMap same(mapping, types(20000));
    const TypeIds ids(model::Catalog(), model::Catalog(), same);
    std::string out;
    EXPECT_THROW(ids.rewrite(3615, "\0\0\0\0"s, out), model::Error);
    ids.rewrite(3615, "\0\0\0\1x"s, out);
    EXPECT_EQ(out, "\0\0\0\1x"s);
    const std::string none = number(1) + number(0) + number(21) + number(0) + number(0);
    EXPECT_THROW(ids.rewrite(22, none, out), model::Error);
    const std::string queries = number(1) + number(0) + number(3615) + number(1) + number(1);
    EXPECT_THROW(ids.rewrite(3645, queries + sized("\0\0\0\0"s), out), model::Error);
}

std::string outermost(bool positive) {
    using namespace std::string_literals;
    return positive ? "\x7f\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff"s
                    : "\x80\0\0\0\0\0\0\0\x80\0\0\0\x80\0\0\0"s;
}

/// Before version 17 the outermost interval is one of 178956970 years.
TEST(TypeIds, RefusesInfiniteIntervalsThatTheDestinationReadsAsFinite) {
    const plan::NameMapping mapping;
    model::Catalog source;
    source.server_version = 17;
    model::TypeSchema domain = type("wait", model::TypeClass::domain, 20000);
    domain.element_type_id = 1186;
    model::TypeSchema range = type("waits", model::TypeClass::range, 20010);
    range.element_type_id = 20000;
    range.multirange_type_id = 20012;
    range.multirange_array_type_id = 20013;
    source.types = {domain, range};
    model::Catalog older;
    older.server_version = 15;
    older.types = source.types;
    const NameMap same(mapping, source);
    const TypeIds ids(source, older, same);
    for (const std::uint64_t holds : {1186, 1187, 20000, 20001, 20010, 20012, 20013}) {
        EXPECT_TRUE(ids.rewrites(holds)) << holds;
        EXPECT_TRUE(ids.holds(holds, 1186)) << holds;
    }
    const std::string finite = std::string(16, '\1');
    const auto array = [](const std::string& value) {
        return number(1) + number(0) + number(1186) + number(1) + number(1) + sized(value);
    };
    const auto ranges = [](const std::string& value) {
        return number(1) + sized('\2' + sized(value) + sized(value));
    };
    std::string out;
    ids.rewrite(1187, array(finite), out);
    EXPECT_EQ(out, array(finite));
    out.clear();
    ids.rewrite(20012, ranges(finite), out);
    EXPECT_EQ(out, ranges(finite));
    for (const bool positive : {true, false}) {
        EXPECT_THROW(ids.rewrite(1186, outermost(positive), out), model::Error);
        EXPECT_THROW(ids.rewrite(1187, array(outermost(positive)), out), model::Error);
        EXPECT_THROW(ids.rewrite(20000, outermost(positive), out), model::Error);
        EXPECT_THROW(ids.rewrite(20012, ranges(outermost(positive)), out), model::Error);
    }
    older.server_version = 17;
    EXPECT_FALSE(TypeIds(source, older, same).rewrites(1186));
}

std::string amount(std::int64_t units) {
    return number(static_cast<std::uint32_t>(static_cast<std::uint64_t>(units) >> 32)) +
           number(static_cast<std::uint32_t>(units));
}

TEST(TypeIds, CarriesMoneyByValue) {
    const plan::NameMapping mapping;
    const auto ids = [&](int here, int there) {
        model::Catalog source;
        source.money_digits = here;
        model::Catalog destination;
        destination.money_digits = there;
        return TypeIds(source, destination, NameMap(mapping, source));
    };
    const auto carried = [](const TypeIds& ends, std::int64_t units) {
        std::string out;
        ends.rewrite(790, amount(units), out);
        return out;
    };
    EXPECT_FALSE(ids(2, 2).rewrites(790));
    EXPECT_EQ(carried(ids(2, 3), -123456), amount(-1234560));
    EXPECT_EQ(carried(ids(2, 0), 123400), amount(1234));
    EXPECT_EQ(carried(ids(0, 2), 1234), amount(123400));
    try {
        carried(ids(2, 0), -123456);
        FAIL() << "cents were lost";
    } catch (const model::Error& error) {
        EXPECT_NE(error.message().find("-1234.56"), std::string::npos) << error.message();
    }
    EXPECT_THROW(carried(ids(0, 2), std::int64_t{1} << 62), model::Error);
}

/// What is wrong comes after the key in the message: of a long key the beginning is enough.
TEST(PostgresTranscoder, NamesTheColumnBehindALongKey) {
    const plan::NameMapping mapping;
    model::Catalog source;
    source.server_version = 17;
    model::Catalog older;
    older.server_version = 15;
    for (const std::uint64_t text_or_bytes : {25u, 17u}) {
        plan::TablePlan table;
        table.source = {"app", "waits"};
        table.columns.resize(2);
        table.columns[0].source.name = "id";
        table.columns[0].source.type_id = text_or_bytes;
        table.columns[1].source.name = "w";
        table.columns[1].source.type_id = 1186;
        table.key.columns = {{0, nullptr}};
        const auto transcoder = make_transcoder(
            table, std::make_shared<const TypeIds>(source, older, NameMap(mapping, source)),
            {nullptr, nullptr});
        model::Tuple tuple;
        tuple.append(model::CellKind::binary, std::string(1 << 20, 'k'));
        tuple.append(model::CellKind::binary, outermost(false));
        try {
            transcoder->tuple(tuple);
            FAIL() << "it was carried";
        } catch (const model::Error& error) {
            EXPECT_NE(error.message().find("column w: the interval '-infinity'"), std::string::npos)
                << error.message();
        }
    }
}

TEST(PostgresTranscoder, NamesRowAndColumnOfWhatItRefuses) {
    const plan::NameMapping mapping;
    model::Catalog source;
    source.server_version = 17;
    model::Catalog older;
    older.server_version = 15;
    plan::TablePlan table;
    table.source = {"app", "waits"};
    table.columns.resize(2);
    table.columns[0].source.name = "id";
    table.columns[0].source.type_id = 23;
    table.columns[1].source.name = "w";
    table.columns[1].source.type_id = 1186;
    table.key.columns = {{0, nullptr}};
    const auto transcoder = make_transcoder(
        table, std::make_shared<const TypeIds>(source, older, NameMap(mapping, source)),
        {nullptr, nullptr});
    const auto expect = [&](const auto& work) {
        try {
            work();
            FAIL() << "it was carried";
        } catch (const model::Error& error) {
            EXPECT_NE(error.message().find("table app.waits, row (id=-7), column w: the interval "
                                           "'-infinity'"),
                      std::string::npos)
                << error.message();
        }
    };
    model::RowBatch in;
    model::RowBatch out;
    const auto row = [](int id, const std::string& value) {
        return std::string("\0\2", 2) + sized(number(static_cast<std::uint32_t>(id))) +
               sized(value);
    };
    in.bytes = row(1, std::string(16, '\1')) + row(-7, outermost(false));
    expect([&] { transcoder->batch(in, out); });
    model::Tuple tuple;
    tuple.append(model::CellKind::binary, number(static_cast<std::uint32_t>(-7)));
    tuple.append(model::CellKind::binary, outermost(false));
    expect([&] { transcoder->tuple(tuple); });
}

TEST(TypeIds, SaysWhatHasNoCounterpartAndWhatIsBroken) {
    const plan::NameMapping mapping;
    const NameMap same(mapping, types(20000));
    const TypeIds ids(types(20000), model::Catalog(), same);
    std::string out;
    EXPECT_THROW(ids.rewrite(20001, number(1) + number(0) + number(20000), out), model::Error);
    const TypeIds both(types(20000), types(30000), same);
    EXPECT_THROW(both.rewrite(20001, number(1) + number(0), out), model::Error);
}

model::ColumnSchema column(const std::string& name, const std::string& type, bool nullable = true) {
    model::ColumnSchema out;
    out.name = name;
    out.type = type;
    out.type_name = {"pg_catalog", type.substr(0, type.find('('))};
    out.type_id = 25;
    out.nullable = nullable;
    return out;
}

model::TableSchema orders() {
    model::TableSchema table;
    table.name = {"app", "orders"};
    table.columns = {column("id", "int8", false), column("qty", "int4"), column("ref", "text")};
    model::KeySchema key;
    key.name = "orders_pkey";
    key.columns = {0};
    key.primary = true;
    key.definition = "PRIMARY KEY (id)";
    table.keys.push_back(key);
    return table;
}

plan::TaskSpec spec() {
    plan::TaskSpec out;
    out.name = "t";
    return out;
}

bool has(const engine::Planned& planned, const std::string& code) {
    return std::any_of(planned.findings.begin(), planned.findings.end(),
                       [&](const model::Finding& finding) { return finding.code == code; });
}

TEST(PostgresToPostgres, TakesThePrimaryKeyAndPassesBytesThrough) {
    model::Catalog source;
    source.tables.push_back(orders());
    const engine::Planned planned = PostgresToPostgres().plan(spec(), source, {});
    ASSERT_EQ(planned.plan.tables.size(), 1u);
    const plan::TablePlan& table = planned.plan.tables[0];
    EXPECT_EQ(table.transcoder, nullptr);
    ASSERT_EQ(table.key.columns.size(), 1u);
    EXPECT_EQ(table.key.columns[0].column, 0u);
    EXPECT_FALSE(table.sets_replica_identity);
    EXPECT_TRUE(planned.findings.empty());
}

TEST(PostgresToPostgres, RefusesTypesInsideValuesThatNobodyMakes) {
    model::Catalog source = types(20000);
    source.tables.push_back(orders());
    model::ColumnSchema& column = source.tables[0].columns[1];
    column.type = "app.pair";
    column.type_name = {"app", "pair"};
    column.type_id = 20010;
    column.type_class = model::TypeClass::composite;
    model::Catalog destination = types(30000);
    plan::TaskSpec task = spec();
    task.phases.schema = false;
    destination.tables = source.tables;
    EXPECT_FALSE(
        has(PostgresToPostgres().plan(task, source, destination), "types.without_counterpart"));
    destination.types.erase(destination.types.begin());  // the enum inside the composite
    EXPECT_TRUE(
        has(PostgresToPostgres().plan(task, source, destination), "types.without_counterpart"));
    task.phases.schema = true;
    EXPECT_FALSE(
        has(PostgresToPostgres().plan(task, source, destination), "types.without_counterpart"));
}

TEST(PostgresToPostgres, TellsOfAnEncodingWithoutAPlaceForEveryCharacter) {
    model::Catalog source;
    source.tables.push_back(orders());
    source.encoding = "UTF8";
    model::Catalog destination;
    for (const char* narrow : {"LATIN1", "WIN1252", "EUC_JP"}) {
        destination.encoding = narrow;
        EXPECT_TRUE(has(PostgresToPostgres().plan(spec(), source, destination), "types.encoding"));
    }
    for (const char* wide : {"UTF8", "SQL_ASCII", ""}) {
        destination.encoding = wide;
        EXPECT_FALSE(has(PostgresToPostgres().plan(spec(), source, destination), "types.encoding"));
    }
    source.encoding = destination.encoding = "LATIN1";
    EXPECT_FALSE(has(PostgresToPostgres().plan(spec(), source, destination), "types.encoding"));
}

TEST(PostgresToPostgres, AsksForWholeOldRowsWhereTheLogWouldNotNameThem) {
    model::Catalog source;
    source.tables.push_back(orders());
    source.tables[0].keys.clear();
    EXPECT_TRUE(PostgresToPostgres().plan(spec(), source, {}).plan.tables[0].sets_replica_identity);
    source.tables[0].old_rows = model::OldRows::whole;
    EXPECT_FALSE(
        PostgresToPostgres().plan(spec(), source, {}).plan.tables[0].sets_replica_identity);
}

TEST(PostgresToPostgres, AsksForNoWholeOldRowsWhereTheLogTellsTheColumnsOfTheKey) {
    model::Catalog source;
    source.tables.push_back(orders());
    source.tables[0].old_rows = model::OldRows::columns;
    const auto asks = [&](const std::vector<std::size_t>& logged) {
        source.tables[0].old_row_columns = logged;
        return PostgresToPostgres().plan(spec(), source, {}).plan.tables[0].sets_replica_identity;
    };
    EXPECT_FALSE(asks({0, 1}));
    EXPECT_TRUE(asks({1}));
    EXPECT_TRUE(asks({}));
}

TEST(PostgresToPostgres, AsksForWholeOldRowsWhereThePrimaryKeyIsNotOurs) {
    model::Catalog source;
    source.tables.push_back(orders());
    model::TableSchema& table = source.tables[0];
    table.columns[1].nullable = false;
    table.keys.push_back({"orders_qty", {1}, false, false, "UNIQUE (qty)", false});
    EXPECT_FALSE(
        PostgresToPostgres().plan(spec(), source, {}).plan.tables[0].sets_replica_identity);
    plan::TaskSpec task = spec();
    task.mapping.excluded_columns[table.name] = {"id"};
    const plan::TablePlan planned = PostgresToPostgres().plan(task, source, {}).plan.tables[0];
    ASSERT_FALSE(planned.keyless());
    EXPECT_TRUE(planned.sets_replica_identity);
}

/// Equal numerics may have unequal bytes, equal integers have not; what collation a column has is
/// its own end's affair.
TEST(PostgresToPostgres, TellsKeysApartByTheTypesOfEachEnd) {
    const auto planned = [](const std::function<void(model::ColumnSchema&)>& change) {
        model::Catalog source;
        source.tables.push_back(orders());
        model::Catalog destination = source;
        change(destination.tables[0].columns[0]);
        return PostgresToPostgres().plan(spec(), source, destination).plan.tables[0];
    };
    const plan::TablePlan same = planned([](model::ColumnSchema&) {});
    EXPECT_FALSE(same.source_form);
    EXPECT_EQ(&same.source_key(), &same.key);

    const plan::TablePlan wider = planned([](model::ColumnSchema& id) {
        const model::ColumnSchema numeric = column(id.name, "numeric");
        id.type = numeric.type;
        id.type_name = numeric.type_name;
    });
    ASSERT_EQ(wider.key.columns.size(), 1u);
    EXPECT_EQ(wider.key.columns[0].fold, key_fold(column("k", "numeric"), {}).first);
    EXPECT_NE(wider.key.columns[0].fold, nullptr);
    ASSERT_EQ(wider.source_key().columns.size(), 1u);
    EXPECT_EQ(wider.source_key().columns[0].column, wider.key.columns[0].column);
    EXPECT_EQ(wider.source_key().columns[0].fold, nullptr);

    const plan::TablePlan folding =
        planned([](model::ColumnSchema& id) { id.deterministic = false; });
    EXPECT_FALSE(folding.key.comparable);
    EXPECT_TRUE(folding.source_key().comparable);
}

TEST(PostgresToPostgres, KnowsWhichUniqueKeysTakeNullsForEqual) {
    model::Catalog source;
    source.tables.push_back(orders());
    model::TableSchema& table = source.tables[0];
    table.keys.push_back({"q", {1}, false, false, "UNIQUE NULLS NOT DISTINCT (qty)", false});
    table.keys.push_back({"r", {2}, false, false, "UNIQUE (ref)", false});
    table.indexes.push_back(
        {"i",
         "CREATE UNIQUE INDEX i ON app.orders USING btree (ref) NULLS NOT DISTINCT",
         true,
         true,
         {2},
         false});
    const plan::TablePlan planned = PostgresToPostgres().plan(spec(), source, {}).plan.tables[0];
    ASSERT_EQ(planned.unique_keys.size(), 3u);
    EXPECT_TRUE(planned.unique_keys[0].nulls_equal);
    EXPECT_FALSE(planned.unique_keys[1].nulls_equal);
    EXPECT_TRUE(planned.unique_keys[2].nulls_equal);
}

/// A root, a branch and a leaf.
model::Catalog partitioned() {
    model::Catalog source;
    for (const char* name : {"orders", "orders_24", "orders_24_eu"}) {
        source.tables.push_back(orders());
        source.tables.back().name = {"app", name};
    }
    source.tables[0].partition_key = "RANGE (id)";
    source.tables[1].partition_key = "LIST (qty)";
    source.tables[1].partition_of = model::PartitionSchema{{"app", "orders"}, "DEFAULT"};
    source.tables[2].partition_of = model::PartitionSchema{{"app", "orders_24"}, "DEFAULT"};
    return source;
}

TEST(PostgresToPostgres, HoldsLeavesToWhatIsSaidOfTheirRoot) {
    const model::Catalog source = partitioned();
    plan::TaskSpec task = spec();
    task.filters[{"app", "orders"}] = "qty > 1";
    task.mapping.columns[{"app", "orders"}] = {{"qty", "quantity"}};
    task.mapping.excluded_columns[{"app", "orders"}] = {"ref"};
    plan::Plan plan = PostgresToPostgres().plan(task, source, {}).plan;
    ASSERT_EQ(plan.tables.size(), 1u);
    EXPECT_EQ(plan.tables[0].filter, "qty > 1");
    EXPECT_TRUE(plan.tables[0].sets_replica_identity);
    ASSERT_EQ(plan.tables[0].columns.size(), 2u);
    EXPECT_EQ(plan.tables[0].columns[1].destination_name, "quantity");
    // The nearest wins.
    task.filters[{"app", "orders_24"}] = "qty > 24";
    EXPECT_EQ(PostgresToPostgres().plan(task, source, {}).plan.tables[0].filter, "qty > 24");
    task.filters[{"app", "orders_24_eu"}] = "qty > 240";
    EXPECT_EQ(PostgresToPostgres().plan(task, source, {}).plan.tables[0].filter, "qty > 240");
}

model::SequenceSchema sequence_of(const std::string& name, const std::string& column) {
    model::SequenceSchema out;
    out.name = {"app", name};
    out.type = "bigint";
    out.owned_by_table = model::ObjectName{"app", "orders"};
    out.owned_by_column = column;
    return out;
}

TEST(PostgresToPostgres, SetsNoSequenceOfAColumnThatIsLeftOut) {
    model::Catalog source;
    source.tables.push_back(orders());
    source.sequences.push_back(sequence_of("orders_qty_seq", "qty"));
    source.sequences[0].identity = true;
    plan::TaskSpec task = spec();
    EXPECT_EQ(PostgresToPostgres().plan(task, source, {}).plan.sequences.size(), 1u);
    task.mapping.excluded_columns[{"app", "orders"}] = {"qty"};
    EXPECT_EQ(PostgresToPostgres().plan(task, source, {}).plan.sequences.size(), 0u);
}

TEST(PostgresToPostgres, TellsOfSequencesThatTheDestinationDoesNotHave) {
    model::Catalog source;
    source.tables.push_back(orders());
    source.sequences.push_back(sequence_of("orders_id_seq", "id"));
    model::Catalog destination;
    destination.tables.push_back(orders());
    plan::TaskSpec task = spec();
    task.phases.schema = false;
    const engine::Planned without = PostgresToPostgres().plan(task, source, destination);
    EXPECT_TRUE(has(without, "destination.sequence_missing"));
    EXPECT_TRUE(without.plan.sequences.empty());
    // Under another name, as the column's own.
    destination.sequences.push_back(sequence_of("another", "id"));
    const engine::Planned with = PostgresToPostgres().plan(task, source, destination);
    EXPECT_FALSE(has(with, "destination.sequence_missing"));
    EXPECT_EQ(with.plan.sequences.size(), 1u);
    // The schema phase makes it.
    EXPECT_FALSE(
        has(PostgresToPostgres().plan(spec(), source, {}), "destination.sequence_missing"));
}

TEST(PostgresToPostgres, BlocksWhatWouldLoseOrMixRows) {
    model::Catalog source;
    source.tables.push_back(orders());
    plan::TaskSpec task = spec();
    task.phases.schema = false;
    EXPECT_TRUE(has(PostgresToPostgres().plan(task, source, {}), "destination.table_missing"));

    model::Catalog destination = source;
    destination.tables[0].columns.pop_back();
    EXPECT_TRUE(
        has(PostgresToPostgres().plan(task, source, destination), "destination.column_missing"));
    destination.tables[0].columns.push_back(column("ref", "varchar(3)"));
    EXPECT_TRUE(has(PostgresToPostgres().plan(task, source, destination), "types.differ"));

    source.tables.push_back(orders());
    source.tables[1].name = {"app", "more"};
    task = spec();
    task.mapping.tables[{"app", "more"}] = {"app", "orders"};
    EXPECT_TRUE(has(PostgresToPostgres().plan(task, source, {}), "mapping.claimed_twice"));

    task = spec();
    task.phases.schema = false;
    destination = source;
    destination.tables[0].columns.push_back(column("more", "text", false));
    EXPECT_TRUE(
        has(PostgresToPostgres().plan(task, source, destination), "destination.column_unfed"));

    source.tables[0].columns[1] = column("qty", "regclass");
    EXPECT_TRUE(has(PostgresToPostgres().plan(spec(), source, {}), "types.cannot_carry"));
}

TEST(PostgresToPostgres, ChangesItsFingerprintWithWhatAResumedTaskReliesOn) {
    model::Catalog source;
    source.tables.push_back(orders());
    const std::string before = PostgresToPostgres().plan(spec(), source, {}).plan.fingerprint;
    EXPECT_EQ(PostgresToPostgres().plan(spec(), source, source).plan.fingerprint, before);
    const auto changes = [&](const std::function<void(model::TableSchema&)>& change) {
        model::Catalog changed = source;
        change(changed.tables[0]);
        return PostgresToPostgres().plan(spec(), changed, {}).plan.fingerprint != before;
    };
    EXPECT_FALSE(changes([](model::TableSchema& table) { table.estimated_rows = {7}; }));
    EXPECT_TRUE(changes([](model::TableSchema& table) { table.columns[1].type = "int8"; }));
    EXPECT_TRUE(changes([](model::TableSchema& table) { table.columns[1].number = 7; }));
    EXPECT_TRUE(changes([](model::TableSchema& table) { table.inherits = {{"app", "above"}}; }));
}

TEST(KeyFold, MakesEqualKeysEqualBytes) {
    const auto folded = [](const std::string& type, const std::string& bytes) {
        const auto [fold, comparable] = key_fold(column("k", type), {});
        EXPECT_TRUE(comparable);
        std::string out;
        fold(bytes, out);
        return out;
    };
    using namespace std::string_literals;
    // 1.5 and 1.50: the same digits, another display scale.
    EXPECT_EQ(folded("numeric", "\0\2\0\0\0\0\0\1\0\1\x13\x88"s),
              folded("numeric", "\0\2\0\0\0\0\0\2\0\1\x13\x88"s));
    EXPECT_EQ(folded("float8", "\x80\0\0\0\0\0\0\0"s), folded("float8", "\0\0\0\0\0\0\0\0"s));
    EXPECT_EQ(folded("float8", "\x7f\xf8\0\0\0\0\0\0"s), folded("float8", "\xff\xf8\0\0\0\0\0\1"s));
    EXPECT_NE(folded("float8", "\x7f\xf0\0\0\0\0\0\0"s), folded("float8", "\xff\xf0\0\0\0\0\0\0"s));
    EXPECT_EQ(folded("bpchar", "ab  "), "ab");
    model::Catalog domains;
    model::TypeSchema money = type("amount", model::TypeClass::domain, 20000);
    money.definition = "numeric(12,2) DEFAULT 0 NOT NULL CONSTRAINT c CHECK ((VALUE > 0))";
    domains.types.push_back(money);
    model::ColumnSchema of_domain = column("k", "app.amount");
    of_domain.type_name = money.name;
    of_domain.type_class = model::TypeClass::domain;
    EXPECT_EQ(key_fold(of_domain, domains).first, key_fold(column("k", "numeric"), {}).first);
    EXPECT_FALSE(key_fold(of_domain, {}).second);
    model::ColumnSchema folding = column("k", "text");
    folding.deterministic = false;
    EXPECT_FALSE(key_fold(folding, {}).second);
}

}  // namespace
}  // namespace cutover::route
