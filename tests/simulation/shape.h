// What one seed's world looks like: tables, writers, the task's limits, and how much goes wrong.
// Everything is drawn from the seed; a caller may cap the numbers, which is how a failing seed is
// made smaller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/server.h"
#include "migrator/plan/task_spec.h"
#include "tests/simulation/filter.h"
#include "tests/simulation/random.h"

namespace cutover::simulation {

/// Upper bounds for what a seed draws.
struct Caps {
    std::uint64_t tables = 1000, rows = 1000, writers = 1000, transactions = 1000, workers = 1000,
                  lanes = 1000, kills = 1000, faults = 1000, outages = 1000, commands = 1000,
                  alterations = 1000;
    bool operator==(const Caps&) const = default;
    /// As options of the program; empty if nothing is capped.
    std::string options() const;
};

struct TableShape {
    model::TableSchema schema;
    model::ObjectName destination;
    Filter filter;
    std::string excluded;  ///< a column that is left out, or empty

    std::size_t column(const std::string& name) const { return *schema.column_index(name); }
    bool keyless() const { return schema.keys.empty(); }
    bool has_parent() const { return !schema.foreign_keys.empty(); }
};

struct Outage {
    enum class Kind : std::uint8_t {
        source_restart,
        destination_restart,
        source_failover,
        slot_dropped,
        log_lost,
    };
    Kind kind = Kind::source_restart;
    std::uint64_t at_call = 0;  ///< engine calls of the task before it happens
    flow::Duration down{};
};

struct Kill {
    std::uint64_t at_point = 0;  ///< of the process, or
    std::string sync_point;      ///< at the n-th pass of a named point
    std::uint64_t pass = 1;
};

/// One call that goes wrong.
struct Trouble {
    std::uint64_t at_call = 0;
    bool commits_only = false;  ///< `at_call` counts commits
    memory::Fate fate = memory::Fate::pass;
};

struct Shape {
    std::uint64_t seed = 1;
    std::vector<TableShape> tables;
    std::uint64_t rows = 0;  ///< per table before the task starts
    std::uint64_t writers = 1;
    std::uint64_t transactions = 10;  ///< per writer
    bool truncates = false;
    bool writers_finish_first = true;  ///< finish is asked for when they are through
    plan::TaskSpec spec;
    memory::Personality personality = memory::Personality::location_ranges;
    engine::SinkTraits destination;
    bool counts_changes = false;  ///< memory::Server::counts_changes, of the destination
    bool redelivers = false;
    bool has_standby = false;
    bool synchronized = false;
    double slow_call_chance = 0;
    std::vector<Kill> kills;
    std::vector<Trouble> troubles;
    std::vector<Outage> outages;
    std::uint64_t commands = 0;  ///< pause, resume, throttle, stop by an operator
    /// Changes of tables' columns at the source, beside the writers.
    std::uint64_t alterations = 0;
    bool rival = false;  ///< a second process is started beside the first
    bool slow_to_show =
        false;  ///< commits may stay invisible for long, as with a slow synchronous standby
    bool long_transactions = false;  ///< writers may think for seconds with a transaction open
    std::string finish;              ///< what is asked of the cutover: task/finish_options.h
    bool bystander = false;          ///< somebody else holds rows at the destination for a while
    bool foreign_write =
        false;  ///< somebody else removes a row at the destination; it must be noticed

    /// True if something happens after which the task may rightly refuse to go on.
    bool may_fail_loudly() const;
};

Shape draw_shape(std::uint64_t seed, const Caps& caps);

}  // namespace cutover::simulation
