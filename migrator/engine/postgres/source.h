// PostgreSQL as a source: capture (capture.h), views and readers (chunk_reader.h) and the log
// (change_stream.h) behind engine::Source. It keeps what these share in one process: the live view,
// the files that the tables had when the slot was made, and the history of the server that answers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/capture/capture.h"
#include "migrator/engine/postgres/copy/chunk_reader.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/engine/source.h"

namespace cutover::postgres {

class PostgresSource final : public engine::Source, private SharedSnapshot {
public:
    PostgresSource(plan::TaskSpec spec, flow::Waits* waits);

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
    void prepare_readers(std::uint32_t count) override;
    std::unique_ptr<engine::ChunkReader> open_reader() override;
    std::unique_ptr<engine::RowReader> open_row_reader() override;
    std::unique_ptr<engine::ChangeStream> open_changes(const plan::Plan& plan,
                                                       const engine::CaptureOrigin& origin,
                                                       const model::Position& from,
                                                       engine::LogReader reader) override;
    /// Also throws: refused (somebody has changed the publication).
    model::Position current_position() override;
    /// Also throws: refused (somebody has changed the publication, which is checked every few
    /// seconds).
    void heartbeat() override;
    model::Instant clock() override;
    std::vector<engine::SourceWriter> writers(const plan::Plan& plan) override;
    engine::FenceTry fence(const plan::Plan& plan) override;
    void lift_fence() override;
    std::string fence_text() const override;
    std::string key_text(const plan::TablePlan& table, const model::Tuple& row) override;
    std::vector<model::SequenceSchema> sequences(const plan::Plan& plan) override;

    /// Throws: corrupt, if `position` was seen on a timeline that the present server left before
    /// that position: what the copy has of it never happened there.
    bool covers(const model::Position& by, const model::Position& position) const override;
    std::unique_ptr<engine::SeenTransactions> visible(const model::Stamp& stamp) const override;
    std::unique_ptr<engine::RangeIndex> index(
        const plan::TablePlan& table, const std::vector<model::ChunkRange>& ranges) const override;

private:
    std::string snapshot() const override;
    Connection& connection();
    void guard_publication();
    bool file_since_start(std::uint32_t oid, std::uint64_t file) const;

    plan::TaskSpec spec_;
    std::shared_ptr<SessionPool> sessions_;
    std::unique_ptr<SlotView> view_;      ///< the capture's, or one like it
    std::unique_ptr<SlotView> held_;      ///< a capture's view, until open_view() asks for it
    std::optional<Connection> exporter_;  ///< holds the view of a task without a log
    std::string exported_;
    HeapFiles files_;  ///< at the time of the capture; empty without a log
    PublicationAtStart publication_;
    std::optional<std::chrono::steady_clock::time_point> guarded_at_;
    std::atomic<std::shared_ptr<const TimelineHistory>> history_{nullptr};
    std::optional<Connection> connection_;
};

/// `waits`: belongs to the task on whose behalf the source works; null: there is none.
std::unique_ptr<engine::Source> make_source(flow::Runtime& runtime, const plan::TaskSpec& spec,
                                            flow::Waits* waits = nullptr);

}  // namespace cutover::postgres
