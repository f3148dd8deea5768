// A checked expression over the columns of one table, and its evaluation on a row: what a row
// filter or a computed column is, once the task file's text is read. It decides as PostgreSQL
// does, in three-valued logic, and what it cannot decide as the server does it refuses when it is
// checked:
//
//   comparison  = <> != < <= > >=, IS [NOT] DISTINCT FROM, [NOT] BETWEEN, [NOT] IN (values),
//               [NOT] LIKE 'pattern' [ESCAPE 'c'], IS [NOT] NULL | TRUE | FALSE | UNKNOWN
//   logic       AND OR NOT, evaluated from the left as far as needed
//   arithmetic  + - * / % on numbers, || on texts, abs, length, lower, upper, coalesce
//   literals    12, 1.5e-3, 'text', TRUE, FALSE, NULL, DATE|TIMESTAMP|TIMESTAMPTZ|UUID '...'
//
// Texts are compared by their bytes: < and its like are refused where the collation is not C; = and
// <> where it is not deterministic. They must be UTF-8. Dates and moments are ISO; a timestamptz
// says its zone. It reads no row: whoever has one gives the values (cell.h).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/expression/like.h"
#include "migrator/expression/value.h"
#include "migrator/model/error.h"

namespace cutover::expression {

enum class Truth : std::uint8_t { no, yes, unknown };

/// One step of a checked expression; its parts stand before it.
struct Node {
    enum class Op : std::uint8_t {
        constant,
        column,
        to_numeric,  ///< from an integer
        to_float8,   ///< from any number
        to_moment,   ///< from a date
        negate,
        absolute,
        add,
        subtract,
        multiply,
        divide,
        modulo,
        join,
        equal,
        unequal,
        less,
        less_equal,
        greater,
        greater_equal,
        distinct,
        like,
        in,
        all_of,
        any_of,
        negation,
        is_null,
        is_truth,
        coalesce,
        lower,
        upper,
        length,
    };
    Op op = Op::constant;
    Type type = Type::unknown;
    Type operand = Type::unknown;  ///< of its parts, where that is another
    bool negated = false;
    Truth wanted = Truth::unknown;  ///< of is_truth
    std::uint32_t input = 0;        ///< of column: place in Expression::columns()
    std::size_t at = 0;             ///< place in the text, counted from 1
    std::vector<std::uint32_t> parts;
    Value constant;
    std::vector<Value> list;  ///< of in: in order, without NULL
    bool list_has_null = false;
    LikePattern pattern;
    std::string collation;  ///< of a text; empty: the database's default
    bool deterministic = true;
};

class Expression {
public:
    /// Throws: refused (`expression.*`), with the table, the place and what to do.
    static std::shared_ptr<const Expression> check(std::string_view text, const Scope& scope);
    /// The same for one that is true or not.
    static std::shared_ptr<const Expression> condition(std::string_view text, const Scope& scope);

    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;

    Type type() const { return nodes_.back().type; }
    /// What it reads: places in the scope's columns, each once.
    const std::vector<std::size_t>& columns() const { return columns_; }

private:
    friend class Checker;
    friend class Evaluator;
    Expression() = default;

    std::vector<Node> nodes_;  ///< the last is the whole
    std::vector<std::size_t> columns_;
    std::vector<std::string> column_names_;  ///< of `columns_`
    std::deque<std::string> texts_;          ///< what constants point to
    std::string table_;
};

/// Evaluates one expression, row after row. One thread.
class Evaluator {
public:
    explicit Evaluator(std::shared_ptr<const Expression> expression);

    /// The row's values, one for each of Expression::columns(): set them before each row. Texts
    /// must live until the next row.
    std::span<Value> inputs() { return inputs_; }
    /// Valid until the next call. Throws: refused `expression.division_by_zero`,
    /// `expression.out_of_range`; whoever knows the row names it.
    const Value& value();
    /// Of a condition.
    Truth truth();

private:
    friend class Checker;
    const Value& run(std::uint32_t node);
    const Value& strict(std::uint32_t node);
    const Value& logic(std::uint32_t node);
    const Value& search(std::uint32_t node);
    const Value& coalesced(std::uint32_t node);
    void arithmetic(const Node& node, const Value& left, const Value& right, Value& out);
    void integers(const Node& node, std::int64_t left, std::int64_t right, Value& out);
    void floats(const Node& node, double left, double right, Value& out);
    void convert(const Node& node, const Value& from, Value& out);
    void one_text(const Node& node, const Value& from, Value& out);
    void one_number(const Node& node, const Value& from, Value& out);
    void keep(std::string text, Value& out);
    void fail_if(Fault fault, const Node& node) const;

    std::shared_ptr<const Expression> expression_;
    std::vector<Value> inputs_;
    std::deque<Value> results_;      ///< by node
    std::deque<std::string> texts_;  ///< made for this row
};

/// The same error, with the row that it met, which only the evaluator's caller can name.
model::Error in_row(const model::Error& error, const std::string& row);

/// -1, 0, 1. NaN equals itself and is greater than every number. Requires: neither is NULL.
int compare(Type type, const Value& left, const Value& right);

}  // namespace cutover::expression
