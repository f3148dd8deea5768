// The ground of PostgreSQL -> PostgreSQL: a primary, on request its physical standby, a
// destination, and a proxy before each. Everything that a rehearsal knows about PostgreSQL stands
// here.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "fixtures/link_proxy.h"
#include "fixtures/postgres/postgres_account.h"
#include "fixtures/postgres/postgres_server.h"
#include "scenarios/ground/ground.h"

namespace cutover::scenarios {

class PostgresGround : public Ground {
public:
    /// Starts the servers. Throws ServerError.
    PostgresGround(const Topology& topology, fixtures::ServerFactory& servers);
    ~PostgresGround() override;

    std::string description() const override;
    std::string body() const override;
    std::map<std::string, std::string> versions() override;
    plan::Endpoint direct(Side side) const override;
    plan::Endpoint through_links(Side side) const override;
    plan::Endpoint behind_links(Side side) const override;
    fixtures::LinkProxy& link(Role role) override;
    bool has(Role role) const override {
        return role != Role::standby || standby_.server != nullptr;
    }

    LoadedData load(const DatasetChoice& dataset, std::uint64_t seed) override;
    void settle() override;

    std::string kill(Role role) override;
    std::string start(Role role) override;
    std::string restart(Role role) override;
    std::string pause(Role role) override;
    std::string resume(Role role) override;
    std::string partition(Role role) override;
    std::string heal_partition(Role role) override;
    std::string fail_over() override;
    std::optional<std::string> standby_ready(const std::string& task) override;

    std::string drop_capture(const std::string& task) override;
    std::string recreate_capture(const std::string& task) override;
    std::vector<AuxiliaryRecord> auxiliary(const std::string& task) override;
    std::vector<SequenceState> sequences() override;
    std::uint64_t run_statements(Side side, const std::string& statements) override;
    std::string begin_transaction(const std::string& statements, bool prepared) override;
    std::string commit_transaction() override;
    std::string destination_fingerprint() override;
    std::string end_of_source_log() override;
    bool applied(const std::string& task, const std::string& position) override;

    std::vector<std::string> secrets() const override;
    std::vector<std::filesystem::path> copy_logs(const std::filesystem::path& folder) override;

private:
    struct Stand {
        std::unique_ptr<fixtures::PostgresServer> server;
        std::unique_ptr<fixtures::LinkProxy> link;
    };

    Stand& stand(Role role);
    const Stand& stand(Role role) const;
    void add_link(Stand& stand);
    void end(Stand& stand);
    plan::Endpoint endpoint(Side side, bool linked, const fixtures::PostgresAccount& account) const;
    const fixtures::PostgresAccount& migrator(Side side) const;
    /// Whichever server of that side is writable.
    const fixtures::PostgresServer& writable(Side side) const;
    /// A superuser's connection to it: faults and looks need one.
    fixtures::PostgresClient client(Side side) const;
    /// The same with the account of direct().
    fixtures::PostgresClient application_client(Side side) const;
    std::set<std::string> tables_with_full_identity() const;

    Topology topology_;
    fixtures::ServerFactory& servers_;
    Stand source_;
    Stand standby_;
    Stand destination_;
    fixtures::PostgresAccount application_;           ///< owns database and tables of the source
    fixtures::PostgresAccount reader_;                ///< the migrator's at the source
    fixtures::PostgresAccount writer_;                ///< the migrator's at the destination
    std::unique_ptr<fixtures::PostgresClient> open_;  ///< in a transaction of somebody else
    bool prepared_ = false;
    std::set<std::string> full_identity_before_;  ///< tables that had it before the task
};

}  // namespace cutover::scenarios
