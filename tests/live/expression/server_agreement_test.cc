// Random expressions on random rows of edge values: what we make of each row is what the server
// makes of it, NULL and errors included, or we have refused the expression.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>

#include "migrator/expression/cell.h"
#include "migrator/expression/expression.h"
#include "migrator/model/error.h"
#include "tests/live/expression/random_expression.h"
#include "tests/support/live_postgres.h"

namespace cutover::tests {
namespace {

using expression::Evaluator;
using expression::Expression;
using expression::Type;
using expression::Value;
using fixtures::TextRow;

constexpr std::uint64_t kRows = 60;
constexpr std::uint64_t kExpressions = 700;

/// One row's answer: a value in the server's text, NULL, or `!` and an SQLSTATE.
using Answer = std::optional<std::string>;

std::string literal_of(const std::string& text) {
    return fixtures::quoted_text(text);
}

class ExpressionAgreement : public LivePostgres {
protected:
    void SetUp() override {
        LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        client_ = std::make_unique<fixtures::PostgresClient>(endpoint());
        client_->query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'");
        for (const EdgeColumn& one : edge_columns()) {
            scope_.columns.push_back(one.column);
        }
        scope_.table = "t";
        make_table();
        // One row after the other, each with an error of its own.
        client_->query(
            "CREATE FUNCTION answer(expression text, number integer) RETURNS text LANGUAGE plpgsql "
            "AS "
            "$$ DECLARE found text; BEGIN"
            "   EXECUTE 'SELECT (' || expression || ')::text FROM t WHERE row_number = $1'"
            "     INTO found USING number; RETURN found;"
            " EXCEPTION WHEN OTHERS THEN RETURN '!' || SQLSTATE; END $$");
    }

    void make_table() {
        std::string columns = "row_number integer";
        for (const EdgeColumn& one : edge_columns()) {
            columns += ", " + fixtures::quoted_name(one.column.name) + " " + one.declared;
        }
        client_->query("CREATE TABLE t (" + columns + ")");
        RandomExpression random(1);
        for (std::uint64_t row = 0; row < kRows; ++row) {
            std::string values = std::to_string(row);
            for (const EdgeColumn& one : edge_columns()) {
                const std::string& value = one.values[random.below(one.values.size())];
                values += ", " + (random.below(8) == 0 ? "NULL" : literal_of(value));
            }
            client_->query("INSERT INTO t VALUES (" + values + ")");
        }
        std::string texts;
        for (const EdgeColumn& one : edge_columns()) {
            texts +=
                (texts.empty() ? "" : ", ") + fixtures::quoted_name(one.column.name) + "::text";
        }
        rows_ = client_->query("SELECT " + texts + " FROM t ORDER BY row_number");
    }

    std::vector<Answer> server_answers(const std::string& text) {
        std::vector<Answer> out;
        for (const TextRow& row :
             client_->query("SELECT answer(" + literal_of(text) + ", n) FROM generate_series(0, " +
                            std::to_string(kRows - 1) + ") n ORDER BY n")) {
            out.push_back(row[0]);
        }
        return out;
    }

    void give(Evaluator& evaluator, const Expression& checked, const TextRow& row) {
        for (std::size_t input = 0; input < checked.columns().size(); ++input) {
            const std::size_t column = checked.columns()[input];
            Value& value = evaluator.inputs()[input];
            value.null = !row[column].has_value();
            if (row[column]) {
                ASSERT_TRUE(expression::read_text(scope_.columns[column].type, *row[column], value))
                    << scope_.columns[column].name << " " << *row[column];
            }
        }
    }

    static std::string state_of(const model::Error& error) {
        return error.code() == "expression.division_by_zero" ? "!22012" : "!22003";
    }

    /// Nothing: they agree.
    static std::string difference(Type type, const Answer& server, const Value& ours) {
        if (!server || ours.null) {
            return !server && ours.null ? "" : server ? "ours is NULL" : "the server's is NULL";
        }
        if (server->starts_with('!')) {
            return "ours is a value";
        }
        if (type == Type::numeric) {
            return ours.number.text() == *server ? "" : "ours is " + ours.number.text();
        }
        Value read;
        return expression::read_text(type, *server, read) &&
                       expression::compare(type, read, ours) == 0
                   ? ""
                   : "ours is another " + std::string(to_string(type));
    }

    void hold_against(const std::string& text, const Expression& checked, Evaluator& evaluator) {
        const std::vector<Answer> server = server_answers(text);
        for (std::uint64_t row = 0; row < kRows; ++row) {
            give(evaluator, checked, rows_[row]);
            std::string wrong;
            try {
                wrong = difference(checked.type(), server[row], evaluator.value());
                ++outcomes_[server[row] ? "value" : "NULL"];
            } catch (const model::Error& error) {
                const std::string ours = state_of(error);
                wrong = server[row] == ours ? "" : "ours is " + std::string(error.what());
                ++outcomes_[ours];
            }
            if (!wrong.empty()) {
                ADD_FAILURE() << text << "\nrow " << row << ": " << wrong << ", the server's is "
                              << server[row].value_or("NULL") << "\n"
                              << of_row(checked, rows_[row]);
                return;
            }
        }
    }

    std::string of_row(const Expression& checked, const TextRow& row) {
        std::string out;
        for (const std::size_t column : checked.columns()) {
            out += scope_.columns[column].name + " = " + row[column].value_or("NULL") + "; ";
        }
        return out;
    }

    void try_one(const std::string& text, bool condition) {
        std::shared_ptr<const Expression> checked;
        try {
            checked =
                condition ? Expression::condition(text, scope_) : Expression::check(text, scope_);
        } catch (const model::Error& error) {
            ++refused_[error.code()];
            return;
        }
        ++taken_;
        Evaluator evaluator(checked);
        hold_against(text, *checked, evaluator);
    }

    std::unique_ptr<fixtures::PostgresClient> client_;
    expression::Scope scope_;
    std::vector<TextRow> rows_;
    std::map<std::string, std::uint64_t> outcomes_, refused_;
    std::uint64_t taken_ = 0;
};

/// CUTOVER_EXPRESSION_SEED begins elsewhere, CUTOVER_EXPRESSIONS tries more.
TEST_F(ExpressionAgreement, EveryRowIsDecidedAsTheServerDecidesIt) {
    const auto number_of = [](const char* name, std::uint64_t otherwise) {
        const char* said = std::getenv(name);
        return said == nullptr ? otherwise : std::strtoull(said, nullptr, 10);
    };
    const std::uint64_t first = number_of("CUTOVER_EXPRESSION_SEED", 1);
    const std::uint64_t count = number_of("CUTOVER_EXPRESSIONS", kExpressions);
    for (std::uint64_t seed = first; seed < first + count && !HasFatalFailure(); ++seed) {
        RandomExpression random(seed);
        SCOPED_TRACE("CUTOVER_EXPRESSION_SEED=" + std::to_string(seed) + " CUTOVER_EXPRESSIONS=1");
        const bool condition = random.below(3) > 0;
        try_one(condition ? random.condition() : random.any(), condition);
    }
    std::string said;
    for (const auto& counts : {refused_, outcomes_}) {
        for (const auto& [what, times] : counts) {
            said += what + ": " + std::to_string(times) + "\n";
        }
    }
    RecordProperty("outcomes", said);
    std::printf("%llu of %llu taken\n%s", static_cast<unsigned long long>(taken_),
                static_cast<unsigned long long>(count), said.c_str());
    if (count >= kExpressions) {
        EXPECT_GT(taken_, count / 4);
        for (const char* outcome : {"value", "NULL", "!22012", "!22003"}) {
            EXPECT_GT(outcomes_[outcome], 100u) << outcome;
        }
    }
}

}  // namespace
}  // namespace cutover::tests
