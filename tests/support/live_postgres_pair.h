// A test's own database on a server of one version, and more of them on a server of another.
#pragma once

#include "tests/support/live_postgres.h"

namespace cutover::tests {

template <int Version, int Other>
class LivePostgresPairOf : public LivePostgresOf<Version> {
protected:
    void SetUp() override {
        LivePostgresOf<Version>::SetUp();
        if (!this->IsSkipped() && !this->HasFatalFailure()) {
            others_.find_server();
        }
    }
    /// A new, empty database of the other version, as a source and as a destination; dropped with
    /// the test.
    SourceAccounts make_other_source(const std::string& suffix) {
        return others_.make_source(suffix);
    }
    fixtures::PostgresEndpoint make_other_destination(const std::string& suffix) {
        return others_.make_destination(suffix);
    }

private:
    TestDatabases others_{Other};
};

}  // namespace cutover::tests
