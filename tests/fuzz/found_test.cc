// What fuzzing has found, each as the smallest answer that shows it.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "migrator/engine/postgres/inspector.h"
#include "migrator/model/error.h"
#include "tests/fuzz/recorded_answers.h"
#include "tests/fuzz/scripted_server.h"
#include "verify/canonical/canonical.h"

namespace cutover::fuzz {
namespace {

std::string code_of(const std::function<void()>& ask) {
    try {
        ask();
    } catch (const model::Error& error) {
        return error.code();
    }
    return "no error";
}

/// The number of a table that was asked about comes back as that of one which never was.
TEST(Found, ANumberOfTheServersIsNoIndexOfOurs) {
    static ScriptedServer& server = *new ScriptedServer;  // lives as long as the process
    const auto inspector = postgres::make_inspector(server.endpoint());
    for (const char* number : {"1", "32767", "-1"}) {
        server.answer_with({{{number, kHonestIdentity}}}, true);
        EXPECT_EQ(code_of([&] {
                      inspector->non_empty({{"public", "item"}});
                  }),
                  "postgres.no_number")
            << number;
    }
}

/// A domain over itself, and one over a row type that has it as a field: no PostgreSQL has them.
TEST(Found, ATypeThatIsMadeOfItselfIsNotFollowedForEver) {
    static ScriptedServer& server = *new ScriptedServer;  // lives as long as the process
    const auto inspector = postgres::make_inspector(server.endpoint());
    std::string script = recorded_catalog();
    const auto tell_instead = [&](const std::string& honest, const std::string& told) {
        const std::size_t at = script.find(honest);
        ASSERT_NE(at, std::string::npos) << honest;
        script.replace(at, honest.size(), told);
    };
    const auto types = [&] {
        server.answer_with(answers_of(script), true);
        return inspector->catalog({}).types.size();
    };
    EXPECT_EQ(types(), 2U);
    tell_instead("16569\02323", "16569\02316570");
    EXPECT_EQ(types(), 2U);
    tell_instead("16569\02316570", "16569\02316574");
    tell_instead("pg_catalog\023text\02325\023NULL\022\021",
                 "public\023small\02316570\023NULL\022\021");
    EXPECT_EQ(types(), 3U);
}

/// A value of the judge's whose outer dimension is said to be long, and whose inner one is empty.
TEST(Found, AnArrayIsShownNoLongerThanItIs) {
    std::string payload;
    for (const std::uint64_t part : {0U, 2U, 1U << 30, 0U}) {
        verify::put_varint(payload, part);
    }
    std::string array;
    verify::put_cell(array, verify::Tag::array, payload + "x");
    EXPECT_LT(verify::printable(array).size(), 100U);
}

/// More dimensions than bytes.
TEST(Found, AnArrayHasNoMoreDimensionsThanAServersHas) {
    std::string payload;
    verify::put_varint(payload, 0);
    verify::put_varint(payload, 1ULL << 40);
    std::string array;
    verify::put_cell(array, verify::Tag::array, payload);
    EXPECT_EQ(verify::printable(array), "(broken array)");
}

}  // namespace
}  // namespace cutover::fuzz
