// Pairs that somebody could have after a migration by any tool, and that a judge could be fooled
// by: what both ends have in common, what each has of its own, the verdict that is right, and words
// the report must have. The sabotage table damages copies of one dataset; here each pair is made
// for one trick.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "migrator/model/error.h"
#include "tests/support/live_postgres.h"
#include "verify/report.h"
#include "verify/verify.h"

namespace cutover::verify {
namespace {

using fixtures::PostgresClient;

struct Pair {
    const char* name;
    const char* both;
    const char* source;
    const char* destination;
    Verdict verdict;
    const char* says = "";
};

constexpr Verdict kConsistent = Verdict::consistent;
constexpr Verdict kInconsistent = Verdict::inconsistent;

template <int Version>
class PairsOf : public tests::LivePostgresOf<Version> {
protected:
    void judge(const Pair& pair) {
        SCOPED_TRACE(pair.name);
        const fixtures::PostgresEndpoint source = this->make_database("source");
        const fixtures::PostgresEndpoint destination = this->make_database("destination");
        PostgresClient(source).query(std::string(pair.both) + ";" + pair.source);
        PostgresClient(destination).query(std::string(pair.both) + ";" + pair.destination);
        Request request = request_;
        request.source = source.as_plan();
        request.destination = destination.as_plan();
        const Result result = run(request);
        std::ostringstream text;
        write_text(text, result);
        EXPECT_EQ(to_string(result.verdict), to_string(pair.verdict)) << text.str();
        EXPECT_THAT(text.str(), testing::HasSubstr(pair.says));
        drop(source);
        drop(destination);
    }

    Request request_;

private:
    void drop(const fixtures::PostgresEndpoint& database) {
        this->server().connect().query("drop database " +
                                       fixtures::quoted_name(database.database) +
                                       " with (force)");
    }
};

using Pairs = PairsOf<17>;
using Pairs18 = PairsOf<18>;

TEST_F(Pairs18, DoesNotTrustANotNullThatNobodyHasValidated) {
    judge({"structure", "create table t (id int primary key)",
           "create table q (id int primary key, v int not null)",
           "create table q (id int primary key, v int);"
           "alter table q add constraint n not null v not valid",
           kInconsistent, "NOT NULL NOT VALID"});
    request_.jobs = 4;
    const char* const table =
        "create table q (u int unique, v int);"
        "insert into q select i, i from generate_series(1, 300000) i";
    judge({"rows without a key", table,
           "insert into q values (null, 1), (null, 2);"
           "alter table q add constraint n not null u not valid; analyze q",
           "alter table q add constraint n not null u not valid; analyze q", kInconsistent,
           "2 missing"});
}

}  // namespace
}  // namespace cutover::verify
