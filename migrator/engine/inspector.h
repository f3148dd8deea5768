// Facts about one end, for planning, precheck and verification. Changes nothing: what is tried is
// undone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"
#include "migrator/plan/task_spec.h"

namespace cutover::engine {

struct ServerFacts {
    std::string engine;             ///< `PostgreSQL 17.5`
    int version = 0;                ///< major version
    std::string system_identifier;  ///< the same on a primary and its standbys
    bool writable = true;           ///< false on a standby
    bool superuser = false;
    bool private_line = true;  ///< encrypted, or the bytes do not leave this machine
};

/// One thing a phase needs of a server, with what was found. The engine knows the list; precheck
/// turns those that are not met into findings.
struct Requirement {
    model::Finding finding;  ///< says what was found either way; meaningful as a finding if not met
    bool met = true;
};

/// Which question of the precheck a requirement answers.
enum class Topic : std::uint8_t {
    version,           ///< is this server one we know
    capture_settings,  ///< wal_level and its like
    capture_capacity,  ///< free slots and senders
    log_retention,     ///< how long the log is kept
    privileges,        ///< per selected phase
    filters,           ///< is each row filter a condition that the source takes
    replica_identity,  ///< per table
    object_kinds,      ///< what is there that is not carried
    needed_objects,    ///< is there what carried definitions are made of
};

/// A statement of the schema phase that a destination does not take.
struct Complaint {
    std::string object;  ///< of the step
    std::string message;
    std::string hint;
    bool exists = false;  ///< something of that name is there already
};

/// What came of trying.
struct Trial {
    std::vector<Complaint> complaints;  ///< without those that follow from another
    std::size_t tried = 0;              ///< the first so many
};

/// One connection, one thread.
class Inspector {
public:
    virtual ~Inspector() = default;
    /// Throws: connection.
    virtual ServerFacts server() = 0;
    /// Everything the selection names, with types and sequences those tables need, and the objects
    /// beside them that are not carried. Throws: connection, refused (no right to read the
    /// catalog).
    virtual model::Catalog catalog(const plan::ObjectSelection& selection) = 0;
    /// What `spec` needs of this end as a source or as a destination. `catalog`: of a source, what
    /// is carried; of a destination, the tables and sequences that are written to and are there
    /// already, the schemas in which the schema phase makes objects, and what these need.
    virtual std::vector<Requirement> requirements(Topic topic, const plan::TaskSpec& spec,
                                                  const model::Catalog& catalog,
                                                  bool as_source) = 0;
    /// Which of these tables exist and hold at least one row. Never counts.
    virtual std::vector<model::ObjectName> non_empty(
        const std::vector<model::ObjectName>& tables) = 0;
    /// Executes steps, in their order, where nobody sees them, and undoes them all: `complaints`
    /// are what the schema phase would fail with. The tables that they make must not be there.
    /// Nothing if the engine cannot undo such statements. Throws: connection.
    virtual std::optional<Trial> try_steps(const std::vector<plan::SchemaStep>& steps) = 0;
};

}  // namespace cutover::engine
