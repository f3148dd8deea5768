// What the user asked for. A TaskSpec is complete and within the documented ranges, or it does not
// exist. Read from a task file by task_file.h. It knows names as they are written and no catalog:
// plan.h is the spec resolved.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/model/name.h"
#include "migrator/model/units.h"
#include "migrator/plan/endpoint.h"

namespace cutover::plan {

struct Phases {
    bool schema = true;
    bool full = true;
    bool incremental = true;
};

/// `schema.table` patterns with `*` and `?`; a bare `schema` or `schema.*` means all its tables.
struct ObjectSelection {
    std::vector<std::string> include;  ///< empty: every user schema
    std::vector<std::string> exclude;  ///< wins over include

    bool selects(const model::ObjectName& table) const;
};

/// Renames; a name that is not listed stays as it is.
struct NameMapping {
    std::map<std::string, std::string> schemas;
    std::map<model::ObjectName, model::ObjectName> tables;
    std::map<model::ObjectName, std::map<std::string, std::string>> columns;  ///< by source table
    std::map<model::ObjectName, std::set<std::string>> excluded_columns;

    model::ObjectName table(const model::ObjectName& source) const;
    std::string column(const model::ObjectName& source_table, const std::string& column) const;
    bool empty() const { return schemas.empty() && tables.empty() && columns.empty(); }
};

enum class ConflictRule : std::uint8_t { precheck, ignore };

/// An absent value means unlimited.
struct Throttle {
    std::optional<model::Rows> rows_per_second;
    std::optional<model::Bytes> bytes_per_second;
    std::optional<std::uint64_t> queries_per_second;  ///< limits the reads of the full copy
};

struct Limits {
    std::uint32_t workers = 2;                   ///< parallel chunk copies, index builds
    std::uint32_t lanes = 2;                     ///< parallel apply lanes
    model::Bytes memory{192ull << 20};           ///< of rows and changes in flight
    model::Bytes chunk_bytes{32ull << 20};       ///< target size of a chunk
    model::Bytes batch_bytes{16ull << 20};       ///< of one apply batch, at the most
    std::uint32_t batch_transactions = 20000;    ///< in one apply batch, at the most
    std::chrono::milliseconds batch_delay{200};  ///< a batch waits no longer than this to fill up
    Throttle full;
    Throttle incremental;
};

struct RetryWindows {
    std::chrono::seconds connection{std::chrono::minutes(720)};
    std::chrono::seconds operation{std::chrono::minutes(10)};
};

struct TaskSpec {
    std::string name;  ///< [a-z0-9_]{1,40}: part of the names of slot, publication and control rows
    Endpoint source;
    Endpoint destination;
    Phases phases;
    ObjectSelection objects;
    NameMapping mapping;
    std::map<model::ObjectName, std::string> filters;  ///< by source table, in the source's SQL
    ConflictRule conflict = ConflictRule::precheck;
    Limits limits;
    RetryWindows retry;
    std::set<std::string> ignored_findings;
    bool set_replica_identity = true;   ///< set FULL where the log would not name the old row
    std::chrono::seconds heartbeat{2};  ///< 0: off
    std::string spill_directory;  ///< for transactions larger than memory; default: the system's
};

}  // namespace cutover::plan
