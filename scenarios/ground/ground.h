// What a rehearsal stands on: the servers of both ends, the links between them and the migrator,
// and the few things that only somebody who knows the engines can do (load rows, promote a standby,
// drop a slot, look at sequences). One class per pair of engines; the rehearsal, the faults and the
// assertions know only this interface. It neither decides when something happens nor judges what
// came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/side.h"
#include "migrator/plan/endpoint.h"
#include "scenarios/evidence/evidence.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::fixtures {
class LinkProxy;
class ServerFactory;
}  // namespace cutover::fixtures

namespace cutover::scenarios {

using model::Side;

/// Which server: the standby counts for the source's side.
enum class Role : std::uint8_t { source, standby, destination };

std::string_view to_string(Role role);
/// Throws: refused, naming the roles there are.
Role parse_role(const std::string& text);

struct LoadedData {
    std::uint64_t rows = 0;
    std::uint64_t tables = 0;
};

/// One thread. Faults return when they have landed, with what was seen as proof.
class Ground {
public:
    virtual ~Ground() = default;

    virtual std::string description() const = 0;
    virtual std::string body() const = 0;
    virtual std::map<std::string, std::string> versions() = 0;

    /// An end for the workloads: straight to the servers, all that may be primary. At the source
    /// with the account of the application, which owns the tables; at the destination with one
    /// that may see everything.
    virtual plan::Endpoint direct(Side side) const = 0;
    /// An end for the migrator: through the links, as the scenario's TLS mode wants it, with the
    /// smallest account that the program's README documents.
    virtual plan::Endpoint through_links(Side side) const = 0;
    /// An end for the judge: the migrator's account, straight to the servers.
    virtual plan::Endpoint behind_links(Side side) const = 0;
    virtual bool has(Role role) const = 0;
    /// Requires: has(role).
    virtual fixtures::LinkProxy& link(Role role) = 0;

    virtual LoadedData load(const DatasetChoice& dataset, std::uint64_t seed) = 0;
    /// Once the rows are there: lets the standby catch up, so that a failover starts from a fair
    /// place.
    virtual void settle() = 0;

    // Faults on servers.
    virtual std::string kill(Role role) = 0;
    /// Starts a killed server again and waits until it answers.
    virtual std::string start(Role role) = 0;
    virtual std::string restart(Role role) = 0;
    virtual std::string pause(Role role) = 0;
    virtual std::string resume(Role role) = 0;
    virtual std::string partition(Role role) = 0;
    virtual std::string heal_partition(Role role) = 0;
    /// Kills the primary for good and makes the standby the primary.
    virtual std::string fail_over() = 0;
    bool failed_over() const { return failed_over_; }
    /// What the standby keeps of the task, once it would lose nothing if it were promoted now.
    virtual std::optional<std::string> standby_ready(const std::string& task) = 0;

    // What the engines know of a task.
    virtual std::string drop_capture(const std::string& task) = 0;
    virtual std::string recreate_capture(const std::string& task) = 0;
    virtual std::vector<AuxiliaryRecord> auxiliary(const std::string& task) = 0;
    virtual std::vector<SequenceState> sequences() = 0;
    /// Runs statements at one end, in one go, as written, with the account of direct(). The rows
    /// they wrote, those of the server's own catalogs (a new table) among them.
    virtual std::uint64_t run_statements(Side side, const std::string& statements) = 0;
    /// Writes at the source in a transaction that stays open, or prepared; says who it is. One at a
    /// time.
    virtual std::string begin_transaction(const std::string& statements, bool prepared) = 0;
    /// Requires: begin_transaction().
    virtual std::string commit_transaction() = 0;
    /// Changes if any row of the destination's user tables changes.
    virtual std::string destination_fingerprint() = 0;
    /// Where the source's log ends now, and whether the destination says that it has applied so
    /// much.
    virtual std::string end_of_source_log() = 0;
    virtual bool applied(const std::string& task, const std::string& position) = 0;

    /// What must never be seen in a log.
    virtual std::vector<std::string> secrets() const = 0;
    /// Copies the servers' logs there.
    virtual std::vector<std::filesystem::path> copy_logs(const std::filesystem::path& folder) = 0;

protected:
    bool failed_over_ = false;
};

/// The ground that a topology asks for, servers running. Throws: refused (no such engine),
/// ServerError.
std::unique_ptr<Ground> make_ground(const Topology& topology, fixtures::ServerFactory& servers);

}  // namespace cutover::scenarios
