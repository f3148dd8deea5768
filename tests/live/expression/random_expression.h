// Random expressions over one table of edge values, in the text that goes to the server and to us.
// Most are well typed; parentheses are left out now and then, so that precedence is asked, too.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "migrator/expression/value.h"

namespace cutover::tests {

/// A column of the table: its name, how the server declares it, and values at the edges.
struct EdgeColumn {
    expression::Column column;
    std::string declared;
    std::vector<std::string> values;  ///< as the server reads them
};

const std::vector<EdgeColumn>& edge_columns();

class RandomExpression {
public:
    explicit RandomExpression(std::uint64_t seed) : random_(seed) {}
    std::string condition() { return boolean(4); }
    /// Of any type.
    std::string any();
    std::uint64_t below(std::uint64_t end) { return random_() % end; }

private:
    std::string boolean(int depth);
    std::string comparison(int depth);
    std::string membership(int depth);
    std::string number(int depth);
    std::string text(int depth);
    std::string of(expression::Type type, int depth);
    std::string column(expression::Type type);
    std::string literal(expression::Type type);
    std::string pattern();
    /// In parentheses, mostly.
    std::string grouped(const std::string& inner);
    std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }
    bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
    expression::Type any_type();
    expression::Type number_type();

    std::mt19937_64 random_;
};

}  // namespace cutover::tests
