#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "migrator/expression/expression.h"
#include "migrator/expression/moment.h"
#include "migrator/model/error.h"

namespace cutover::expression {

using Op = Node::Op;

namespace {

template <typename Number>
int order(const Number& left, const Number& right) {
    return left < right ? -1 : left > right ? 1 : 0;
}

int order_floats(double left, double right) {
    if (std::isnan(left) || std::isnan(right)) {
        return order(std::isnan(left) ? 1 : 0, std::isnan(right) ? 1 : 0);
    }
    return order(left, right);
}

bool fits(Type type, std::int64_t number) {
    return type == Type::int8 || (type == Type::int4 ? number == static_cast<std::int32_t>(number)
                                                     : number == static_cast<std::int16_t>(number));
}

bool holds(Op op, int ordered) {
    switch (op) {
        case Op::equal:
            return ordered == 0;
        case Op::unequal:
            return ordered != 0;
        case Op::less:
            return ordered < 0;
        case Op::less_equal:
            return ordered <= 0;
        case Op::greater:
            return ordered > 0;
        default:
            return ordered >= 0;
    }
}

void set_truth(Value& out, bool truth) {
    out.null = false;
    out.integer = truth ? 1 : 0;
}

/// Of one kind of number; nothing where the result is none.
template <typename Float>
std::optional<double> float_result(Op op, double left, double right) {
    const Float first = static_cast<Float>(left), second = static_cast<Float>(right);
    const bool sums = op == Op::add || op == Op::subtract;
    const Float result = op == Op::add        ? first + second
                         : op == Op::subtract ? first - second
                         : op == Op::multiply ? first * second
                                              : first / second;
    const bool divides = op == Op::divide;
    if (std::isinf(result) && !std::isinf(first) && (divides || !std::isinf(second))) {
        return std::nullopt;
    }
    const bool vanished =
        result == 0 && first != 0 && (divides ? !std::isinf(second) : second != 0);
    return vanished && !sums ? std::nullopt : std::optional<double>(result);
}

}  // namespace

int compare(Type type, const Value& left, const Value& right) {
    switch (type) {
        case Type::numeric:
            return Decimal::compare(left.number, right.number);
        case Type::float4:
        case Type::float8:
            return order_floats(left.real, right.real);
        case Type::text:
            return order(left.text.compare(right.text), 0);
        case Type::uuid:
            return order(left.uuid, right.uuid);
        default:
            return order(left.integer, right.integer);
    }
}

model::Error in_row(const model::Error& error, const std::string& row) {
    return {error.error_class(), error.code(), error.message() + "; in the row " + row,
            error.hint()};
}

Evaluator::Evaluator(std::shared_ptr<const Expression> expression)
    : expression_(std::move(expression)),
      inputs_(expression_->columns().size()),
      results_(expression_->nodes_.size()) {}

const Value& Evaluator::value() {
    texts_.clear();
    return run(static_cast<std::uint32_t>(expression_->nodes_.size() - 1));
}

Truth Evaluator::truth() {
    const Value& result = value();
    return result.null ? Truth::unknown : result.integer != 0 ? Truth::yes : Truth::no;
}

void Evaluator::fail_if(Fault fault, const Node& node) const {
    if (fault == Fault::none) {
        return;
    }
    std::set<std::string> names;
    std::vector<const Node*> open = {&node};
    while (!open.empty()) {
        const Node& one = *open.back();
        open.pop_back();
        if (one.op == Op::column) {
            names.insert(expression_->column_names_[one.input]);
        }
        for (const std::uint32_t part : one.parts) {
            open.push_back(&expression_->nodes_[part]);
        }
    }
    std::string with;
    for (const std::string& name : names) {
        with += (with.empty() ? " with " : ", ") + name;
    }
    const std::string where =
        "expression on " + expression_->table_ + ", at " + std::to_string(node.at) + with + ": ";
    if (fault == Fault::division_by_zero) {
        throw model::Error(model::ErrorClass::refused, "expression.division_by_zero",
                           where + "division by zero",
                           "write the condition so that such rows are decided before it divides");
    }
    throw model::Error(
        model::ErrorClass::refused, "expression.out_of_range",
        where + "the result is out of the range of " + std::string(to_string(node.type)),
        "write the condition so that such rows are decided before it calculates");
}

void Evaluator::keep(std::string text, Value& out) {
    out.null = false;
    out.text = texts_.emplace_back(std::move(text));
}

const Value& Evaluator::run(std::uint32_t at) {
    const Node& node = expression_->nodes_[at];
    switch (node.op) {
        case Op::constant:
            return node.constant;
        case Op::column:
            return inputs_[node.input];
        case Op::all_of:
        case Op::any_of:
            return logic(at);
        case Op::in:
            return search(at);
        case Op::coalesce:
            return coalesced(at);
        case Op::is_null: {
            const bool null = run(node.parts[0]).null;
            set_truth(results_[at], null != node.negated);
            return results_[at];
        }
        case Op::is_truth: {
            const Value& tested = run(node.parts[0]);
            const Truth truth = tested.null           ? Truth::unknown
                                : tested.integer != 0 ? Truth::yes
                                                      : Truth::no;
            set_truth(results_[at], (truth == node.wanted) != node.negated);
            return results_[at];
        }
        case Op::distinct: {
            const Value& left = run(node.parts[0]);
            const Value& right = run(node.parts[1]);
            const bool same = left.null || right.null ? left.null && right.null
                                                      : compare(node.operand, left, right) == 0;
            set_truth(results_[at], same == node.negated);
            return results_[at];
        }
        default:
            return strict(at);
    }
}

/// What is NULL as soon as a part is. All parts are evaluated first: one may fail.
const Value& Evaluator::strict(std::uint32_t at) {
    const Node& node = expression_->nodes_[at];
    const Value& left = run(node.parts[0]);
    const Value& right = node.parts.size() > 1 ? run(node.parts[1]) : left;
    Value& out = results_[at];
    out.null = true;
    if (left.null || right.null) {
        return out;
    }
    switch (node.op) {
        case Op::to_numeric:
        case Op::to_float8:
        case Op::to_moment:
            convert(node, left, out);
            break;
        case Op::negate:
        case Op::absolute:
            one_number(node, left, out);
            break;
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
        case Op::modulo:
            arithmetic(node, left, right, out);
            break;
        case Op::join:
            keep(std::string(left.text) + std::string(right.text), out);
            break;
        case Op::like:
            set_truth(out, node.pattern.matches(left.text) != node.negated);
            break;
        case Op::negation:
            set_truth(out, left.integer == 0);
            break;
        case Op::lower:
        case Op::upper:
        case Op::length:
            one_text(node, left, out);
            break;
        default:
            set_truth(out, holds(node.op, compare(node.operand, left, right)));
    }
    return out;
}

const Value& Evaluator::logic(std::uint32_t at) {
    const Node& node = expression_->nodes_[at];
    const bool decides = node.op == Op::any_of;
    bool null = false;
    for (const std::uint32_t part : node.parts) {
        const Value& one = run(part);
        null = null || one.null;
        if (!one.null && (one.integer != 0) == decides) {
            set_truth(results_[at], decides);
            return results_[at];
        }
    }
    set_truth(results_[at], !decides);
    results_[at].null = null;
    return results_[at];
}

const Value& Evaluator::search(std::uint32_t at) {
    const Node& node = expression_->nodes_[at];
    const Value& wanted = run(node.parts[0]);
    Value& out = results_[at];
    out.null = true;
    if (wanted.null) {
        return out;
    }
    const bool found = std::binary_search(node.list.begin(), node.list.end(), wanted,
                                          [&](const Value& left, const Value& right) {
                                              return compare(node.operand, left, right) < 0;
                                          });
    set_truth(out, found != node.negated);
    out.null = !found && node.list_has_null;
    return out;
}

const Value& Evaluator::coalesced(std::uint32_t at) {
    const Node& node = expression_->nodes_[at];
    for (const std::uint32_t part : node.parts) {
        const Value& one = run(part);
        if (!one.null) {
            return one;
        }
    }
    results_[at].null = true;
    return results_[at];
}

void Evaluator::convert(const Node& node, const Value& from, Value& out) {
    if (node.op == Op::to_numeric) {
        out.number = Decimal::of(from.integer);
    } else if (node.op == Op::to_moment) {
        out.integer = midnight(from.integer);
    } else if (is_integer(node.operand)) {
        out.real = static_cast<double>(from.integer);
    } else if (node.operand == Type::numeric) {
        const auto real = from.number.to_double();
        fail_if(real ? Fault::none : Fault::out_of_range, node);
        out.real = *real;
    } else {
        out.real = from.real;
    }
    out.null = false;
}

void Evaluator::one_number(const Node& node, const Value& from, Value& out) {
    const bool negate = node.op == Op::negate;
    if (node.type == Type::numeric) {
        out.number = negate ? from.number.negated() : from.number.absolute();
    } else if (is_float(node.type)) {
        out.real = negate ? -from.real : std::abs(from.real);
    } else if (negate || from.integer < 0) {
        std::int64_t result = 0;
        const bool beyond = __builtin_sub_overflow(std::int64_t{0}, from.integer, &result);
        fail_if(beyond || !fits(node.type, result) ? Fault::out_of_range : Fault::none, node);
        out.integer = result;
    } else {
        out.integer = from.integer;
    }
    out.null = false;
}

void Evaluator::one_text(const Node& node, const Value& from, Value& out) {
    if (node.op == Op::length) {
        out.null = false;
        out.integer = static_cast<std::int64_t>(characters(from.text));
        return;
    }
    std::string text(from.text);
    const char first = node.op == Op::lower ? 'A' : 'a';
    for (char& one : text) {
        one = one >= first && one <= first + 25 ? static_cast<char>(one ^ 0x20) : one;
    }
    keep(std::move(text), out);
}

void Evaluator::integers(const Node& node, std::int64_t left, std::int64_t right, Value& out) {
    std::int64_t result = 0;
    bool beyond = false;
    switch (node.op) {
        case Op::add:
            beyond = __builtin_add_overflow(left, right, &result);
            break;
        case Op::subtract:
            beyond = __builtin_sub_overflow(left, right, &result);
            break;
        case Op::multiply:
            beyond = __builtin_mul_overflow(left, right, &result);
            break;
        default:
            fail_if(right == 0 ? Fault::division_by_zero : Fault::none, node);
            if (right == -1) {
                beyond =
                    node.op == Op::divide && __builtin_sub_overflow(std::int64_t{0}, left, &result);
            } else {
                result = node.op == Op::divide ? left / right : left % right;
            }
    }
    fail_if(beyond || !fits(node.type, result) ? Fault::out_of_range : Fault::none, node);
    out.integer = result;
}

void Evaluator::floats(const Node& node, double left, double right, Value& out) {
    fail_if(node.op == Op::divide && right == 0 && !std::isnan(left) ? Fault::division_by_zero
                                                                     : Fault::none,
            node);
    const auto result = node.type == Type::float4 ? float_result<float>(node.op, left, right)
                                                  : float_result<double>(node.op, left, right);
    fail_if(result ? Fault::none : Fault::out_of_range, node);
    out.real = *result;
}

void Evaluator::arithmetic(const Node& node, const Value& left, const Value& right, Value& out) {
    if (is_integer(node.type)) {
        integers(node, left.integer, right.integer, out);
    } else if (is_float(node.type)) {
        floats(node, left.real, right.real, out);
    } else {
        const auto apply = node.op == Op::add        ? Decimal::add
                           : node.op == Op::subtract ? Decimal::subtract
                           : node.op == Op::multiply ? Decimal::multiply
                           : node.op == Op::divide   ? Decimal::divide
                                                     : Decimal::modulo;
        fail_if(apply(left.number, right.number, out.number), node);
    }
    out.null = false;
}

}  // namespace cutover::expression
