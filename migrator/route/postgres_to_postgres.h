// PostgreSQL to PostgreSQL: which table goes where, with which columns, keys and lane.
#pragma once

#include <memory>

#include "migrator/engine/route.h"
#include "migrator/model/value_rule.h"

namespace cutover::route {

/// Stateless.
class PostgresToPostgres final : public engine::Route {
public:
    std::string name() const override { return "postgres -> postgres"; }
    /// What an xml value declares is kept by the server, and neither sent nor logged.
    std::vector<std::string_view> declared_rules() const override {
        return {model::kXmlDeclaration};
    }
    /// Before the schema phase the destination's tables and type ids are unknown; the plan made
    /// then is good for that phase only and must be made again after it.
    engine::Planned plan(const plan::TaskSpec& spec, const model::Catalog& source,
                         const model::Catalog& destination) const override;
    /// Without the schema phase no statement: the destination is to have been changed already.
    engine::Evolved evolve(const plan::TaskSpec& spec,
                           const engine::SchemaChange& change) const override;
};

}  // namespace cutover::route
