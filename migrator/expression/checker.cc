#include "migrator/expression/checker.h"

#include <algorithm>
#include <utility>

#include "migrator/expression/cell.h"
#include "migrator/expression/token.h"
#include "migrator/model/error.h"

namespace cutover::expression {

using model::Error;
using model::ErrorClass;
using Kind = Syntax::Kind;

namespace {

/// Each BETWEEN doubles what is nested in it.
constexpr std::size_t kMostVisits = 100'000;

/// What is true, false or unknown, and may be said with NOT.
Node predicate(Node::Op op, Type operand, const Syntax& syntax) {
    Node node;
    node.op = op;
    node.type = Type::boolean;
    node.operand = operand;
    node.negated = syntax.negated;
    node.at = syntax.at;
    return node;
}

}  // namespace

Checker::Checker(const Scope& scope) : scope_(scope), expression_(new Expression) {
    expression_->table_ = scope.table;
    evaluator_ = std::make_unique<Evaluator>(expression_);
}

std::shared_ptr<const Expression> Checker::check(const Syntax& syntax) {
    const Index whole = visit(syntax);
    give_type(whole, Type::text);
    if (whole + 1 != expression_->nodes_.size()) {
        expression_->nodes_.push_back(Node(at(whole)));  // the whole is the last
    }
    return expression_;
}

std::shared_ptr<const Expression> Checker::condition(const Syntax& syntax) {
    const Index whole = visit(syntax);
    demand(whole, Type::boolean, "a condition");
    if (whole + 1 != expression_->nodes_.size()) {
        expression_->nodes_.push_back(Node(at(whole)));
    }
    return expression_;
}

Checker::Index Checker::visit(const Syntax& syntax) {
    if (++visits_ > kMostVisits) {
        throw Error(ErrorClass::refused, "expression.too_large",
                    "expression on " + scope_.table + ", at " + std::to_string(syntax.at) +
                        ": it takes more than " + std::to_string(kMostVisits) + " steps",
                    "nest fewer BETWEENs");
    }
    switch (syntax.kind) {
        case Kind::column:
            return column(syntax);
        case Kind::text:
            return text_constant(syntax.text, syntax.at);
        case Kind::typed:
            return typed(syntax);
        case Kind::number:
            return number(syntax);
        case Kind::word:
            return word(syntax);
        case Kind::negate:
            return negate(syntax);
        case Kind::binary:
            return binary(syntax);
        case Kind::logic:
            return logic(syntax);
        case Kind::negation: {
            const Index part = visit(syntax.parts[0]);
            demand(part, Type::boolean, "NOT");
            return strict(Op::negation, Type::boolean, Type::boolean, {part}, syntax.at);
        }
        case Kind::is:
            return is(syntax);
        case Kind::distinct:
            return distinct(syntax);
        case Kind::in:
            return in(syntax);
        case Kind::between:
            return between(syntax);
        case Kind::like:
            return like(syntax);
        case Kind::call:
            break;
    }
    return call(syntax);
}

Checker::Index Checker::column(const Syntax& syntax) {
    const auto found = std::find_if(scope_.columns.begin(), scope_.columns.end(),
                                    [&](const Column& one) { return one.name == syntax.text; });
    if (found == scope_.columns.end()) {
        throw Error(ErrorClass::refused, "expression.column",
                    "expression on " + scope_.table + ", at " + std::to_string(syntax.at) +
                        ": there is no column `" + syntax.text + "`",
                    "a name without quotes is read in lower case; \"Quotes\" keep it as it is");
    }
    const auto place = static_cast<std::size_t>(found - scope_.columns.begin());
    const auto [input, fresh] =
        inputs_.emplace(place, static_cast<std::uint32_t>(expression_->columns_.size()));
    if (fresh) {
        expression_->columns_.push_back(place);
        expression_->column_names_.push_back(found->name);
    }
    Node node;
    node.op = Op::column;
    node.type = found->type;
    node.input = input->second;
    node.at = syntax.at;
    node.collation = found->collation;
    node.deterministic = found->deterministic;
    return add(std::move(node));
}

Checker::Index Checker::typed(const Syntax& syntax) {
    const Index made = text_constant(syntax.text, syntax.at);
    give_type(made, syntax.word == "date"          ? Type::date
                    : syntax.word == "timestamp"   ? Type::timestamp
                    : syntax.word == "timestamptz" ? Type::timestamptz
                                                   : Type::uuid);
    return made;
}

/// The smallest type that holds it, as the server has it.
Checker::Index Checker::number(const Syntax& syntax) {
    const Index made = text_constant(syntax.text, syntax.at);
    for (const Type type : {Type::int4, Type::int8}) {
        if (read_text(type, syntax.text, at(made).constant)) {
            at(made).type = type;
            return made;
        }
    }
    give_type(made, Type::numeric);
    return made;
}

Checker::Index Checker::word(const Syntax& syntax) {
    return syntax.word == "null" ? null_constant(Type::unknown, syntax.at)
                                 : truth_constant(syntax.word == "true", syntax.at);
}

Checker::Index Checker::negate(const Syntax& syntax) {
    const Index part = visit(syntax.parts[0]);
    const Type type = at(part).type;
    if (!is_number(type)) {
        throw refused_type(syntax.at, "- takes a number, not " + std::string(to_string(type)),
                           "write a number");
    }
    return strict(Op::negate, type, type, {part}, syntax.at);
}

Checker::Index Checker::binary(const Syntax& syntax) {
    const Index left = visit(syntax.parts[0]);
    const Index right = visit(syntax.parts[1]);
    constexpr std::pair<std::string_view, Op> kComparisons[] = {
        {"=", Op::equal},       {"<>", Op::unequal}, {"<", Op::less},
        {"<=", Op::less_equal}, {">", Op::greater},  {">=", Op::greater_equal}};
    for (const auto& [word, op] : kComparisons) {
        if (syntax.word == word) {
            return comparison(op, left, right, syntax.at);
        }
    }
    if (syntax.word == "||") {
        demand(left, Type::text, "||");
        demand(right, Type::text, "||");
        return strict(Op::join, Type::text, Type::text, {left, right}, syntax.at);
    }
    const Op op = syntax.word == "+"   ? Op::add
                  : syntax.word == "-" ? Op::subtract
                  : syntax.word == "*" ? Op::multiply
                  : syntax.word == "/" ? Op::divide
                                       : Op::modulo;
    return arithmetic(op, left, right, syntax.at);
}

Checker::Index Checker::comparison(Op op, Index left, Index right, std::size_t place) {
    const Type type = common_type(left, right, place);
    const Index first = converted(left, type), second = converted(right, type);
    Node node;
    node.operand = type;
    share_collation(node, {first, second}, place);
    if (op == Op::equal || op == Op::unequal) {
        demand_equality(node, place);
    } else {
        demand_order(node, place);
    }
    return strict(op, Type::boolean, type, {first, second}, place);
}

Checker::Index Checker::arithmetic(Op op, Index left, Index right, std::size_t place) {
    const auto calculates = [&](Index one, Index other) {
        return is_number(at(one).type) ||
               (at(one).type == Type::unknown && is_number(at(other).type));
    };
    if (!calculates(left, right) || !calculates(right, left)) {
        throw refused_type(place,
                           std::string(to_string(at(left).type)) + " and " +
                               std::string(to_string(at(right).type)) + " are not calculated with",
                           "+ - * / % take numbers");
    }
    const Type type = common_type(left, right, place);
    if (op == Op::modulo && is_float(type)) {
        throw refused_type(place, "% takes exact numbers", "leave it out");
    }
    const Index first = converted(left, type), second = converted(right, type);
    return strict(op, type, type, {first, second}, place);
}

Checker::Index Checker::logic(const Syntax& syntax) {
    std::vector<Index> parts;
    for (const Syntax& part : syntax.parts) {
        parts.push_back(visit(part));
        demand(parts.back(), Type::boolean, syntax.word == "and" ? "AND" : "OR");
    }
    return junction(syntax.word == "and" ? Op::all_of : Op::any_of, std::move(parts), syntax.at);
}

/// A constant that decides it decides it, wherever it stands: the server does not evaluate the
/// others either.
Checker::Index Checker::junction(Op op, std::vector<Index> parts, std::size_t place) {
    const bool decides = op == Op::any_of;
    for (const Index part : parts) {
        if (is_constant(part) && !is_null(part) && (at(part).constant.integer != 0) == decides) {
            return truth_constant(decides, place);
        }
    }
    Node node;
    node.op = op;
    node.type = Type::boolean;
    node.operand = Type::boolean;
    node.at = place;
    node.parts = std::move(parts);
    return add(std::move(node));
}

Checker::Index Checker::is(const Syntax& syntax) {
    Node node;
    node.type = Type::boolean;
    node.at = syntax.at;
    node.negated = syntax.negated;
    node.parts = {visit(syntax.parts[0])};
    const Index part = node.parts[0];
    if (syntax.word == "null") {
        node.op = Op::is_null;
        give_type(part, Type::text);
    } else {
        node.op = Op::is_truth;
        node.wanted = syntax.word == "true"    ? Truth::yes
                      : syntax.word == "false" ? Truth::no
                                               : Truth::unknown;
        demand(part, Type::boolean, "IS TRUE, FALSE or UNKNOWN");
    }
    node.operand = at(part).type;
    return add(std::move(node));
}

Checker::Index Checker::distinct(const Syntax& syntax) {
    const Index left = visit(syntax.parts[0]);
    const Index right = visit(syntax.parts[1]);
    Node node = predicate(Op::distinct, common_type(left, right, syntax.at), syntax);
    node.parts = {converted(left, node.operand), converted(right, node.operand)};
    share_collation(node, node.parts, syntax.at);
    demand_equality(node, syntax.at);
    return add(std::move(node));
}

/// One value is `=`. More are brought to one type first, all together.
Checker::Index Checker::in(const Syntax& syntax) {
    std::vector<Index> parts;
    for (const Syntax& part : syntax.parts) {
        parts.push_back(visit(part));
        if (parts.size() > 1 && !is_constant(parts.back())) {
            throw refused_type(part.at, "IN takes values, not columns", "write = and OR");
        }
    }
    if (parts.size() == 2) {
        return comparison(syntax.negated ? Op::unequal : Op::equal, parts[0], parts[1], syntax.at);
    }
    Node node = predicate(Op::in, Type::unknown, syntax);
    for (const Index part : parts) {
        const Type type = at(part).type;
        const bool first = node.operand == Type::unknown;
        if (type == Type::unknown || type == node.operand) {
            continue;
        }
        const bool numbers = is_number(type) && (first || is_number(node.operand));
        if (type == Type::opaque ||
            (!first && (!numbers || type == Type::float4 || node.operand == Type::float4))) {
            throw refused_type(at(part).at, "the values of IN are of different types",
                               "write them in quotes, or write = and OR");
        }
        node.operand = first ? type : common_number(type, node.operand);
    }
    node.operand = node.operand == Type::unknown ? Type::text : node.operand;
    for (Index& part : parts) {
        part = converted(part, node.operand);
    }
    share_collation(node, parts, syntax.at);
    demand_equality(node, syntax.at);
    for (std::size_t number = 1; number < parts.size(); ++number) {
        if (is_null(parts[number])) {
            node.list_has_null = true;
        } else {
            node.list.push_back(at(parts[number]).constant);
        }
    }
    std::sort(node.list.begin(), node.list.end(), [&](const Value& left, const Value& right) {
        return compare(node.operand, left, right) < 0;
    });
    node.parts = {parts[0]};
    return add(std::move(node));
}

/// Two comparisons of the same value, as the server has it. It is visited twice: a literal takes
/// its type from what it is compared with.
Checker::Index Checker::between(const Syntax& syntax) {
    const Index low = visit(syntax.parts[1]);
    const Index first = comparison(syntax.negated ? Op::less : Op::greater_equal,
                                   visit(syntax.parts[0]), low, syntax.at);
    const Index high = visit(syntax.parts[2]);
    const Index second = comparison(syntax.negated ? Op::greater : Op::less_equal,
                                    visit(syntax.parts[0]), high, syntax.at);
    return junction(syntax.negated ? Op::any_of : Op::all_of, {first, second}, syntax.at);
}

Checker::Index Checker::like(const Syntax& syntax) {
    const Index text = visit(syntax.parts[0]);
    const Index pattern = visit(syntax.parts[1]);
    demand(text, Type::text, "LIKE");
    demand(pattern, Type::text, "LIKE");
    if (!is_constant(pattern)) {
        throw refused_type(at(pattern).at, "the pattern of LIKE depends on the row",
                           "write it as a literal");
    }
    Node node = predicate(Op::like, Type::text, syntax);
    node.parts = {text};
    share_collation(node, {text, pattern}, syntax.at);
    demand_equality(node, syntax.at);
    if (is_null(text) || is_null(pattern)) {
        return null_constant(Type::boolean, syntax.at);
    }
    auto parsed = LikePattern::parse(at(pattern).constant.text, syntax.text);
    if (!parsed) {
        throw Error(ErrorClass::refused, "expression.literal",
                    "expression on " + scope_.table + ", at " + std::to_string(at(pattern).at) +
                        ": the pattern ends with its escape character",
                    "write the character twice, or another ESCAPE");
    }
    node.pattern = std::move(*parsed);
    return add(std::move(node));
}

Checker::Index Checker::call(const Syntax& syntax) {
    if (syntax.word == "coalesce") {
        return coalesce(syntax);
    }
    const Index part = visit(syntax.parts[0]);
    if (syntax.word == "abs") {
        const Type type = at(part).type;
        if (!is_number(type)) {
            throw refused_type(syntax.at, "abs takes a number, not " + std::string(to_string(type)),
                               "write a number");
        }
        return strict(Op::absolute, type, type, {part}, syntax.at);
    }
    demand(part, Type::text, syntax.word);
    if (syntax.word == "length") {
        return strict(Op::length, Type::int4, Type::text, {part}, syntax.at);
    }
    if (!ordered_by_bytes(at(part).collation)) {
        throw refused_collation(syntax.at, "which letters " + syntax.word +
                                               " changes depends on the collation, which is not C");
    }
    return strict(syntax.word == "lower" ? Op::lower : Op::upper, Type::text, Type::text, {part},
                  syntax.at);
}

Checker::Index Checker::coalesce(const Syntax& syntax) {
    std::vector<Index> parts;
    Type type = Type::unknown;
    for (const Syntax& part : syntax.parts) {
        parts.push_back(visit(part));
        const Type other = at(parts.back()).type;
        if (other == Type::unknown || other == type) {
            continue;
        }
        const bool numbers =
            is_number(other) && is_number(type) && other != Type::float4 && type != Type::float4;
        if (other == Type::opaque || (type != Type::unknown && !numbers)) {
            throw refused_type(part.at, "the values of coalesce are of different types",
                               "write them in the same type");
        }
        type = type == Type::unknown ? other : common_number(type, other);
    }
    type = type == Type::unknown ? Type::text : type;
    Node node;
    node.op = Op::coalesce;
    node.type = type;
    node.operand = type;
    node.at = syntax.at;
    for (Index& part : parts) {
        part = converted(part, type);  // a literal must be one even where it counts for nothing
    }
    for (const Index part : parts) {
        if (is_null(part)) {
            continue;
        }
        node.parts.push_back(part);
        if (is_constant(part)) {
            break;  // what follows counts for nothing
        }
    }
    share_collation(node, parts, syntax.at);
    if (node.parts.empty()) {
        return null_of(node);
    }
    return add(std::move(node));
}

std::shared_ptr<const Expression> Expression::check(std::string_view text, const Scope& scope) {
    return Checker(scope).check(parse(text));
}

std::shared_ptr<const Expression> Expression::condition(std::string_view text, const Scope& scope) {
    return Checker(scope).condition(parse(text));
}

}  // namespace cutover::expression
