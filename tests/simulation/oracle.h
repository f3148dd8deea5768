// Watches both databases and says whether the destination is what it must be. It knows nothing of
// stages or plans: mapping, filters and equality of rows are its own reading of the shape.
//
// Held at every commit of the destination once a table's copy has settled: its rows are exactly
// those of the source at the marker's position, while the task knows the source's columns of there
// and has followed all their changes. Held at every acknowledgement: not ahead of the
// durable marker. Of a destination that is not atomic the rows are looked at when the source is
// told what it may forget, and nothing beyond that has been begun. Held at the end: equal to the
// source at the fenced position; nothing written after the fence.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/server.h"
#include "migrator/task/cutover_evidence.h"
#include "tests/simulation/shape.h"
#include "tests/simulation/writer.h"

namespace cutover::simulation {

/// Sum of row hashes: equal for equal multisets of rows, whatever their order.
struct TableDigest {
    std::uint64_t sum = 0;
    std::uint64_t rows = 0;
    bool operator==(const TableDigest&) const = default;
};

class Oracle {
public:
    using Say = std::function<void(const std::string&)>;
    /// Everything must outlive it. Takes over the servers' callbacks. `fail` ends the seed;
    /// `trace`, if given, is told of every commit.
    Oracle(const Shape& shape, memory::Server& source, memory::Server& destination, Say fail,
           Say trace);

    /// The task has said that it is finished. `at_end_of_log`: nobody has written since.
    void check_finished(bool at_end_of_log);
    /// What the task says its cutover rests on is true: nothing was committed while it says that
    /// nothing was, and nobody who had written by then was overlooked.
    void check_evidence(const task::CutoverEvidence& evidence, const FirstWrites& first_writes);
    /// Every transaction behind the cutover was told.
    void check_told(const stage::LateWrites& late);
    /// True if the source has failed over after the cutover.
    bool left_behind() const { return left_behind_; }
    /// The task has said that its copy is complete (no incremental phase).
    void check_completed();
    /// True if the copy has settled and everything in the source's log is applied.
    bool caught_up() const;
    /// Somebody else changes this table at the destination: it is not compared any more.
    void expect_difference(const TableShape& table);
    /// Nothing may change from here on.
    void freeze() { frozen_ = true; }
    /// How often a chunk was begun beyond the once that is needed.
    std::uint64_t rework() const;
    std::uint64_t chunk_opens() const { return opens_total_; }
    std::uint64_t states_checked() const { return states_checked_; }

private:
    using Columns = std::shared_ptr<const std::vector<model::ColumnSchema>>;
    struct Point {
        std::uint64_t offset = 0;
        TableDigest digest;
        Columns columns;
    };
    struct Watched {
        const TableShape* shape = nullptr;
        std::vector<std::size_t> kept;  ///< columns of the source that are carried now
        std::vector<Point> history;
        TableDigest now;       ///< of the destination
        bool differs = false;  ///< on purpose
    };

    void add_initial_rows();
    void on_source_log(const memory::LogRecord& record);
    void on_source_failover();
    void on_source_altered(const memory::Table& table, std::uint64_t offset);
    void on_destination_altered(const memory::Table& table);
    /// True if the task has made its plan of these columns, and nothing of it is still to come.
    bool followed(const Watched& table, const Columns& columns);
    void on_destination_publish(const memory::LogRecord& record);
    void on_acknowledge(memory::LogPlace place);
    void on_chunk_open(const model::Chunk& chunk);
    void forget_opens_if_restarted(std::size_t table);
    void check_state(const char* when);
    void check_foreign_keys();
    bool settled(std::size_t table, std::uint64_t offset) const;
    bool on_present_past(memory::LogPlace place) const;
    const Point& source_at(const Watched& table, std::uint64_t offset) const;
    std::string row_text(const memory::Table& table, const std::vector<std::size_t>& columns,
                         const model::Tuple& row) const;
    bool carried(const Watched& table, const model::Tuple& row) const;
    bool concerns_the_task(const memory::LogRecord& record) const;
    void add(TableDigest& digest, const memory::Table& table,
             const std::vector<std::size_t>& columns, const model::Tuple& row, bool in) const;
    void compare_rows(const Watched& table, const char* when);
    memory::TaskRows* task_rows() const;
    void trace_record(const char* end, const memory::LogRecord& record) const;

    const Shape& shape_;
    memory::Server& source_;
    memory::Server& destination_;
    Say fail_, trace_;
    std::vector<Watched> tables_;  ///< in the order of the shape, which is that of the plan
    std::map<std::string, std::size_t> by_source_, by_destination_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> opens_;  ///< by table, number
    std::uint64_t opens_total_ = 0;
    std::uint64_t states_checked_ = 0;
    std::uint64_t last_marker_ = 0;
    std::string catalog_text_;  ///< as the task has it, and what it says
    model::Catalog catalog_;
    /// Value of the sequence when each transaction was committed, by place in the log.
    std::map<std::uint64_t, std::int64_t> sequence_at_;
    bool frozen_ = false;
    bool left_behind_ = false;  ///< the source has failed over after the cutover
};

}  // namespace cutover::simulation
