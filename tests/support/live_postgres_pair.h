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
    /// A new, empty database of the other version; dropped with the test.
    fixtures::PostgresEndpoint make_other(const std::string& suffix) {
        return others_.make(suffix);
    }

private:
    TestDatabases others_{Other};
};

}  // namespace cutover::tests
