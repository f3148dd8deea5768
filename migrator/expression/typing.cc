#include <algorithm>
#include <set>

#include "migrator/expression/cell.h"
#include "migrator/expression/checker.h"
#include "migrator/model/error.h"

namespace cutover::expression {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kCast =
    "write both sides in the same type; a literal in quotes takes the type of the other side";

}  // namespace

std::string_view to_string(Type type) {
    constexpr std::string_view kNames[] = {
        "boolean",          "smallint", "integer", "bigint",    "numeric",     "real",
        "double precision", "text",     "date",    "timestamp", "timestamptz", "uuid",
        "another type",     "a literal"};
    return kNames[static_cast<std::size_t>(type)];
}

Error Checker::refused_type(std::size_t place, const std::string& what,
                            const std::string& hint) const {
    return Error(ErrorClass::refused, "expression.type",
                 "expression on " + scope_.table + ", at " + std::to_string(place) + ": " + what,
                 hint);
}

Error Checker::refused_collation(std::size_t place, const std::string& what) const {
    return Error(ErrorClass::refused, "expression.collation",
                 "expression on " + scope_.table + ", at " + std::to_string(place) + ": " + what,
                 "compare texts with = and <>, or columns whose collation is \"C\"");
}

Checker::Index Checker::text_constant(const std::string& text, std::size_t place) {
    Node node;
    node.at = place;
    node.constant.null = false;
    node.constant.text = expression_->texts_.emplace_back(text);
    expression_->nodes_.push_back(std::move(node));
    return static_cast<Index>(expression_->nodes_.size() - 1);
}

Checker::Index Checker::null_constant(Type type, std::size_t place) {
    Node node;
    node.type = type;
    node.at = place;
    expression_->nodes_.push_back(std::move(node));
    return static_cast<Index>(expression_->nodes_.size() - 1);
}

/// NULL in the place of `node`. Its collation is not forgotten: the server takes that before it
/// calculates.
Checker::Index Checker::null_of(const Node& node) {
    const std::string collation = node.collation;
    const bool deterministic = node.deterministic;
    const Index made = null_constant(node.type, node.at);
    at(made).collation = collation;
    at(made).deterministic = deterministic;
    return made;
}

Checker::Index Checker::truth_constant(bool truth, std::size_t place) {
    const Index made = null_constant(Type::boolean, place);
    at(made).constant.null = false;
    at(made).constant.integer = truth ? 1 : 0;
    return made;
}

Checker::Index Checker::add(Node node) {
    const bool constant =
        node.op != Op::column && std::all_of(node.parts.begin(), node.parts.end(),
                                             [this](Index part) { return is_constant(part); });
    expression_->nodes_.push_back(std::move(node));
    const auto made = static_cast<Index>(expression_->nodes_.size() - 1);
    return constant ? folded(made) : made;
}

/// The server does the same, and fails as early.
Checker::Index Checker::folded(Index index) {
    while (evaluator_->results_.size() < expression_->nodes_.size()) {
        evaluator_->results_.emplace_back();
    }
    Value value = evaluator_->run(index);
    if (at(index).type == Type::text && !value.null) {
        value.text = expression_->texts_.emplace_back(value.text);
    }
    Node constant;
    constant.type = at(index).type;
    constant.at = at(index).at;
    constant.collation = at(index).collation;
    constant.deterministic = at(index).deterministic;
    constant.constant = std::move(value);
    at(index) = std::move(constant);
    return index;
}

Checker::Index Checker::strict(Op op, Type type, Type operand, std::vector<Index> parts,
                               std::size_t place) {
    Node node;
    node.op = op;
    node.type = type;
    node.operand = operand;
    node.at = place;
    node.parts = std::move(parts);
    if (operand == Type::text && type == Type::text) {
        share_collation(node, node.parts, place);
    }
    for (const Index part : node.parts) {
        if (is_null(part)) {
            return null_of(node);
        }
    }
    return add(std::move(node));
}

void Checker::give_type(Index index, Type type) {
    Node& node = at(index);
    if (node.type != Type::unknown) {
        return;
    }
    node.type = type;
    if (node.constant.null) {
        return;
    }
    const std::string text(node.constant.text);
    if (type == Type::opaque) {
        throw refused_type(node.at, "a column of its type can only be tested with IS NULL",
                           "filter by another column");
    }
    if (!read_text(type, node.constant.text, node.constant)) {
        throw Error(ErrorClass::refused, "expression.literal",
                    "expression on " + scope_.table + ", at " + std::to_string(node.at) + ": '" +
                        text + "' is no " + std::string(to_string(type)) +
                        " that says the same under all settings",
                    "write numbers as 12.5, dates as 'YYYY-MM-DD', timestamps as 'YYYY-MM-DD "
                    "HH:MM:SS', timestamptz with +HH:MM behind it, booleans as true or false");
    }
}

void Checker::demand(Index index, Type type, const std::string& by) {
    give_type(index, type);
    if (at(index).type != type) {
        throw refused_type(at(index).at,
                           by + " takes " + std::string(to_string(type)) + ", not " +
                               std::string(to_string(at(index).type)),
                           kCast);
    }
}

Type Checker::common_number(Type left, Type right) const {
    if (is_float(left) || is_float(right)) {
        return left == Type::float4 && right == Type::float4 ? Type::float4 : Type::float8;
    }
    return std::max(left, right);  // in the order of their declaration
}

/// Of two sides of an operator. Texts that nobody has typed are texts.
Type Checker::common_type(Index left, Index right, std::size_t place) {
    if (at(left).type == Type::unknown && at(right).type == Type::unknown) {
        give_type(left, Type::text);
    }
    give_type(left, at(right).type);
    give_type(right, at(left).type);
    const Type first = at(left).type, second = at(right).type;
    if (first == Type::opaque || second == Type::opaque) {
        throw refused_type(place, "a column of its type can only be tested with IS NULL",
                           "filter by another column");
    }
    if (is_number(first) && is_number(second)) {
        return common_number(first, second);
    }
    const auto both = [&](Type one, Type other) {
        return (first == one && second == other) || (first == other && second == one);
    };
    if (both(Type::date, Type::timestamp)) {
        return Type::timestamp;
    }
    if (first == second) {
        return first;
    }
    const bool zoned =
        both(Type::date, Type::timestamptz) || both(Type::timestamp, Type::timestamptz);
    throw refused_type(place,
                       std::string(to_string(first)) + " is not compared with " +
                           std::string(to_string(second)) +
                           (zoned ? ": that depends on the session's time zone" : ""),
                       kCast);
}

Checker::Index Checker::converted(Index index, Type type) {
    give_type(index, type);
    const Type from = at(index).type;
    if (from == type || (is_integer(from) && is_integer(type))) {
        return index;
    }
    const Op op = type == Type::numeric  ? Op::to_numeric
                  : type == Type::float8 ? Op::to_float8
                                         : Op::to_moment;
    return strict(op, type, from, {index}, at(index).at);
}

void Checker::share_collation(Node& out, const std::vector<Index>& parts, std::size_t place) {
    for (const Index part : parts) {
        const Node& one = at(part);
        if (one.type != Type::text) {
            continue;
        }
        out.deterministic = out.deterministic && one.deterministic;
        if (!one.collation.empty() && !out.collation.empty() && one.collation != out.collation) {
            throw refused_collation(place, "texts of the collations " + out.collation + " and " +
                                               one.collation + " meet");
        }
        out.collation = one.collation.empty() ? out.collation : one.collation;
    }
}

void Checker::demand_equality(const Node& node, std::size_t place) const {
    if (node.operand == Type::text && !node.deterministic) {
        throw refused_collation(
            place, "under a collation that is not deterministic equal texts have unequal bytes");
    }
}

void Checker::demand_order(const Node& node, std::size_t place) const {
    demand_equality(node, place);
    if (node.operand == Type::text && !ordered_by_bytes(node.collation)) {
        throw refused_collation(
            place, "the order of texts under " +
                       (node.collation.empty() ? "the database's collation" : node.collation) +
                       " is known to the server alone");
    }
}

bool Checker::ordered_by_bytes(const std::string& collation) const {
    static const std::set<std::string> kBytewise = {
        "C", "POSIX", "\"C\"", "\"POSIX\"", "pg_catalog.\"C\"", "pg_catalog.\"POSIX\""};
    return collation.empty() ? scope_.default_collation_is_c : kBytewise.contains(collation);
}

}  // namespace cutover::expression
