// Row filters of task files: their text, whatever it is, is a checked expression or refused; what
// is checked decides a row, or says why it cannot.
#include "migrator/expression/expression.h"

#include "migrator/expression/cell.h"
#include "migrator/model/error.h"
#include "tests/fuzz/target.h"

namespace cutover::fuzz {

namespace {

using expression::Type;

std::vector<std::string> expression_seeds() {
    return {"v >= 10 AND (note IS NULL OR note <> 'it''s')",
            "NOT price * 2 - 1.5e3 / small % 7 BETWEEN -1 AND coalesce(price, 0)",
            "note NOT LIKE 'a!%_%' ESCAPE '!' AND lower(note) || upper('b') IN ('ab', NULL, 'c')",
            "at > TIMESTAMP '2026-12-01 09:31:05.25' OR day IS DISTINCT FROM DATE 'infinity'",
            "(ratio <= 'NaN') IS NOT UNKNOWN AND \"Odd \"\"Name\" = length(note)",
            "zoned < '2026-12-01 09:31:05+05:30'",
            "u = UUID 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
            "(v = 1) = (abs(-v) IS NULL) AND paid IS TRUE AND - - v <> 9223372036854775808"};
}

const expression::Scope& scope() {
    static const expression::Scope kScope = {"app.t",
                                             {{"v", Type::int4, "", true},
                                              {"small", Type::int2, "", true},
                                              {"price", Type::numeric, "", true},
                                              {"ratio", Type::float8, "", true},
                                              {"note", Type::text, "\"C\"", true},
                                              {"at", Type::timestamp, "", true},
                                              {"zoned", Type::timestamptz, "", true},
                                              {"day", Type::date, "", true},
                                              {"u", Type::uuid, "", true},
                                              {"paid", Type::boolean, "", true},
                                              {"Odd \"Name", Type::int8, "", true}},
                                             true};
    return kScope;
}

const char* text_of(Type type) {
    switch (type) {
        case Type::boolean:
            return "t";
        case Type::text:
            return "ab\xc3\xa4";
        case Type::date:
            return "2024-02-29";
        case Type::timestamp:
            return "2024-02-29 12:00:00";
        case Type::timestamptz:
            return "2024-02-29 12:00:00+00";
        case Type::uuid:
            return "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        default:
            return "-32768";
    }
}

/// On a row of NULLs, and on one of values.
void run_expression(std::string_view input) {
    const auto checked = expression::Expression::check(input, scope());
    expression::Evaluator evaluator(checked);
    evaluator.value();
    for (std::size_t at = 0; at < checked->columns().size(); ++at) {
        const Type type = scope().columns[checked->columns()[at]].type;
        expression::read_text(type, text_of(type), evaluator.inputs()[at]);
    }
    evaluator.value();
}

}  // namespace

Target expression_target() {
    return {"expression", "row filters of task files", expression_seeds, run_expression};
}

}  // namespace cutover::fuzz
