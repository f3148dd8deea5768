// engine::Source over a memory server. Chunks are key ranges or place ranges, by the server's
// personality (server.h says what each means once the first view has died).
//
// Range bytes: `L` low high (places, decimal; high -1: open), or `K` and two key bounds, or `W`
// (whole).
#pragma once

#include <memory>
#include <optional>

#include "migrator/engine/memory/database/session.h"
#include "migrator/engine/memory/row_filter.h"
#include "migrator/engine/source.h"

namespace cutover::memory {

/// The rows of a table plan as the source has them: which columns, which rows.
class SourceRows {
public:
    /// Of rows in the table's columns of now. Throws: refused (a column of the plan is gone).
    SourceRows(const plan::TablePlan& plan, const Table& table);
    /// Of rows in columns that the table had when they were written; nothing, if they are neither
    /// as the plan knows them nor as they were before the change that it was made after.
    static std::optional<SourceRows> written_in(const plan::TablePlan& plan,
                                                const std::vector<model::ColumnSchema>& columns);
    engine::Kept kept(const model::Tuple& row) { return filter_.keeps(row); }
    bool selected(const model::Tuple& row) { return kept(row) == engine::Kept::yes; }
    /// The plan's columns of a whole row.
    model::Tuple project(const model::Tuple& row) const;
    /// The same with every cell absent but the key's.
    model::Tuple project_key(const model::Tuple& row) const;
    /// Positions of the plan's columns in the table; nothing: such rows have not got it.
    const std::vector<std::optional<std::size_t>>& columns() const { return columns_; }
    /// Positions of the key's columns in the table.
    const std::vector<std::size_t>& key_columns() const { return key_columns_; }

private:
    SourceRows(const plan::TablePlan& plan, std::vector<std::optional<std::size_t>> columns);

    RowFilter filter_;
    std::vector<std::optional<std::size_t>> columns_;
    std::vector<std::optional<model::ColumnFill>> fills_;  ///< of those that rows have not got
    std::vector<std::size_t> key_columns_;
};

class MemorySource final : public engine::Source {
public:
    MemorySource(flow::Runtime& runtime, const Net& net, const plan::TaskSpec& spec,
                 flow::Waits* waits);

    std::unique_ptr<engine::Inspector> open_inspector() override;
    engine::CaptureOrigin create_capture(const plan::Plan& plan) override;
    engine::CaptureProof verify_capture(const engine::CaptureOrigin& origin,
                                        const model::Position& applied) override;
    engine::CaptureOrigin extend_capture(const plan::Plan& plan,
                                         const engine::CaptureOrigin& origin) override;
    void drop_capture(const plan::Plan& plan) override;
    std::vector<engine::AuxiliaryObject> auxiliary_objects(const plan::Plan& plan) override;
    model::ChunkView open_view(const plan::Plan& plan) override;
    void close_view() noexcept override;
    std::vector<model::Chunk> split(const plan::TablePlan& table, model::Bytes target) override;
    model::Chunk whole(const plan::TablePlan& table) override;
    engine::ResumeMode resume_mode(const plan::TablePlan& table,
                                   const std::vector<model::Chunk>& remaining,
                                   const model::ChunkView& original, bool with_log) override;
    void prepare_readers(std::uint32_t) override {}
    std::unique_ptr<engine::ChunkReader> open_reader() override;
    std::unique_ptr<engine::RowReader> open_row_reader() override;
    std::unique_ptr<engine::ChangeStream> open_changes(const plan::Plan& plan,
                                                       const engine::CaptureOrigin& origin,
                                                       const model::Position& from,
                                                       engine::LogReader reader) override;
    model::Position current_position() override;
    void heartbeat() override;
    model::Instant clock() override;
    std::vector<engine::SourceWriter> writers(const plan::Plan& plan) override;
    engine::FenceTry fence(const plan::Plan& plan) override;
    void lift_fence() override;
    std::string fence_text() const override { return "closed tables"; }
    std::string key_text(const plan::TablePlan& table, const model::Tuple& row) override;
    std::vector<model::SequenceSchema> sequences(const plan::Plan& plan) override;
    bool covers(const model::Position& by, const model::Position& position) const override;
    std::unique_ptr<engine::SeenTransactions> visible(const model::Stamp& stamp) const override;
    std::unique_ptr<engine::RangeIndex> index(
        const plan::TablePlan& table, const std::vector<model::ChunkRange>& ranges) const override;

    /// The open view, if it is still there. With the database locked; any thread.
    struct View {
        std::uint64_t number = 0;
        Snapshot snapshot;
        model::ChunkView view;
    };
    const View* live_view(Server& server) const;

    /// Throws: corrupt, if `place` is on a timeline that the server has left before it.
    static void check_place(const TimelineEnds& ends, const LogPlace& place);
    static std::string slot_name(const plan::TaskSpec& spec) { return "cutover_" + spec.name; }

private:
    flow::Runtime& runtime_;
    const Net net_;
    plan::TaskSpec spec_;
    Session session_;
    std::optional<View> view_;
    std::shared_ptr<TimelineEnds> ends_ = std::make_shared<TimelineEnds>();
};

}  // namespace cutover::memory
