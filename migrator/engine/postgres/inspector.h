// Facts about one PostgreSQL server and database that engine::Inspector asks for. catalog.h reads
// the catalog itself; requirements.h lists what a migration needs.
#pragma once

#include <memory>
#include <optional>

#include "migrator/engine/inspector.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/plan/endpoint.h"

namespace cutover::postgres {

/// Connects at the first call, and again after the connection was lost; to a standby only if no
/// host is writable.
class PostgresInspector final : public engine::Inspector {
public:
    explicit PostgresInspector(std::shared_ptr<SessionPool> sessions);
    ~PostgresInspector() override;

    engine::ServerFacts server() override;
    model::Catalog catalog(const plan::ObjectSelection& selection) override;
    std::vector<engine::Requirement> requirements(engine::Topic topic, const plan::TaskSpec& spec,
                                                  const model::Catalog& catalog,
                                                  bool as_source) override;
    std::vector<model::ObjectName> non_empty(const std::vector<model::ObjectName>& tables) override;
    std::optional<engine::Trial> try_steps(const std::vector<plan::SchemaStep>& steps) override;

private:
    Connection& connection();

    std::shared_ptr<SessionPool> sessions_;
    std::optional<Connection> connection_;
    bool at_standby_ = false;
};

std::unique_ptr<engine::Inspector> make_inspector(const plan::Endpoint& endpoint);

}  // namespace cutover::postgres
