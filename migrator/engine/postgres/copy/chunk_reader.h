// Reads chunks (block ranges of a table) as binary COPY rows, under one of three views:
//
//   the first one   while the process that opened it lives, every reader imports its snapshot;
//   what it saw     after that: a view of its own on the primary, restricted to the row versions
//                   that the first view had seen. A version that is still there has not changed
//                   since; whatever has changed comes from the log. So the result is as of the
//                   first view, with holes that the log fills;
//   its own         for tables that are copied anew as a whole.
//
// And rows by key, those that are asked for together under one view of their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/engine/source.h"

namespace cutover::postgres {

/// Stamps are snapshots as pg_current_snapshot() prints them, marked with their origin. A slot's
/// own snapshot lists every transaction and subtransaction that it does not see, so that it can be
/// asked about a row version's xmin; other snapshots list top-level transactions only.
model::Stamp slot_stamp(const std::string& snapshot);
model::Stamp plain_stamp(const std::string& snapshot);
bool is_slot_stamp(const model::Stamp& stamp);
/// The snapshot's text.
std::string_view snapshot_text(const model::Stamp& stamp);

/// Blocks [first, end) of the heap file with this number.
struct BlockRange {
    static constexpr std::uint64_t kNoEnd = 0xFFFFFFFEu;  ///< the last block there can be

    std::uint64_t file = 0;
    std::uint64_t first = 0;
    std::uint64_t end = kNoEnd;
    /// The range is the whole table and is read under a view of its own, whatever view the copy
    /// began under.
    bool own_view = false;
};
model::ChunkRange to_range(const BlockRange& blocks);
/// Throws: corrupt.
BlockRange to_blocks(const model::ChunkRange& range);

/// Shared by all readers: the snapshot of the live first view, empty once that is gone. For any
/// thread.
class SharedSnapshot {
public:
    virtual ~SharedSnapshot() = default;
    virtual std::string snapshot() const = 0;
};

/// True if the rows of this table that `original` had seen can be recognised later.
bool can_read_residue(const plan::TaskSpec& spec, const plan::TablePlan& table,
                      const model::Stamp& original);

/// The application_name of sessions that read rows.
std::string reader_name(const plan::TaskSpec& spec);

/// Reads each chunk in one transaction, which holds no more than the table's lightest lock.
class PostgresChunkReader final : public engine::ChunkReader {
public:
    /// `sessions` and `shared` must outlive the reader.
    PostgresChunkReader(const plan::TaskSpec& spec, SessionPool& sessions,
                        const SharedSnapshot& shared);
    ~PostgresChunkReader() override;

    model::ChunkView open(const plan::TablePlan& table, const model::Chunk& chunk,
                          const model::ChunkView& first) override;
    bool next(model::RowBatch& batch, const engine::BatchLimit& limit) override;

private:
    bool join_first_view(const model::ChunkView& first);
    void lock_file(const plan::TablePlan& table, const BlockRange& blocks);
    Connection& connection();
    bool read_message(std::string& bytes);
    void require_size(std::string_view row) const;

    const plan::TaskSpec spec_;
    SessionPool& sessions_;
    const SharedSnapshot& shared_;
    std::optional<Connection> connection_;
    const plan::TablePlan* table_ = nullptr;  ///< the table that is being read
    bool header_pending_ = false;
    bool own_view_ = false;
};

class PostgresRowReader final : public engine::RowReader {
public:
    /// `sessions` must outlive the reader.
    PostgresRowReader(plan::TaskSpec spec, SessionPool& sessions)
        : spec_(std::move(spec)), sessions_(sessions) {}
    ~PostgresRowReader() override;
    engine::RowsRead read(const plan::TablePlan& table,
                          const std::vector<model::Tuple>& keys) override;

private:
    std::size_t read_some(const plan::TablePlan& table, const std::vector<model::Tuple>& keys,
                          std::size_t first, engine::RowsRead& out);

    const plan::TaskSpec spec_;
    SessionPool& sessions_;
    std::optional<Connection> connection_;
};

/// `id = 5`, like engine::Source::key_text().
std::string key_text(Connection& connection, const plan::TablePlan& table, const model::Tuple& row);

}  // namespace cutover::postgres
