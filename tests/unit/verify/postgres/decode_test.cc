#include "verify/postgres/decode.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/unit/verify/wire.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {
namespace {

/// A small database: user types with numbers of their own, shifted by `base`.
WireTypes types(std::uint32_t base = 20000) {
    std::vector<CatalogType> rows;
    const auto add = [&](std::uint32_t oid, std::string name, char kind, std::uint32_t part = 0,
                         std::vector<std::uint32_t> fields = {}) {
        CatalogType row;
        row.oid = oid;
        row.name = std::move(name);
        row.kind = kind;
        row.element = kind == 'b' ? part : 0;
        row.base = kind == 'd' ? part : 0;
        row.subtype = kind == 'r' || kind == 'm' ? part : 0;
        row.fields = std::move(fields);
        rows.push_back(std::move(row));
    };
    add(1007, "_int4", 'b', 23);
    add(1009, "_text", 'b', 25);
    add(3904, "int4range", 'r', 23);
    add(4451, "int4multirange", 'm', 3904);
    add(1033, "aclitem", 'b');
    add(2205, "regclass", 'b');
    add(base, "app.mood", 'e');
    add(base + 1, "app._mood", 'b', base);
    add(base + 2, "app.amount", 'd', 1700);
    add(base + 3, "app.pair", 'c', 0, {base + 2, base});
    add(base + 4, "app.odd", 'c', 0, {23, 1033});
    add(base + 5, "app.point3", 'c', 0, {701, 701, 701});
    return WireTypes(std::move(rows));
}

std::string canonical(std::uint32_t oid, std::string_view bytes, RuleSet rules = {},
                      std::uint32_t base = 20000) {
    std::string out;
    decode_postgres(*types(base).find(oid), bytes, rules, out);
    return out;
}

std::string shown(std::uint32_t oid, std::string_view bytes) {
    return printable(canonical(oid, bytes));
}

TEST(PostgresDecode, RefusesATimeBeforeAllTimes) {
    std::string out;
    EXPECT_FALSE(decode_postgres(*types().find(1184),
                                 wire::int64(std::numeric_limits<std::int64_t>::min() + 1),
                                 {Rule::ms_truncation}, out));
}

TEST(PostgresDecode, ReadsEveryIntegerWidthAsOneClass) {
    EXPECT_EQ(canonical(21, wire::int16(-7)), canonical(20, wire::int64(-7)));
    EXPECT_EQ(canonical(23, wire::int32(1000)), canonical(20, wire::int64(1000)));
    EXPECT_EQ(shown(20, wire::int64(std::numeric_limits<std::int64_t>::min())),
              "-9223372036854775808");
    EXPECT_EQ(shown(26, wire::int32(-1)), "4294967295");
}

TEST(PostgresDecode, ReadsNumericsExactly) {
    EXPECT_EQ(shown(1700, wire::numeric({1, 5000}, 0, 0, 2)), "1.50");
    EXPECT_EQ(shown(1700, wire::numeric({12, 3456, 7800}, 1, 0x4000, 4)), "-123456.7800");
    EXPECT_EQ(shown(1700, wire::numeric({1}, -2, 0, 8)), "0.00000001");
    EXPECT_EQ(shown(1700, wire::numeric({1}, 3, 0, 0)), "1000000000000");
    EXPECT_EQ(shown(1700, wire::numeric({}, 0, 0, 0)), "0");
    EXPECT_EQ(shown(1700, wire::numeric({}, 0, 0xC000, 0)), "NaN");
    EXPECT_EQ(shown(1700, wire::numeric({}, 0, 0xD000, 0)), "Infinity");
    EXPECT_EQ(shown(1700, wire::numeric({}, 0, 0xF000, 0)), "-Infinity");
}

TEST(PostgresDecode, CountsTheScaleUnlessARuleSaysOtherwise) {
    const std::string long_form = wire::numeric({1, 5000}, 0, 0, 2);
    const std::string short_form = wire::numeric({1, 5000}, 0, 0, 1);
    EXPECT_NE(canonical(1700, long_form), canonical(1700, short_form));
    EXPECT_EQ(canonical(1700, long_form, {Rule::numeric_scale}),
              canonical(1700, short_form, {Rule::numeric_scale}));
    EXPECT_NE(canonical(1700, long_form, {Rule::numeric_scale}),
              canonical(1700, wire::numeric({1, 5001}, 0, 0, 4), {Rule::numeric_scale}));
}

TEST(PostgresDecode, ComparesAsRealOnlyWhatARealCanBe) {
    const RuleSet rule{Rule::float_width};
    const auto as_real = [&](double value) { return canonical(701, wire::float64(value), rule); };
    EXPECT_EQ(as_real(0.1), as_real(static_cast<double>(0.1f)));
    EXPECT_NE(as_real(1e300), as_real(1e301));
    EXPECT_NE(as_real(1e300), as_real(std::numeric_limits<double>::infinity()));
    EXPECT_NE(as_real(1e-300), as_real(0));
    EXPECT_NE(as_real(1e-300), as_real(1e-301));
    EXPECT_EQ(as_real(std::numeric_limits<double>::quiet_NaN()),
              as_real(-std::numeric_limits<double>::quiet_NaN()));
}

TEST(PostgresDecode, ReadsPointsInTime) {
    EXPECT_EQ(shown(1114, wire::int64(0)), "2000-01-01 00:00:00");
    EXPECT_EQ(shown(1184, wire::int64(-1)), "1999-12-31 23:59:59.999999+00");
    EXPECT_EQ(shown(1184, wire::int64(9223371331199999999)), "294276-12-31 23:59:59.999999+00");
    EXPECT_EQ(shown(1114, wire::int64(std::numeric_limits<std::int64_t>::max())), "infinity");
    EXPECT_EQ(shown(1082, wire::int32(-730119)), "0001-01-01");
    EXPECT_EQ(shown(1082, wire::int32(-730120)), "0001-12-31 BC");
    EXPECT_EQ(shown(1082, wire::int32(59)), "2000-02-29");
    EXPECT_EQ(shown(1083, wire::int64(86400000000)), "24:00:00");
    EXPECT_EQ(shown(1266, wire::int64(3600000000) + wire::int32(-7200)), "01:00:00+02");
}

TEST(PostgresDecode, KeepsLocalTimesInstantsAndDatesApart) {
    EXPECT_NE(canonical(1114, wire::int64(0)), canonical(1184, wire::int64(0)));
    EXPECT_NE(canonical(1114, wire::int64(std::numeric_limits<std::int64_t>::max())),
              canonical(1082, wire::int32(std::numeric_limits<std::int32_t>::max())));
}

TEST(PostgresDecode, TruncatesTimesOnlyByRuleAndTowardMinusInfinity) {
    const RuleSet cut{Rule::ms_truncation};
    EXPECT_NE(canonical(1184, wire::int64(1)), canonical(1184, wire::int64(0)));
    EXPECT_EQ(canonical(1184, wire::int64(1), cut), canonical(1184, wire::int64(0), cut));
    EXPECT_EQ(canonical(1184, wire::int64(-1), cut), canonical(1184, wire::int64(-1000), cut));
}

TEST(PostgresDecode, KeepsTheThreeFieldsOfAnInterval) {
    const auto interval = [](std::int64_t micros, int days, int months) {
        return wire::int64(micros) + wire::int32(days) + wire::int32(months);
    };
    EXPECT_NE(canonical(1186, interval(0, 30, 0)), canonical(1186, interval(0, 0, 1)));
    EXPECT_NE(canonical(1186, interval(86400000000, 0, 0)), canonical(1186, interval(0, 1, 0)));
    EXPECT_EQ(shown(1186, interval(-1500000, 2, 14)), "14 mons 2 days -00:00:01.500000");
}

std::string read_as(const WireReading& reading, std::uint32_t oid, std::string_view wire) {
    std::string out;
    EXPECT_TRUE(decode_postgres(*WireTypes({}, reading).find(oid), wire, {}, out));
    return out;
}

/// The same bytes at ends of other versions and settings.
TEST(PostgresDecode, ReadsIntervalsAndMoneyByTheEndTheyComeFrom) {
    const std::string highest = wire::int64(std::numeric_limits<std::int64_t>::max()) +
                                wire::int32(std::numeric_limits<std::int32_t>::max()) +
                                wire::int32(std::numeric_limits<std::int32_t>::max());
    const WireReading old{false, 2};
    const WireReading young{true, 2};
    EXPECT_NE(read_as(old, 1186, highest), read_as(young, 1186, highest));
    EXPECT_EQ(printable(read_as(young, 1186, highest)), "infinity");
    EXPECT_EQ(read_as(old, 1186, std::string(16, '\0')),
              read_as(young, 1186, std::string(16, '\0')));
    EXPECT_NE(byte_form(*WireTypes({}, old).find(1186)),
              byte_form(*WireTypes({}, young).find(1186)));

    const WireReading yen{true, 0};
    EXPECT_NE(read_as(yen, 790, wire::int64(123456)), read_as(young, 790, wire::int64(123456)));
    EXPECT_EQ(read_as(yen, 790, wire::int64(1234)), read_as(young, 790, wire::int64(123400)));
    EXPECT_EQ(printable(read_as(young, 790, wire::int64(-123456))), "-1234.56");
    EXPECT_EQ(printable(read_as(yen, 790, wire::int64(123456))), "123456");
    EXPECT_NE(byte_form(*WireTypes({}, yen).find(790)), byte_form(*WireTypes({}, young).find(790)));
}

TEST(PostgresDecode, ComparesXmlWithoutItsDeclaredEncodingByRuleOnly) {
    const auto xml = [](std::string_view text, const RuleSet& rules) {
        std::string out;
        EXPECT_TRUE(decode_postgres(*WireTypes({}).find(142), text, rules, out));
        return out;
    };
    const RuleSet rule{Rule::xml_declaration};
    const auto equal = [&](std::string_view a, std::string_view b) {
        EXPECT_NE(xml(a, {}), xml(b, {}));
        return xml(a, rule) == xml(b, rule);
    };
    EXPECT_TRUE(equal("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>", "<a/>"));
    EXPECT_TRUE(equal("<?xml version='1.0' ?>\n<a/>", "<a/>"));
    EXPECT_TRUE(equal("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><a/>",
                      "<?xml version=\"1.0\" standalone=\"no\"?><a/>"));
    EXPECT_FALSE(equal("<?xml version=\"1.1\"?><a/>", "<a/>"));
    EXPECT_FALSE(equal("<?xml version=\"1.0\" standalone=\"yes\"?><a/>", "<a/>"));
    EXPECT_FALSE(equal("<?xml version=\"1.0\"?><a/>", "<b/>"));
    EXPECT_FALSE(equal("<?xml-stylesheet href=\"x\"?><a/>", "<a/>"));
    EXPECT_FALSE(equal("<?xml version=\"1.0\"<a/>", "<a/>"));
}

TEST(PostgresDecode, FoldsNanButKeepsTheSignOfZero) {
    EXPECT_NE(canonical(701, wire::float64(0.0)), canonical(701, wire::float64(-0.0)));
    EXPECT_EQ(canonical(701, wire::float64(0.0), {Rule::negative_zero}),
              canonical(701, wire::float64(-0.0), {Rule::negative_zero}));
    EXPECT_EQ(canonical(701, wire::big(0x7ff8000000000001, 8)),
              canonical(701, wire::float64(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_EQ(shown(701, wire::float64(0.1)), "0.1");
}

TEST(PostgresDecode, KeepsTrailingBlanksUnlessARuleSaysOtherwise) {
    EXPECT_NE(canonical(1042, "a  "), canonical(1042, "a"));
    EXPECT_EQ(canonical(1042, "a  ", {Rule::rtrim_char}), canonical(1042, "a", {Rule::rtrim_char}));
    EXPECT_NE(canonical(1043, "a  ", {Rule::rtrim_char}), canonical(1043, "a", {Rule::rtrim_char}));
}

TEST(PostgresDecode, ComparesJsonbAsATreeAndJsonAsText) {
    EXPECT_EQ(canonical(3802, std::string("\1") + R"({"b": 1, "a": 2})"),
              canonical(3802, std::string("\1") + R"({"a": 2, "b": 1})"));
    EXPECT_NE(canonical(114, R"({"b":1,"a":2})"), canonical(114, R"({"a":2,"b":1})"));
    EXPECT_EQ(canonical(114, R"({"b":1,"a":2})", {Rule::json_text}),
              canonical(3802, std::string("\1") + R"({"a": 2, "b": 1})", {Rule::json_text}));
}

std::string int_array(std::initializer_list<int> values, int lower = 1) {
    std::string out = wire::int32(1) + wire::int32(0) + wire::int32(23) +
                      wire::int32(static_cast<int>(values.size())) + wire::int32(lower);
    for (const int value : values) {
        out += wire::part(wire::int32(value));
    }
    return out;
}

TEST(PostgresDecode, ReadsArraysWithBoundsAndNulls) {
    EXPECT_EQ(shown(1007, int_array({1, 2, 3})), "{1,2,3}");
    EXPECT_NE(canonical(1007, int_array({1, 2})), canonical(1007, int_array({2, 1})));
    EXPECT_NE(canonical(1007, int_array({1}, 0)), canonical(1007, int_array({1})));
    EXPECT_EQ(canonical(1007, int_array({1}, 0), {Rule::array_bounds}),
              canonical(1007, int_array({1}), {Rule::array_bounds}));
    const std::string with_null = wire::int32(1) + wire::int32(1) + wire::int32(25) +
                                  wire::int32(2) + wire::int32(1) + wire::null_part() +
                                  wire::part("");
    EXPECT_EQ(shown(1009, with_null), "{NULL,\"\"}");
    EXPECT_EQ(shown(1007, wire::int32(0) + wire::int32(0) + wire::int32(23)), "{}");
}

TEST(PostgresDecode, TellsOneRowOfFourFromTwoRowsOfTwo) {
    std::string flat = int_array({1, 2, 3, 4});
    std::string square = wire::int32(2) + wire::int32(0) + wire::int32(23) + wire::int32(2) +
                         wire::int32(1) + wire::int32(2) + wire::int32(1);
    for (const int value : {1, 2, 3, 4}) {
        square += wire::part(wire::int32(value));
    }
    EXPECT_NE(canonical(1007, flat), canonical(1007, square));
}

TEST(PostgresDecode, ReadsEnumsDomainsAndRecordsWhateverTheirNumbers) {
    const auto pair = [](std::uint32_t base) {
        return wire::int32(2) + wire::int32(base + 2) + wire::part(wire::numeric({3}, 0, 0, 0)) +
               wire::int32(base) + wire::part("happy");
    };
    EXPECT_EQ(canonical(20003, pair(20000)), canonical(30003, pair(30000), {}, 30000));
    EXPECT_EQ(shown(20003, pair(20000)), "(3,happy)");
    EXPECT_EQ(canonical(20000, "happy"), canonical(25, "happy"));
}

TEST(PostgresDecode, ReadsRangesAndMultiranges) {
    const std::string range =
        std::string("\x02") + wire::part(wire::int32(1)) + wire::part(wire::int32(9));
    EXPECT_EQ(shown(3904, range), "[1,9)");
    EXPECT_EQ(shown(3904, "\x01"), "empty");
    EXPECT_EQ(shown(3904, std::string("\x12") + wire::part(wire::int32(5))), "[5,)");
    EXPECT_EQ(shown(4451, wire::int32(1) + wire::part(range)), "{[1,9)}");
}

TEST(PostgresDecode, ReadsTheSmallTypes) {
    EXPECT_EQ(shown(16, std::string_view("\1", 1)), "true");
    EXPECT_EQ(shown(2950, "0123456789abcdef"), "30313233-3435-3637-3839-616263646566");
    EXPECT_EQ(shown(1560, wire::int32(5) + "\xA8"), "10101");
    EXPECT_EQ(shown(869, std::string("\x02\x18\x00\x04\x0A\x00\x00\x01", 8)), "10.0.0.1/24");
    EXPECT_EQ(shown(829, "\x08\x01\x02\x03\x04\x05"), "080102030405");
    EXPECT_EQ(shown(600, wire::float64(1.5) + wire::float64(-2)), "(1.5,-2)");
    EXPECT_EQ(shown(17, "\x01\xff"), "\\x01ff");
    EXPECT_EQ(shown(790, wire::int64(12345)), "123.45");
}

TEST(PostgresDecode, CallsBrokenBytesUncomparableAndNeverThrows) {
    std::string out;
    for (const std::uint32_t oid :
         {16u,   20u,   21u,   23u,   700u,  701u,  1082u, 1083u, 1114u, 1186u, 1266u,
          1700u, 2950u, 3802u, 1007u, 3904u, 4451u, 1560u, 869u,  829u,  600u,  20003u}) {
        EXPECT_FALSE(decode_postgres(*types().find(oid), "\x07\x07\x07", {}, out)) << oid;
    }
    EXPECT_EQ(canonical(23, "\x07")[0], static_cast<char>(Tag::uncomparable));
}

TEST(PostgresType, FallsBackToTextForWhatHasNoBinaryForm) {
    const WireTypes all = types();
    for (const std::uint32_t oid : {1033u, 2205u, 20004u, 99999u}) {
        EXPECT_EQ(all.find(oid)->wire, Wire::via_text) << oid;
    }
    EXPECT_EQ(all.find(20003)->wire, Wire::record);
}

TEST(PostgresType, TrustsEqualBytesOnlyWithoutForeignNumbersInThem) {
    const WireTypes one = types(20000);
    const WireTypes other = types(30000);
    const auto same = [&](std::uint32_t a, std::uint32_t b) {
        const std::string form = byte_form(*one.find(a));
        return !form.empty() && form == byte_form(*other.find(b));
    };
    EXPECT_TRUE(same(23, 23));
    EXPECT_TRUE(same(25, 1043));
    EXPECT_TRUE(same(1007, 1007));
    EXPECT_TRUE(same(3904, 3904));
    EXPECT_TRUE(same(20000, 30000));  // an enum travels as its label
    EXPECT_TRUE(same(20005, 30005));  // a record of built-in types
    EXPECT_FALSE(same(23, 20));
    EXPECT_FALSE(same(20001, 30001));  // an array of an enum carries the enum's number
    EXPECT_FALSE(same(20003, 30003));
    EXPECT_FALSE(same(1114, 1184));
}

TEST(PostgresType, ComparesValuesOfOneFamilyOnly) {
    const WireTypes all = types();
    const auto comparable = [&](std::uint32_t a, std::uint32_t b) {
        return value_family(*all.find(a)) == value_family(*all.find(b));
    };
    EXPECT_TRUE(comparable(23, 1700));
    EXPECT_TRUE(comparable(25, 20000));
    EXPECT_TRUE(comparable(1007, 1007));
    EXPECT_TRUE(comparable(114, 3802));
    EXPECT_FALSE(comparable(23, 25));
    EXPECT_FALSE(comparable(1114, 1184));
    EXPECT_FALSE(comparable(1007, 1009));
    EXPECT_FALSE(comparable(20003, 20005));
    EXPECT_FALSE(comparable(27, 3220));
}

}  // namespace
}  // namespace cutover::verify
