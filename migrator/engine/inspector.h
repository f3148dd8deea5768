// Facts about one end, for planning, precheck and verification. Reads only; changes nothing.
#pragma once

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
    /// What `spec` needs of this end as a source or as a destination.
    virtual std::vector<Requirement> requirements(Topic topic, const plan::TaskSpec& spec,
                                                  const model::Catalog& catalog,
                                                  bool as_source) = 0;
    /// Which of these tables exist and hold at least one row. Never counts.
    virtual std::vector<model::ObjectName> non_empty(
        const std::vector<model::ObjectName>& tables) = 0;
};

}  // namespace cutover::engine
