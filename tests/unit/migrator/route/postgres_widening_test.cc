#include "migrator/route/postgres_widening.h"

#include <gtest/gtest.h>

#include <limits>

#include "migrator/model/error.h"

namespace cutover::route {
namespace {

using model::ColumnSchema;

ColumnSchema typed(const std::string& name, const std::string& shown) {
    ColumnSchema out;
    out.type = shown;
    out.type_name = {"pg_catalog", name};
    return out;
}

std::string bytes(std::uint64_t value, int count) {
    std::string out;
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift);
    }
    return out;
}

std::string widened(const char* from, const char* to, std::int64_t value, int count) {
    const auto widen = widening(typed(from, from), typed(to, to));
    EXPECT_TRUE(widen.has_value() && *widen != nullptr);
    std::string out;
    (*widen)(bytes(static_cast<std::uint64_t>(value), count), out);
    return out;
}

/// As numeric_send() has it.
std::string numeric(bool negative, int weight, const std::vector<int>& digits) {
    std::string out = bytes(digits.size(), 2) + bytes(static_cast<std::uint64_t>(weight), 2) +
                      bytes(negative ? 0x4000 : 0, 2) + bytes(0, 2);
    for (const int digit : digits) {
        out += bytes(static_cast<std::uint64_t>(digit), 2);
    }
    return out;
}

TEST(PostgresWidening, KeepsAnIntegersSign) {
    EXPECT_EQ(widened("int2", "int4", -2, 2), bytes(0xfffffffe, 4));
    EXPECT_EQ(widened("int4", "int8", -2, 4), bytes(~1ull, 8));
    EXPECT_EQ(widened("int4", "int8", std::numeric_limits<std::int32_t>::max(), 4),
              bytes(0x7fffffff, 8));
    EXPECT_EQ(widened("int2", "int8", 7, 2), bytes(7, 8));
}

TEST(PostgresWidening, WritesIntegersAsTheServerWritesNumeric) {
    EXPECT_EQ(widened("int4", "numeric", 0, 4), numeric(false, 0, {}));
    EXPECT_EQ(widened("int2", "numeric", 9, 2), numeric(false, 0, {9}));
    EXPECT_EQ(widened("int4", "numeric", 10000, 4), numeric(false, 1, {1}));
    EXPECT_EQ(widened("int4", "numeric", -12345678, 4), numeric(true, 1, {1234, 5678}));
    EXPECT_EQ(widened("int8", "numeric", 1000000002, 8), numeric(false, 2, {10, 0, 2}));
    EXPECT_EQ(widened("int8", "numeric", std::numeric_limits<std::int64_t>::min(), 8),
              numeric(true, 4, {922, 3372, 368, 5477, 5808}));
}

TEST(PostgresWidening, WidensFloatsExactly) {
    EXPECT_EQ(widened("float4", "float8", 0x3fc00000, 4), bytes(0x3ff8000000000000, 8));  // 1.5
    EXPECT_EQ(widened("float4", "float8", 0x80000000, 4), bytes(0x8000000000000000, 8));  // -0
    EXPECT_EQ(widened("float4", "float8", 0xff800000, 4), bytes(0xfff0000000000000, 8));  // -inf
}

TEST(PostgresWidening, RefusesBytesThatAreNoSuchValue) {
    const auto widen = widening(typed("int4", "integer"), typed("int8", "bigint"));
    std::string out;
    EXPECT_THROW((*widen)("abc", out), model::Error);
}

struct Case {
    ColumnSchema source;
    ColumnSchema there;
    bool holds;
};

TEST(PostgresWidening, TakesOnlyWhatHoldsEveryValue) {
    ColumnSchema mood = typed("mood", "shop.mood");
    mood.type_name.schema = "shop";
    mood.type_class = model::TypeClass::enumeration;
    ColumnSchema made = typed("int8", "bigint");
    made.generated_expression = "1";
    ColumnSchema own = typed("int4", "shop.int4");
    own.type_name.schema = "shop";
    const std::vector<Case> cases = {
        {typed("varchar", "character varying(10)"), typed("text", "text"), true},
        {typed("varchar", "character varying(10)"), typed("varchar", "character varying(12)"),
         true},
        {typed("varchar", "character varying(10)"), typed("varchar", "character varying(9)"),
         false},
        {typed("varchar", "character varying"), typed("varchar", "character varying(9)"), false},
        {typed("text", "text"), typed("varchar", "character varying"), true},
        {typed("text", "text"), typed("varchar", "character varying(100)"), false},
        {typed("numeric", "numeric(10,2)"), typed("numeric", "numeric(12,4)"), true},
        {typed("numeric", "numeric(10,2)"), typed("numeric", "numeric(12,5)"), false},
        {typed("numeric", "numeric(10,2)"), typed("numeric", "numeric(12,1)"), false},
        {typed("numeric", "numeric"), typed("numeric", "numeric(12,1)"), false},
        {typed("int4", "integer"), typed("numeric", "numeric(20,0)"), false},
        {typed("int8", "bigint"), typed("int4", "integer"), false},
        {typed("int4", "integer"), typed("float8", "double precision"), false},
        {typed("bpchar", "character(3)"), typed("text", "text"), false},
        {typed("int4", "integer"), made, false},
        {own, typed("int8", "bigint"), false},
        {mood, typed("text", "text"), true},
        {mood, typed("varchar", "character varying(3)"), false},
        {mood, typed("int4", "integer"), false},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(widening(one.source, one.there).has_value(), one.holds)
            << one.source.type << " into " << one.there.type;
    }
}

}  // namespace
}  // namespace cutover::route
