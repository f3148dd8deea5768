// The types that an expression knows, its columns, and one value of a row while it is evaluated.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/expression/decimal.h"

namespace cutover::expression {

enum class Type : std::uint8_t {
    boolean,
    int2,
    int4,
    int8,
    numeric,
    float4,
    float8,
    text,
    date,
    timestamp,
    timestamptz,
    uuid,
    opaque,   ///< a column of any other type: all that can be asked is whether it is NULL
    unknown,  ///< a quoted literal, or NULL, before what stands beside it gives it a type
};

/// As the server calls it.
std::string_view to_string(Type type);

inline bool is_integer(Type type) {
    return type == Type::int2 || type == Type::int4 || type == Type::int8;
}
inline bool is_float(Type type) {
    return type == Type::float4 || type == Type::float8;
}
inline bool is_number(Type type) {
    return is_integer(type) || is_float(type) || type == Type::numeric;
}

struct Column {
    std::string name;  ///< as the database spells it
    Type type = Type::opaque;
    std::string collation;      ///< of a text; empty: the database's default
    bool deterministic = true;  ///< false: equal texts may have unequal bytes
};

/// What an expression may speak of.
struct Scope {
    std::string table;  ///< for messages
    std::vector<Column> columns;
    bool default_collation_is_c = false;  ///< texts without a collation are ordered by their bytes
};

/// One value. Which member counts follows from its type, which the expression knows.
struct Value {
    bool null = true;
    std::int64_t integer = 0;  ///< boolean (0, 1), integers; date: days, timestamps: microseconds,
                               ///< both since 2000-01-01
    double real = 0;           ///< float4, float8
    std::string_view text;     ///< of the row, of a literal, or of the evaluator
    Decimal number;            ///< numeric
    std::array<std::uint8_t, 16> uuid{};
};

}  // namespace cutover::expression
