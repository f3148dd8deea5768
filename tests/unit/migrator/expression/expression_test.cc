#include "migrator/expression/expression.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>

#include "migrator/expression/cell.h"
#include "migrator/model/error.h"

namespace cutover::expression {
namespace {

const Scope& scope() {
    static const Scope kScope = {"app.orders",
                                 {{"id", Type::int8, "", true},
                                  {"v", Type::int4, "", true},
                                  {"small", Type::int2, "", true},
                                  {"price", Type::numeric, "", true},
                                  {"ratio", Type::float8, "", true},
                                  {"single", Type::float4, "", true},
                                  {"note", Type::text, "\"C\"", true},
                                  {"name", Type::text, "", true},
                                  {"paid", Type::boolean, "", true},
                                  {"day", Type::date, "", true},
                                  {"at", Type::timestamp, "", true},
                                  {"Odd Name", Type::int4, "", true}},
                                 false};
    return kScope;
}

using Row = std::map<std::string, std::string>;  ///< what is not there is NULL

void give(Evaluator& evaluator, const Expression& expression, const Row& row) {
    for (std::size_t at = 0; at < expression.columns().size(); ++at) {
        const Column& column = scope().columns[expression.columns()[at]];
        const auto found = row.find(column.name);
        Value& value = evaluator.inputs()[at];
        value.null = found == row.end();
        if (!value.null) {
            ASSERT_TRUE(read_text(column.type, found->second, value)) << found->second;
        }
    }
}

/// `yes`, `no`, `unknown`, or the code of the error.
std::string decide(const std::string& text, const Row& row = {}) {
    const auto expression = Expression::condition(text, scope());
    Evaluator evaluator(expression);
    give(evaluator, *expression, row);
    try {
        const Truth truth = evaluator.truth();
        return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "unknown";
    } catch (const model::Error& error) {
        return error.code();
    }
}

TEST(Expression, KnowsThreeTruths) {
    EXPECT_EQ(decide("v = 1"), "unknown");
    EXPECT_EQ(decide("v = 1 OR TRUE"), "yes");
    EXPECT_EQ(decide("v = 1 AND FALSE"), "no");
    EXPECT_EQ(decide("v = 1 OR id = 2", {{"id", "3"}}), "unknown");
    EXPECT_EQ(decide("v = 1 AND id = 3", {{"id", "3"}}), "unknown");
    EXPECT_EQ(decide("v = 1 AND id = 2", {{"id", "3"}}), "no");
    EXPECT_EQ(decide("NOT (v = 1)"), "unknown");
    EXPECT_EQ(decide("v IS NULL AND v IS DISTINCT FROM 1 AND (v = 1) IS UNKNOWN"), "yes");
    EXPECT_EQ(decide("v NOT IN (1, NULL)", {{"v", "2"}}), "unknown");
    EXPECT_EQ(decide("v NOT IN (1, NULL)", {{"v", "1"}}), "no");
    EXPECT_EQ(decide("v BETWEEN 1 AND NULL", {{"v", "0"}}), "no");
    EXPECT_EQ(decide("NULL"), "unknown");
}

TEST(Expression, BindsAsTheServerDoes) {
    const Row row = {{"v", "2"}, {"id", "7"}, {"paid", "t"}};
    EXPECT_EQ(decide("v = 3 OR v = 2 AND id = 7", row), "yes");
    EXPECT_EQ(decide("NOT v = 3 AND id = 7", row), "yes");
    EXPECT_EQ(decide("1 + v * 3 = id", row), "yes");
    EXPECT_EQ(decide("- v + 9 = id", row), "yes");
    EXPECT_EQ(decide("10 - v - 1 = id", row), "yes");
    EXPECT_EQ(decide("v = 3 IS FALSE", row), "yes");
    EXPECT_EQ(decide("v IN (2) = paid", row), "yes");
    EXPECT_EQ(decide("paid = v BETWEEN 1 AND 2", row), "yes");
    EXPECT_EQ(decide("\"Odd Name\" IS NULL AND V=2 IS NULL OR v=-2 IS NOT NULL", row), "yes");
}

TEST(Expression, CalculatesExactlyOrSaysThatItCannot) {
    EXPECT_EQ(decide("price * 3 = 0.3", {{"price", "0.1"}}), "yes");
    EXPECT_EQ(decide("ratio * 3 = 0.3", {{"ratio", "0.1"}}), "no");
    EXPECT_EQ(decide("single = 0.1", {{"single", "0.1"}}), "no");
    EXPECT_EQ(decide("single = '0.1'", {{"single", "0.1"}}), "yes");
    EXPECT_EQ(decide("id = 9007199254740993", {{"id", "9007199254740992"}}), "no");
    EXPECT_EQ(decide("v + 1 > 0", {{"v", "2147483647"}}), "expression.out_of_range");
    EXPECT_EQ(decide("id + 1 > 0", {{"id", "9223372036854775807"}}), "expression.out_of_range");
    EXPECT_EQ(decide("small * small > 0", {{"small", "200"}}), "expression.out_of_range");
    EXPECT_EQ(decide("small * 200 > 0", {{"small", "200"}}), "yes");
    EXPECT_EQ(decide("- small > 0", {{"small", "-32768"}}), "expression.out_of_range");
    EXPECT_EQ(decide("single * single > 0", {{"single", "1e30"}}), "expression.out_of_range");
    EXPECT_EQ(decide("single * 1e30 > 0", {{"single", "1e30"}}), "yes");
    EXPECT_EQ(decide("10 / v = 3", {{"v", "0"}}), "expression.division_by_zero");
    EXPECT_EQ(decide("-7 / v = -3 AND -7 % v = -1", {{"v", "2"}}), "yes");
    EXPECT_EQ(decide("v % -1 = 0", {{"v", "-2147483648"}}), "yes");
}

/// What stands on the left may keep the right from failing.
TEST(Expression, EvaluatesFromTheLeftAsFarAsNeeded) {
    EXPECT_EQ(decide("v <> 0 AND 10 / v > 1", {{"v", "0"}}), "no");
    EXPECT_EQ(decide("10 / v > 1 AND v <> 0", {{"v", "0"}}), "expression.division_by_zero");
    EXPECT_EQ(decide("v = 0 OR 10 / v > 1", {{"v", "0"}}), "yes");
    EXPECT_EQ(decide("coalesce(v, 1 / v) = 0", {{"v", "0"}}), "yes");
    EXPECT_EQ(decide("id = 1 / v", {{"v", "0"}}), "expression.division_by_zero");
    EXPECT_EQ(decide("NULL = 1 / v", {{"v", "0"}}), "unknown");
    EXPECT_EQ(decide("10 / v > 1 AND FALSE", {{"v", "0"}}), "no");  // a constant is seen first
}

TEST(Expression, NamesPlaceAndColumnsOfAnError) {
    const auto expression = Expression::condition("id > 0 AND 10 / (v - 1) > 2", scope());
    Evaluator evaluator(expression);
    give(evaluator, *expression, {{"id", "1"}, {"v", "1"}});
    try {
        evaluator.truth();
        FAIL();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
        EXPECT_EQ(error.message(), "expression on app.orders, at 15 with v: division by zero");
        EXPECT_EQ(in_row(error, "id = 1").message(), error.message() + "; in the row id = 1");
    }
}

TEST(Expression, ComparesTextsByTheirBytes) {
    EXPECT_EQ(decide("note < 'a'", {{"note", "Z"}}), "yes");
    EXPECT_EQ(decide("name = 'ä'", {{"name", "ä"}}), "yes");
    EXPECT_EQ(decide("name = 'a'", {{"name", "a "}}), "no");
    EXPECT_EQ(decide("name || '-' || note = 'x-y'", {{"name", "x"}, {"note", "y"}}), "yes");
    EXPECT_EQ(decide("upper(note) = 'ÄB' OR lower(note) = 'äb'", {{"note", "äB"}}), "yes");
    EXPECT_EQ(decide("length(name) = 2 AND name LIKE '_b'", {{"name", "äb"}}), "yes");
    EXPECT_EQ(decide("name = 'it''s'", {{"name", "it's"}}), "yes");
}

TEST(Expression, ComparesDatesWithMoments) {
    const Row row = {{"day", "2024-02-29"}, {"at", "2024-02-29 00:00:00"}};
    EXPECT_EQ(decide("day = at AND day < TIMESTAMP '2024-02-29 00:00:00.000001'", row), "yes");
    EXPECT_EQ(decide("day >= '2024-03-01'", row), "no");
    EXPECT_EQ(decide("day IN ('2024-02-29', 'infinity')", row), "yes");
    EXPECT_EQ(decide("day < at", {{"day", "5874897-12-31"}, {"at", "infinity"}}), "yes");
}

TEST(Expression, ReadsEachColumnOnce) {
    const auto expression = Expression::condition("v > 1 AND v < 9 AND id = v", scope());
    EXPECT_EQ(expression->columns(), (std::vector<std::size_t>{1, 0}));
}

TEST(Expression, GivesValuesOfEveryType) {
    const auto expression = Expression::check("price / v", scope());
    EXPECT_EQ(expression->type(), Type::numeric);
    Evaluator evaluator(expression);
    give(evaluator, *expression, {{"price", "10"}, {"v", "4"}});
    EXPECT_EQ(evaluator.value().number.text(), "2.5000000000000000");
    EXPECT_EQ(Expression::check("'a'", scope())->type(), Type::text);
}

}  // namespace
}  // namespace cutover::expression
