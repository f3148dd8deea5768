#include "migrator/engine/postgres/trust/sql_text.h"

#include <gmock/gmock.h>

#include "migrator/model/error.h"

namespace cutover::postgres {
namespace {

using testing::Contains;
using testing::Not;

std::string complaint(const std::string& text) {
    try {
        one_piece(text, "it");
        return "";
    } catch (const model::Error& error) {
        return error.code();
    }
}

TEST(SqlText, APieceThatAServerPrintsIsTaken) {
    for (const char* text : {"", "0", "'a;b--c(,'::text", "E'\\\\'::text", "E'a\\'),('", "(- 1)",
                             "(1 - '-1'::integer)", "nextval('app.\"odd;name\"'::regclass)",
                             "ARRAY[1, 2]", "(\"a,b\" > 0)", "CHECK ((n >= (0)::numeric))",
                             "CREATE INDEX i ON s.t USING btree (lower(a), b) WHERE (n > 1)",
                             "FOR VALUES FROM ('a''b') TO (MAXVALUE)", "numeric(12,2)",
                             "timestamp(3) with time zone"}) {
        EXPECT_EQ(complaint(text), "") << text;
    }
}

TEST(SqlText, WhatEndsTheStatementOrBeginsAnotherPartOfItIsRefused) {
    for (const char* text : {"1); DROP TABLE t; --", "1, b oid DEFAULT lo_create(1)",
                             "1) INHERITS (x", "(1", "1]", "(1]", "'a", "'a''", "\"a", "E'a\\'",
                             "1 -- x", "1 /* x", "$$x$$", "a;", "U&\"lo_create\"(1)", "U&'a'"}) {
        EXPECT_EQ(complaint(text), "source.text") << text;
    }
}

TEST(SqlText, NamesAllThatMayBeCalled) {
    const auto names = sql_names(
        "CREATE TABLE \"s\".\"t\" (a int DEFAULT LO_Create (1), b text DEFAULT pg_catalog . "
        "\"Odd\"(2),"
        " c text DEFAULT ('x'::text).pg_read_file, d bool CHECK (a OPERATOR(app.===) 1),"
        " e app.mood DEFAULT 'f(x)', g text DEFAULT E'\\'h(1)')");
    EXPECT_THAT(names, Contains(SqlName{"", "lo_create"}));
    EXPECT_THAT(names, Contains(SqlName{"pg_catalog", "Odd"}));
    EXPECT_THAT(names, Contains(SqlName{"", "pg_read_file"}));
    EXPECT_THAT(names, Contains(SqlName{"app", "==="}));
    EXPECT_THAT(names, Contains(SqlName{"app", "mood"}));
    EXPECT_THAT(names, Not(Contains(SqlName{"", "f"})));
    EXPECT_THAT(names, Not(Contains(SqlName{"", "h"})));
}

}  // namespace
}  // namespace cutover::postgres
