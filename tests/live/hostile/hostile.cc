#include "tests/live/hostile/hostile.h"

#include <fmt/format.h>

namespace cutover::tests {

namespace {

constexpr const char* kSecret = "eves-own";

}  // namespace

void Hostile::SetUp() {
    LivePostgresBase::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    new_ = make_database("new");
    eve_ = "eve_" + endpoint().database;
    at_old(fmt::format("CREATE ROLE \"{}\" LOGIN PASSWORD '{}'", eve_, kSecret));
    for (const fixtures::PostgresEndpoint& end : {endpoint(), new_}) {
        fixtures::PostgresClient(end).query(
            fmt::format("GRANT CREATE ON DATABASE \"{}\" TO \"{}\"", end.database, eve_));
        fixtures::PostgresClient(end.as_user(eve_, kSecret)).query("CREATE SCHEMA eve");
    }
}

void Hostile::TearDown() {
    const std::string role = eve_;
    LivePostgresBase::TearDown();
    if (!role.empty()) {
        server().connect().query(fmt::format("DROP ROLE \"{}\"", role));
    }
}

fixtures::PostgresEndpoint Hostile::old_as_eve() const {
    return endpoint().as_user(eve_, kSecret);
}

fixtures::PostgresEndpoint Hostile::new_as_eve() const {
    return new_.as_user(eve_, kSecret);
}

bool Hostile::eve_has_risen() {
    return of_new(fmt::format("SELECT rolsuper FROM pg_roles WHERE rolname = '{}'", eve_)) == "t";
}

std::string Hostile::harm() const {
    const std::string body = fmt::format(
        "BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
        " THEN ALTER ROLE \"{}\" SUPERUSER; END IF; ",
        eve_);
    return fmt::format(
        "CREATE FUNCTION eve.harm() RETURNS boolean LANGUAGE plpgsql AS $$ {0} RETURN true; END $$;"
        "CREATE FUNCTION eve.harmful() RETURNS trigger LANGUAGE plpgsql AS $$ {0} RETURN NEW; END "
        "$$;",
        body);
}

}  // namespace cutover::tests
