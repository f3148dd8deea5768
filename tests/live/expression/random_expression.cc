#include "tests/live/expression/random_expression.h"

namespace cutover::tests {

using expression::Type;

namespace {

const std::vector<std::string>& edge_texts() {
    static const std::vector<std::string> kTexts = {
        "",    " ",  "a",      "A",    "ab",     "aB", "b", "a%b",      "a_b", "a\\b", "\\",
        "ä",   "aä", "日本語", "🙂", "a🙂b", "ß",  "İ", "'",        "''",  "é",    "e\u0301",
        "a  ", "10", "9",      "Z",    "z",      "_",  "%", "ab ab ab", "\t",  "10%"};
    return kTexts;
}

const std::vector<std::string>& edge_numerics() {
    static const std::vector<std::string> kNumbers = {"0",
                                                      "0.00",
                                                      "1",
                                                      "-1",
                                                      "1.10",
                                                      "-0.5",
                                                      "3",
                                                      "0.0001",
                                                      "99999.99995",
                                                      "12345678901234567890.5",
                                                      "1e40",
                                                      "1e-30",
                                                      "NaN",
                                                      "Infinity",
                                                      "-Infinity",
                                                      "9223372036854775808",
                                                      "0.1",
                                                      "123456789",
                                                      "10000",
                                                      "9999",
                                                      "-2.50",
                                                      "7e200",
                                                      "1.0000000000000000000000000001"};
    return kNumbers;
}

}  // namespace

const std::vector<EdgeColumn>& edge_columns() {
    static const std::vector<EdgeColumn> kColumns = {
        {{"b", Type::boolean, "", true}, "boolean", {"true", "false"}},
        {{"i2", Type::int2, "", true},
         "smallint",
         {"0", "1", "-1", "2", "7", "-32768", "32767", "100", "-3"}},
        {{"i4", Type::int4, "", true},
         "integer",
         {"0", "1", "-1", "2", "-7", "-2147483648", "2147483647", "46341", "65536", "10"}},
        {{"i8", Type::int8, "", true},
         "bigint",
         {"0", "1", "-1", "3", "-9223372036854775808", "9223372036854775807", "9007199254740993",
          "4294967296"}},
        {{"n", Type::numeric, "", true}, "numeric", edge_numerics()},
        {{"f4", Type::float4, "", true},
         "real",
         {"0", "-0", "1", "-1.5", "0.1", "3.4028235e38", "1e-45", "1e-38", "NaN", "Infinity",
          "-Infinity", "16777216", "1e20"}},
        {{"f8", Type::float8, "", true},
         "double precision",
         {"0", "-0", "1", "-1.5", "0.1", "1.7976931348623157e308", "5e-324", "1e-300", "NaN",
          "Infinity", "-Infinity", "9007199254740992", "0.30000000000000004", "1e200"}},
        {{"s", Type::text, "\"C\"", true}, "text COLLATE \"C\"", edge_texts()},
        {{"w", Type::text, "", true}, "varchar", edge_texts()},
        {{"c", Type::text, "\"und-x-icu\"", true}, "text COLLATE \"und-x-icu\"", edge_texts()},
        {{"dt", Type::date, "", true},
         "date",
         {"2000-01-01", "1999-12-31", "2024-02-29", "4713-01-01 BC", "4714-11-24 BC",
          "5874897-12-31", "infinity", "-infinity", "0001-01-01", "0001-12-31 BC", "294277-01-01",
          "1970-01-01", "2026-12-01"}},
        {{"ts", Type::timestamp, "", true},
         "timestamp",
         {"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:34:56.5",
          "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity",
          "2026-12-01 09:31:05.000001", "0001-01-01 00:00:00"}},
        {{"tz", Type::timestamptz, "", true},
         "timestamptz",
         {"2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2024-02-29 12:34:56.5+05:30",
          "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity",
          "2026-12-01 01:00:00-08"}},
        {{"u", Type::uuid, "", true},
         "uuid",
         {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
          "A0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"}},
        {{"Odd \"name", Type::int4, "", true}, "integer", {"5", "6", "7"}}};
    return kColumns;
}

std::string RandomExpression::grouped(const std::string& inner) {
    return chance(75) ? "(" + inner + ")" : inner;
}

Type RandomExpression::number_type() {
    constexpr Type kTypes[] = {Type::int2,    Type::int4,   Type::int8,  Type::numeric,
                               Type::numeric, Type::float4, Type::float8};
    return kTypes[below(std::size(kTypes))];
}

Type RandomExpression::any_type() {
    constexpr Type kTypes[] = {Type::boolean,   Type::text,        Type::text, Type::date,
                               Type::timestamp, Type::timestamptz, Type::uuid};
    return chance(45) ? number_type() : kTypes[below(std::size(kTypes))];
}

std::string RandomExpression::column(Type type) {
    std::vector<std::string> names;
    for (const EdgeColumn& one : edge_columns()) {
        if (one.column.type == type) {
            const bool plain = one.column.name.find('"') == std::string::npos;
            names.push_back(plain ? one.column.name : "\"Odd \"\"name\"");
        }
    }
    return pick(names);
}

/// A number is written as one; anything may be written in quotes.
std::string RandomExpression::literal(Type type) {
    std::vector<std::string> values;
    for (const EdgeColumn& one : edge_columns()) {
        if (one.column.type == type) {
            values.insert(values.end(), one.values.begin(), one.values.end());
        }
    }
    std::string value = pick(values);
    const bool special = value.find("N") == 0 || value.find("Inf") != std::string::npos;
    if (chance(6)) {
        return "NULL";
    }
    if (type == Type::boolean && chance(70)) {
        return value;
    }
    if (expression::is_number(type) && !special && chance(70)) {
        return value.starts_with('-') ? (chance(50) ? "(" + value + ")" : value) : value;
    }
    std::string quoted = "'";
    for (const char one : value) {
        quoted += one == '\'' ? "''" : std::string(1, one);
    }
    quoted += "'";
    const bool typed = type == Type::date || type == Type::timestamp || type == Type::timestamptz ||
                       type == Type::uuid;
    return typed && chance(60) ? std::string(to_string(type)) + " " + quoted : quoted;
}

std::string RandomExpression::of(Type type, int depth) {
    if (type == Type::boolean) {
        return depth > 0 ? boolean(depth) : chance(60) ? column(type) : literal(type);
    }
    if (expression::is_number(type) && depth > 0 && chance(60)) {
        return number(depth);
    }
    if (type == Type::text && depth > 0 && chance(50)) {
        return text(depth);
    }
    return chance(65) ? column(type) : literal(type);
}

std::string RandomExpression::number(int depth) {
    const std::string left = of(number_type(), depth - 1);
    const std::string right = of(number_type(), depth - 1);
    switch (below(11)) {
        case 0:
            return grouped("- " + left);
        case 1:
            return "abs(" + left + ")";
        case 2:
            return "length(" + text(depth - 1) + ")";
        case 3:
            return "coalesce(" + left + ", " + right + ")";
        default:
            return grouped(left + " " + pick({"+", "-", "*", "/", "%", "/", "*"}) + " " + right);
    }
}

std::string RandomExpression::text(int depth) {
    if (depth <= 0) {
        return chance(75) ? column(Type::text) : literal(Type::text);
    }
    switch (below(5)) {
        case 0:
            return "lower(" + (chance(70) ? "s" : text(depth - 1)) + ")";
        case 1:
            return "upper(" + (chance(70) ? "s" : text(depth - 1)) + ")";
        case 2:
            return "coalesce(" + text(depth - 1) + ", " + text(depth - 1) + ")";
        case 3:
            return grouped(text(depth - 1) + " || " + text(depth - 1));
        default:
            return column(Type::text);
    }
}

std::string RandomExpression::pattern() {
    std::string out;
    for (std::uint64_t length = below(5); length > 0; --length) {
        out += pick(
            {"%", "_", "a", "b", "A", " ", "ä", "🙂", "\\%", "\\_", "\\\\", "!", "!%", "\\a"});
    }
    return "'" + out + "'" + (chance(25) ? pick({" ESCAPE '!'", " ESCAPE ''", " ESCAPE '%'"}) : "");
}

std::string RandomExpression::comparison(int depth) {
    const Type type = any_type();
    const Type other = type == Type::date && chance(30) ? Type::timestamp
                       : chance(85)                     ? type
                       : expression::is_number(type)    ? number_type()
                                                        : any_type();
    const std::string left = of(type, depth - 1), right = of(other, depth - 1);
    if (chance(15)) {
        return grouped(left + (chance(50) ? " IS DISTINCT FROM " : " IS NOT DISTINCT FROM ") +
                       right);
    }
    return grouped(left + " " + pick({"=", "<>", "!=", "<", "<=", ">", ">="}) + " " + right);
}

std::string RandomExpression::membership(int depth) {
    const Type type = chance(30) ? Type::text : any_type();
    const std::string left = of(type, depth - 1);
    const std::string negated = chance(40) ? " NOT" : "";
    if (type == Type::text && chance(60)) {
        return grouped(left + negated + " LIKE " + pattern());
    }
    if (chance(40)) {
        return grouped(left + negated + " BETWEEN " + of(type, 0) + " AND " + of(type, 0));
    }
    std::string list = literal(type);
    for (std::uint64_t more = below(5); more > 0; --more) {
        list += ", " + literal(expression::is_number(type) && chance(15) ? number_type() : type);
    }
    return grouped(left + negated + " IN (" + list + ")");
}

std::string RandomExpression::boolean(int depth) {
    if (depth <= 0) {
        return chance(70) ? "b" : pick({"TRUE", "FALSE", "NULL", "b IS NULL"});
    }
    switch (below(12)) {
        case 0:
        case 1:
            return grouped(boolean(depth - 1) + " AND " + boolean(depth - 1) +
                           (chance(30) ? " AND " + boolean(depth - 2) : ""));
        case 2:
        case 3:
            return grouped(boolean(depth - 1) + " OR " + boolean(depth - 1) +
                           (chance(30) ? " OR " + boolean(depth - 2) : ""));
        case 4:
            return grouped("NOT " + boolean(depth - 1));
        case 5:
            return grouped(of(any_type(), depth - 1) + " IS" +
                           (chance(50) ? " NOT NULL" : " NULL"));
        case 6:
            return grouped(boolean(depth - 1) + " IS" + (chance(50) ? " NOT " : " ") +
                           pick({"TRUE", "FALSE", "UNKNOWN"}));
        case 7:
        case 8:
            return membership(depth);
        default:
            return comparison(depth);
    }
}

std::string RandomExpression::any() {
    return of(any_type(), 4);
}

}  // namespace cutover::tests
