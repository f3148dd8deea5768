// A source with one table and an empty destination for the precheck, with the documented accounts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/precheck/precheck.h"
#include "migrator/precheck/text.h"
#include "migrator/route/postgres_to_postgres.h"
#include "tests/support/live_postgres.h"

namespace cutover::precheck {

inline engine::Registry registry() {
    engine::EngineFactories factories;
    factories.inspector = postgres::make_inspector;
    factories.sink = postgres::make_sink;
    engine::Registry known;
    known.add_engine("postgres", std::move(factories));
    known.add_route("postgres", "postgres", std::make_unique<route::PostgresToPostgres>());
    return known;
}

class PrecheckTest : public tests::LivePostgres {
protected:
    void SetUp() override {
        tests::LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        destination_ = make_destination("destination");
        spec_.name = "shop";
        spec_.source = accounts().mover.as_plan();
        spec_.destination = destination_.as_plan();
        at_source("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    }

    void at_source(const std::string& sql) {
        fixtures::PostgresClient(accounts().application).query(sql);
    }
    void at_destination(const std::string& sql) {
        fixtures::PostgresClient(destination_).query(sql);
    }
    /// What only a superuser may do, or somebody who is not the task's account.
    void strong_at_source(const std::string& sql) { connect().query(sql); }
    void strong_at_destination(const std::string& sql) {
        server().connect(destination_.database).query(sql);
    }
    /// Codes of what blocks.
    std::vector<std::string> blocks() { return codes(model::Severity::block); }
    std::vector<std::string> alerts() { return codes(model::Severity::alert_ignorable); }
    std::vector<std::string> codes(model::Severity severity) {
        const Facts facts = gather(registry(), spec_);
        const Report report = ask(facts);
        std::ostringstream text;
        print(text, facts, report);
        text_ = text.str();
        std::vector<std::string> found;
        for (const Answer& answer : report.answers) {
            for (const model::Finding& finding : answer.findings) {
                if (finding.severity == severity) {
                    found.push_back(finding.code);
                }
            }
        }
        return found;
    }

    plan::TaskSpec spec_;
    fixtures::PostgresEndpoint destination_;
    std::string text_;  ///< the report that codes() has read
};

}  // namespace cutover::precheck
