// A pair of databases with a role that wants to act with the account of the migration, and has
// nothing but LOGIN and CREATE on both: `eve`. Her code, wherever it is run, makes her a superuser
// if the account that runs it may do so.
#pragma once

#include <string>
#include <type_traits>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {

class Hostile : public LivePostgresBase {
protected:
    explicit Hostile(int version) : LivePostgresBase(version) {}

    void SetUp() override;
    void TearDown() override;

    const std::string& eve() const { return eve_; }
    fixtures::PostgresEndpoint old_as_eve() const;
    fixtures::PostgresEndpoint new_as_eve() const;
    void at_old(const std::string& sql) { connect().query(sql); }
    void at_new(const std::string& sql) { fixtures::PostgresClient(new_).query(sql); }
    void eve_at_old(const std::string& sql) { fixtures::PostgresClient(old_as_eve()).query(sql); }
    void eve_at_new(const std::string& sql) { fixtures::PostgresClient(new_as_eve()).query(sql); }
    std::string of_new(const std::string& sql) { return fixtures::PostgresClient(new_).value(sql); }
    /// The task `bad_input` with the strongest account at both ends.
    std::string task(const std::string& more) { return program_.task(endpoint(), new_, more); }
    Said run(const std::vector<std::string>& arguments) { return program_.run(arguments); }
    /// True once her code was run by a superuser.
    bool eve_has_risen();
    /// `CREATE FUNCTION` of her code, as eve.harm(), and the table that it is a trigger's, too.
    std::string harm() const;

    Program program_;
    fixtures::PostgresEndpoint new_;

private:
    std::string eve_;
};

template <typename Version>
class HostileAt : public Hostile {
protected:
    HostileAt() : Hostile(Version::value) {}
};

using Versions = testing::Types<std::integral_constant<int, 15>, std::integral_constant<int, 17>,
                                std::integral_constant<int, 18>>;

}  // namespace cutover::tests
