// PostgreSQL as a source: capture, views, readers and log behind engine::Source.
#pragma once

#include <memory>
#include <optional>

#include "migrator/engine/postgres/capture.h"
#include "migrator/engine/postgres/chunk_reader.h"
#include "migrator/engine/source.h"

namespace cutover::postgres {

class PostgresSource final : public engine::Source, private SharedSnapshot {
public:
    explicit PostgresSource(plan::TaskSpec spec) : spec_(std::move(spec)) {}

    std::unique_ptr<engine::Inspector> open_inspector() override;
    engine::CaptureOrigin create_capture(const plan::Plan& plan) override;
    engine::CaptureProof verify_capture(const engine::CaptureOrigin& origin,
                                        const model::Position& applied) override;
    void drop_capture(const plan::Plan& plan) override;
    std::vector<engine::AuxiliaryObject> auxiliary_objects(const plan::Plan& plan) override;

    model::ChunkView open_view(const plan::Plan& plan) override;
    void close_view() noexcept override;
    std::vector<model::Chunk> split(const plan::TablePlan& table, model::Bytes target) override;
    model::Chunk whole(const plan::TablePlan& table) override;
    engine::ResumeMode resume_mode(const plan::TablePlan& table,
                                   const std::vector<model::Chunk>& remaining,
                                   const model::ChunkView& original, bool with_log) override;
    std::unique_ptr<engine::ChunkReader> open_reader() override;
    std::unique_ptr<engine::RowReader> open_row_reader() override;
    std::unique_ptr<engine::ChangeStream> open_changes(const plan::Plan& plan,
                                                       const engine::CaptureOrigin& origin,
                                                       const model::Position& from) override;
    model::Position current_position() override;
    void heartbeat() override;
    model::Instant clock() override;
    std::vector<model::SequenceSchema> sequences(const plan::Plan& plan) override;

    bool covers(const model::Position& by, const model::Position& position) const override;
    bool visible(const model::Stamp& stamp, const model::TransactionId& id) const override;
    bool contains(const plan::TablePlan& table, const model::ChunkRange& range,
                  const model::Tuple& key) const override;

private:
    std::string snapshot() const override;
    Connection& connection();

    plan::TaskSpec spec_;
    std::unique_ptr<LiveCapture> capture_;    ///< of a capture made by this object
    model::Position capture_start_;
    std::optional<Connection> exporter_;      ///< holds the view of a task without a capture of its own
    std::string exported_;
    std::optional<Connection> connection_;
};

std::unique_ptr<engine::Source> make_source(flow::Runtime& runtime, const plan::TaskSpec& spec);

}  // namespace cutover::postgres
