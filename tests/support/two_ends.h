// A source and an empty destination for the program as a person runs it: two databases of the
// server that tests share, or of one that a test may break. It fills the source as the test says,
// and knows nothing of what is run between the two.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {

class TwoEnds : public LivePostgres {
protected:
    /// What the source holds before a test begins, and whatever else each test of the suite needs.
    virtual void fill() {}

    void begin() {
        server_ = &server();
        source_ = accounts();
        destination_ = make_destination("destination");
        fill();
    }
    /// On a server of this test's own.
    void begin_apart(const std::string& name,
                     const std::map<std::string, std::string>& settings = {}) {
        own_server_ = another_server(name, settings);
        server_ = own_server_.get();
        source_ = make_source_database(*server_, "source");
        destination_ = make_destination_database(*server_, "destination");
        fill();
    }
    static std::unique_ptr<fixtures::PostgresServer> another_server(
        const std::string& name, const std::map<std::string, std::string>& settings = {}) {
        std::string why;
        return factory(&why)->postgres({name, 17, settings, {}});
    }

    void at_source(const std::string& sql) const {
        fixtures::PostgresClient(source_.application).query(sql);
    }
    std::string of_source(const std::string& sql) const {
        return fixtures::PostgresClient(source_.application).value(sql);
    }
    std::string of_destination(const std::string& sql) const {
        return fixtures::PostgresClient(destination_).value(sql);
    }

    Program program_;
    std::unique_ptr<fixtures::PostgresServer> own_server_;
    fixtures::PostgresServer* server_ = nullptr;
    SourceAccounts source_;
    fixtures::PostgresEndpoint destination_;
};

}  // namespace cutover::tests
