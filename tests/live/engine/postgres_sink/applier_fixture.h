// A destination with tables as DDL makes them, a plan over them and an applier.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/postgres/apply/change_applier.h"
#include "tests/live/engine/postgres_sink/sink_fixture.h"

namespace cutover::postgres {

using engine::ApplyMode;
using engine::MissingBase;
using model::ErrorClass;
using model::NetBatch;
using model::TableBatch;

/// Few rows travel with their statements, many through staging tables: both must do the same. With
/// limits of nothing, each row goes the way of the many.
class ChangeApplier : public SinkTest, public testing::WithParamInterface<InlineLimits> {
protected:
    /// One table `t` as DDL makes it, with a plan and an applier.
    void open(const std::string& ddl) { open(ddl, {"public.t"}); }
    void open(const std::string& ddl, const std::vector<std::string>& tables) {
        sql(ddl);
        plan_ = plan_of(tables);
        applier_ = open_applier();
    }
    std::unique_ptr<engine::ChangeApplier> open_applier() {
        if (!sessions_) {
            sessions_.emplace(spec_.destination);
        }
        return std::make_unique<PostgresChangeApplier>(
            *sessions_, plan_, Claim{"shop", control_->load("shop")->epoch}, GetParam());
    }
    std::vector<MissingBase> apply(const TableBatch& batch, ApplyMode mode = ApplyMode::strict) {
        return SinkTest::apply(*applier_, plan_, {{batch}}, mode);
    }
    model::Error failure_of(const TableBatch& batch, ApplyMode mode = ApplyMode::strict) {
        const model::Error error = error_of([&] { apply(batch, mode); });
        applier_->abort();
        return error;
    }
    std::string t() { return rows("SELECT * FROM t ORDER BY 1, 2"); }

    plan::Plan plan_;
    std::optional<SessionPool> sessions_;
    std::unique_ptr<engine::ChangeApplier> applier_;
};

}  // namespace cutover::postgres
