// From a written expression to a checked one: every name found, every type known, what does not
// depend on the row calculated. What PostgreSQL would decide by rules that are not ours (its
// session's settings, a collation, a conversion with loss) is refused here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/expression/expression.h"
#include "migrator/expression/syntax.h"
#include "migrator/model/error.h"

namespace cutover::expression {

class Checker {
public:
    /// `scope` must outlive it.
    explicit Checker(const Scope& scope);
    /// Throws: refused (`expression.*`).
    std::shared_ptr<const Expression> check(const Syntax& syntax);
    /// The same for what must be true or not.
    std::shared_ptr<const Expression> condition(const Syntax& syntax);

private:
    using Op = Node::Op;
    using Index = std::uint32_t;

    // checker.cc: one for each kind of syntax.
    Index visit(const Syntax& syntax);
    Index column(const Syntax& syntax);
    Index typed(const Syntax& syntax);
    Index number(const Syntax& syntax);
    Index word(const Syntax& syntax);
    Index negate(const Syntax& syntax);
    Index binary(const Syntax& syntax);
    Index logic(const Syntax& syntax);
    Index is(const Syntax& syntax);
    Index distinct(const Syntax& syntax);
    Index in(const Syntax& syntax);
    Index between(const Syntax& syntax);
    Index like(const Syntax& syntax);
    Index call(const Syntax& syntax);
    Index coalesce(const Syntax& syntax);
    Index comparison(Op op, Index left, Index right, std::size_t at);
    Index arithmetic(Op op, Index left, Index right, std::size_t at);
    Index junction(Op op, std::vector<Index> parts, std::size_t at);

    // typing.cc: types, collations, constants.
    Node& at(Index index) { return expression_->nodes_[index]; }
    bool is_constant(Index index) { return at(index).op == Op::constant; }
    bool is_null(Index index) { return is_constant(index) && at(index).constant.null; }
    Index text_constant(const std::string& text, std::size_t place);
    Index null_constant(Type type, std::size_t place);
    Index null_of(const Node& node);
    Index truth_constant(bool truth, std::size_t place);
    /// Adds `node`; where nothing in it depends on the row, its value in its place.
    Index add(Node node);
    /// A step of one or two parts, of which none may be NULL.
    Index strict(Op op, Type type, Type operand, std::vector<Index> parts, std::size_t place);
    Index folded(Index index);
    /// The quoted literal becomes one of `type`.
    void give_type(Index index, Type type);
    Index converted(Index index, Type type);
    Type common_type(Index left, Index right, std::size_t place);
    Type common_number(Type left, Type right) const;
    void demand(Index index, Type type, const std::string& by);
    /// What the parts' texts are compared under, as the server would choose it.
    void share_collation(Node& out, const std::vector<Index>& parts, std::size_t place);
    void demand_equality(const Node& node, std::size_t place) const;
    void demand_order(const Node& node, std::size_t place) const;
    bool ordered_by_bytes(const std::string& collation) const;
    model::Error refused_type(std::size_t place, const std::string& what,
                              const std::string& hint) const;
    model::Error refused_collation(std::size_t place, const std::string& what) const;

    const Scope& scope_;
    std::shared_ptr<Expression> expression_;
    std::unique_ptr<Evaluator> evaluator_;
    std::map<std::size_t, std::uint32_t> inputs_;  ///< by the scope's column
    std::size_t visits_ = 0;
};

}  // namespace cutover::expression
