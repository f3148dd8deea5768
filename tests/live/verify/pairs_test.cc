// Pairs that somebody could have after a migration by any tool, and that a judge could be fooled
// by: what both ends have in common, what each has of its own, the verdict that is right, and words
// the report must have. The sabotage table damages copies of one dataset; here each pair is made
// for one trick.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/model/error.h"
#include "tests/support/live_postgres.h"
#include "tests/support/verify_request.h"
#include "tests/support/verify_text.h"
#include "verify/report/report.h"
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
    // What only a superuser may do: first, at both, and last, at the destination.
    const char* superuser_first = "";
    const char* superuser_last = "";
};

constexpr Verdict kConsistent = Verdict::consistent;
constexpr Verdict kInconsistent = Verdict::inconsistent;

template <int Version>
class PairsOf : public tests::LivePostgresOf<Version> {
protected:
    void judge(const Pair& pair) {
        SCOPED_TRACE(pair.name);
        const tests::SourceAccounts source = this->make_another_source("source");
        const fixtures::PostgresEndpoint destination = this->make_destination("destination");
        for (const std::string& database : {source.mover.database, destination.database}) {
            this->server().connect(database).query(pair.superuser_first);
        }
        PostgresClient(source.application).query(std::string(pair.both) + ";" + pair.source);
        PostgresClient(destination).query(std::string(pair.both) + ";" + pair.destination);
        this->server().connect(destination.database).query(pair.superuser_last);
        Request request = request_;
        request.source = source.mover.as_plan();
        request.destination = destination.as_plan();
        const Result result = run(request);
        EXPECT_EQ(to_string(result.verdict), to_string(pair.verdict)) << text_of(result);
        EXPECT_THAT(text_of(result), testing::HasSubstr(pair.says));
        drop(source.mover);
        drop(destination);
    }

    Request request_ = settled();

private:
    static Request settled() {
        Request request;
        request.engines = known_engines();
        request.settle = {};  // nobody else writes here
        return request;
    }

    void drop(const fixtures::PostgresEndpoint& database) {
        this->server().connect().query("drop database " + fixtures::quoted_name(database.database) +
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

/// Structure that does something else, or the same under other names.
const Pair kStructures[] = {
    {"check with the words of a mark in its body", "create table t (id int primary key, a text)",
     "alter table t add check (a <> 'is NOT VALID 1')",
     "alter table t add check (a <> 'is NOT VALID 2')", kInconsistent, "NOT VALID 2"},
    {"names with the words of an index", "create table t (id int primary key, a text)",
     "create index \"x USING y\" on t (a)", "create index \"p USING btree q\" on t (a)",
     kConsistent},
    {"foreign key that empties other columns",
     "create table p (i int, j int, primary key (i, j));"
     "create table c (id int primary key, i int, j int)",
     "alter table c add foreign key (i, j) references p on delete set null (j)",
     "alter table c add foreign key (i, j) references p on delete set null", kInconsistent,
     "sets (j)"},
    {"two foreign keys of the same columns, made in another order",
     "create table p (i int primary key); create table c (id int primary key, i int)",
     "alter table c add constraint a foreign key (i) references p on delete cascade;"
     "alter table c add constraint b foreign key (i) references p on delete restrict",
     "alter table c add constraint b foreign key (i) references p on delete restrict;"
     "alter table c add constraint a foreign key (i) references p on delete cascade",
     kConsistent},
    {"two foreign keys of the same columns, one with another action",
     "create table p (i int primary key); create table c (id int primary key, i int)",
     "alter table c add constraint a foreign key (i) references p on delete cascade;"
     "alter table c add constraint b foreign key (i) references p on delete restrict",
     "alter table c add constraint b foreign key (i) references p on delete set null;"
     "alter table c add constraint a foreign key (i) references p on delete cascade",
     kInconsistent, "foreign key b"},
    {"foreign key to partitions that nobody has validated",
     "create table p (i int primary key) partition by range (i);"
     "create table p1 partition of p for values from (0) to (9);"
     "create table c (id int primary key, i int)",
     "alter table c add foreign key (i) references p",
     "alter table c add foreign key (i) references p not valid;"
     "alter table c validate constraint c_i_fkey",
     kInconsistent, "not validated"},
    {"exclusion constraint lost", "create table t (id int primary key, r int4range)",
     "alter table t add exclude using gist (r with &&)", "", kInconsistent, "exclusion"},
    {"foreign key whose triggers sleep, by its own table",
     "create table p (i int primary key); create table c (id int primary key, i int references p)",
     "", "", kInconsistent, "triggers are disabled", "", "alter table c disable trigger all"},
    {"foreign key whose triggers sleep, by its parent",
     "create table p (i int primary key); create table c (id int primary key, i int references p)",
     "", "", kInconsistent, "triggers are disabled", "", "alter table p disable trigger all"},
    {"foreign key whose triggers sleep, in a partition",
     "create table p (i int primary key); create table c (i int references p) partition by range "
     "(i); create table c1 partition of c for values from (1) to (9)",
     "", "", kInconsistent, "triggers are disabled", "", "alter table c1 disable trigger all"},
    {"heir that is a table of its own", "create table t (id int primary key)",
     "create table c () inherits (t)", "create table c (id int not null)", kInconsistent,
     "inherits public.t"},
    {"heir that is one", "create table t (id int primary key)", "create table c () inherits (t)",
     "create table c (id int not null); alter table c inherit t", kConsistent},
    {"collation that has become strict", "",
     "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
     "create table t (k text collate ci primary key)",
     "create collation ci (provider = icu, locale = 'und-u-ks-level2');"
     "create table t (k text collate ci primary key)",
     kInconsistent, "nondeterministic"},
    {"collation of a domain that has become strict", "",
     "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
     "create domain d as text collate ci; create table t (k d primary key)",
     "create domain d as text; create table t (k d primary key)", kInconsistent,
     "nondeterministic"},
    {"collation that is kept elsewhere", "create schema x; create schema y",
     "create collation x.c (provider = icu, locale = 'und');"
     "create table t (id int primary key, k text collate x.c)",
     "create collation y.c (provider = icu, locale = 'und');"
     "create table t (id int primary key, k text collate y.c)",
     kConsistent},
    {"enum in a range in an array, in another order", "",
     "create type e as enum ('a', 'b'); create type r as range (subtype = e);"
     "create table t (id int primary key, r r[])",
     "create type e as enum ('b', 'a'); create type r as range (subtype = e);"
     "create table t (id int primary key, r r[])",
     kInconsistent, "public.e"},
    {"range of another order", "",
     "create type r as range (subtype = text, collation = \"C\");"
     "create table t (id int primary key, r r)",
     "create type r as range (subtype = text); create table t (id int primary key, r r)",
     kInconsistent, "range of text"},
    {"default of a partition",
     "create table q (id int primary key, v int default 1) partition by range (id);"
     "create table q1 partition of q for values from (0) to (10)",
     "alter table q1 alter v set default 5", "", kInconsistent, "DEFAULT 5"},
    {"serial column whose sequence has another name", "", "create table t (id serial primary key)",
     "create table t (id serial primary key); alter sequence t_id_seq rename to t_seq",
     kConsistent},
    {"serial column that draws from a sequence of another", "",
     "create table t (id serial primary key, v serial)",
     "create table t (id serial primary key, v serial);"
     "alter table t alter id set default nextval('t_v_seq')",
     kInconsistent, "DEFAULT"},
    {"sequence at its very end", "create table t (id bigserial primary key)",
     "select setval('t_id_seq', 9223372036854775807)", "", kInconsistent, "behind"},
    {"descending sequence at its very end",
     "create sequence s increment -1; create table t (id bigint primary key default nextval('s'))",
     "select setval('s', -9223372036854775808)", "", kInconsistent, "behind"},
};

TEST_F(Pairs, TellsStructureThatDoesSomethingElse) {
    for (const Pair& pair : kStructures) {
        judge(pair);
    }
}

/// Rows: what is read, in which order, and what a position in a record means.
const Pair kRows[] = {
    {"key of single bytes",
     "create table t (k \"char\" primary key, v int);"
     "insert into t select (i - 128)::\"char\", i from generate_series(0, 255) i",
     "", "", kConsistent},
    {"key of single bytes, one lost",
     "create table t (k \"char\" primary key, v int);"
     "insert into t select (i - 128)::\"char\", i from generate_series(0, 255) i",
     "", "delete from t where k = '\\377'", kInconsistent, "1 missing"},
    {"attributes of a record in another order", "",
     "create type d as (a int, b int); create table t (id int primary key, d d);"
     "insert into t values (1, row(1, 2))",
     "create type d as (b int, a int); create table t (id int primary key, d d);"
     "insert into t values (1, row(1, 2))",
     Verdict::could_not_tell, "no common form"},
    {"attributes of a record, one of them dropped before", "",
     "create type d as (a int, x int, b int); alter type d drop attribute x;"
     "create table t (id int primary key, d d[]); insert into t values (1, array[row(1, 2)::d])",
     "create type d as (a int, b int);"
     "create table t (id int primary key, d d[]); insert into t values (1, array[row(1, 2)::d])",
     kConsistent},
    {"cast to text that prints less",
     "create extension citext; create type d as (a int, b citext);"
     "create function less(d) returns text immutable language sql as $$select 'same'$$;"
     "create cast (d as text) with function less(d); create table t (id int primary key, d d)",
     "insert into t values (1, row(1, 'x'))", "insert into t values (1, row(2, 'x'))",
     kInconsistent, "1 different"},
    {"cast of a key to text that prints otherwise",
     "create type e as enum ('a', 'b', 'c');"
     "create function other(e) returns text immutable language sql as"
     " $$select case $1 when 'a'::e then 'z' else 'y' end$$;"
     "create cast (e as text) with function other(e) as assignment;"
     "create table t (e e primary key, v int); insert into t values ('a', 1), ('b', 2), ('c', 3)",
     "", "", kConsistent},
    {"NULL and a record of NULLs in a type that is read as text",
     "create extension citext; create type d as (a int, b citext);"
     "create table t (id int primary key, d d)",
     "insert into t values (1, null)", "insert into t values (1, row(null, null))", kInconsistent,
     "null against value"},
    {"foreign table whose server is away",
     "create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');"
     "create user mapping for public server s options (user 'a', password 'b');"
     "create foreign table f (id int) server s; create table t (id int primary key)",
     "", "", Verdict::could_not_tell, "consistent     public.t",
     "create extension postgres_fdw; grant usage on foreign data wrapper postgres_fdw to public"},
    {"partition of the destination alone",
     "create table t (id int primary key) partition by range (id);"
     "create table t1 partition of t for values from (1) to (9)",
     "", "create table t2 partition of t default", kConsistent, "public.t2"},
    {"names and values that draw on the report",
     "create table \"t\nconsistent\" (id int primary key, v text)",
     "insert into \"t\nconsistent\" values (1, E'\\x1b[2J')", "", kInconsistent,
     "public.t\\x0aconsistent"},
};

TEST_F(Pairs, ReadsRowsByWhatTheyMean) {
    request_.structure = false;
    for (const Pair& pair : kRows) {
        judge(pair);
    }
}

TEST_F(Pairs, NamesWhatIsComparedWithNothing) {
    judge({"large objects", "create table t (id int primary key)",
           "select lo_from_bytea(0, '\\xaa'); create materialized view m as select 1 as x", "",
           kConsistent, "1 large objects"});
    judge({"views", "create table t (id int primary key)",
           "create materialized view m as select 1 as x", "", kConsistent,
           "1 materialized views with their rows"});
    judge({"row security", "create table t (id int primary key)",
           "alter table t enable row level security", "", kConsistent, "row security"});
}

/// The task file's own selection, whoever has carried it.
TEST_F(Pairs, CountsNoForeignKeyThatLeavesTheSelection) {
    request_.objects.include = {"public.child"};
    const Pair pair{"subset",
                    "",
                    "create table parent (id int primary key);"
                    "create table child (id int primary key, parent int references parent)",
                    "create table child (id int primary key, parent int)",
                    kConsistent,
                    "left out by the task"};
    judge(pair);
    request_.objects.include.clear();
    request_.tables = {"public.child"};
    judge({"the same, asked for by --table", pair.both, pair.source, pair.destination,
           kInconsistent, "missing foreign key"});
    request_.tables.clear();
    request_.mapping.excluded_columns[{"public", "t"}] = {"b"};
    judge({"keys, indexes and checks over a column that is excluded", "",
           "create table t (a int primary key, b int unique, check (b > a)); create index on t (b);"
           "create index on t ((b + a))",
           "create table t (a int primary key)", kConsistent, "excludes"});
}

TEST_F(Pairs, GivesNoVerdictOnTablesOfOpenWriters) {
    const char* const tables =
        "create table t (id int primary key, v int); create table u (id int primary key);"
        "create table p (id int primary key) partition by range (id);"
        "create table p1 partition of p for values from (0) to (9)";
    PostgresClient(accounts().application).query(tables);
    const fixtures::PostgresEndpoint destination = make_destination("destination");
    PostgresClient(destination).query(tables);
    request_.source = accounts().mover.as_plan();
    request_.destination = destination.as_plan();
    request_.tables = {"public.t", "public.p"};
    EXPECT_EQ(run(request_).verdict, Verdict::consistent);
    const auto expect = [&](Verdict verdict, const char* says) {
        const Result result = run(request_);
        EXPECT_EQ(to_string(result.verdict), to_string(verdict)) << says;
        EXPECT_THAT(result.reasons, testing::Contains(testing::HasSubstr(says)));
    };
    PostgresClient writer(accounts().application);
    const std::string pid = "pid " + writer.value("select pg_backend_pid()");
    writer.query("begin; insert into u values (1)");
    expect(Verdict::consistent, "");
    EXPECT_THAT(run(request_).not_compared,
                testing::Contains(testing::HasSubstr("1 open transactions")));
    writer.query("insert into t values (1)");
    expect(Verdict::could_not_tell, pid.c_str());
    request_.ignore_open_writers = true;
    expect(Verdict::consistent, "");
    request_.ignore_open_writers = false;
    writer.query("rollback; begin; insert into p1 values (1)");
    expect(Verdict::could_not_tell, "public.p and");
    writer.query("rollback; begin; lock table t in row exclusive mode");
    expect(Verdict::consistent, "");  // nothing is written
    writer.query("rollback");
    PostgresClient other(destination);
    other.query("begin; update t set v = 1; insert into t values (2)");
    expect(Verdict::could_not_tell, "open at the destination");
}

class PreparedWriters : public tests::LiveServers {};

TEST_F(PreparedWriters, AreNamedByTheirIdentifier) {
    const auto server =
        servers().postgres({"prepared", 17, {{"max_prepared_transactions", "5"}}, {}});
    const tests::SourceAccounts source = tests::make_source_database(*server, "here");
    const fixtures::PostgresEndpoint destination =
        tests::make_destination_database(*server, "there");
    PostgresClient(source.application).query("create table t (id int primary key)");
    PostgresClient(destination).query("create table t (id int primary key)");
    PostgresClient(source.application)
        .query("begin; insert into t values (1); prepare transaction 'order-7'");
    const Request request = request_between(source.mover, destination);
    const Result result = run(request);
    EXPECT_EQ(result.verdict, Verdict::could_not_tell);
    EXPECT_THAT(result.reasons, testing::Contains(testing::HasSubstr("`order-7`")));
    PostgresClient(source.application).query("rollback prepared 'order-7'");
    EXPECT_EQ(run(request).verdict, Verdict::consistent);
}

TEST_F(Pairs, JudgesWithoutATableThatOthersHaveLocked) {
    const char* const tables =
        "create table a (id int primary key, v int check (v > 0));"
        "create table b (id int primary key, v int check (v > 0)); insert into b values (1, 1)";
    PostgresClient(accounts().application).query(tables);
    const fixtures::PostgresEndpoint destination = make_destination("destination");
    PostgresClient(destination).query(tables);
    PostgresClient holder(destination);
    holder.query("begin; lock table b");
    request_.source = accounts().mover.as_plan();
    request_.destination = destination.as_plan();
    request_.lock_wait = std::chrono::seconds(1);
    for (const unsigned jobs : {1u, 3u}) {
        request_.jobs = jobs;
        const Result result = run(request_);
        EXPECT_EQ(result.verdict, Verdict::could_not_tell);
        ASSERT_EQ(result.tables.size(), 2u);
        EXPECT_EQ(result.tables[0].verdict, Verdict::consistent);
        EXPECT_THAT(
            result.tables[1].reason,
            testing::AllOf(testing::HasSubstr(destination.database),
                           testing::HasSubstr("lock timeout"), testing::HasSubstr("--lock-wait")));
        EXPECT_THAT(result.reasons, testing::Contains(testing::StartsWith("structure")));
    }
    request_.tables = {"public.a"};
    EXPECT_EQ(run(request_).verdict, Verdict::consistent);
}

TEST_F(Pairs, SaysWhichEndIsLost) {
    PostgresClient(accounts().application).query("create table t (id int primary key)");
    const fixtures::PostgresEndpoint destination = make_destination("destination");
    PostgresClient(destination)
        .query(
            "create table t (id int primary key); insert into t select generate_series(1, 300000)");
    request_.source = accounts().mover.as_plan();
    request_.destination = destination.as_plan();
    bool lost = false;
    try {
        run(request_, [&](const Progress&) {
            server().connect().query(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" +
                destination.database + "'");
        });
    } catch (const model::Error& error) {
        lost = error.error_class() == model::ErrorClass::connection;
        EXPECT_THAT(error.message(), testing::HasSubstr(destination.database));
        EXPECT_THAT(error.hint(), testing::HasSubstr("verify again"));
    }
    EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace cutover::verify
