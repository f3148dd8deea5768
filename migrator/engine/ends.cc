#include "migrator/engine/ends.h"

#include <utility>

#include "migrator/model/error.h"

namespace cutover::engine {

using model::Side;

namespace {

class InspectorAtEnd final : public Inspector {
public:
    InspectorAtEnd(std::unique_ptr<Inspector> inspector, Side end)
        : inspector_(std::move(inspector)), end_(end) {}

    ServerFacts server() override {
        return at_side(end_, [&] { return inspector_->server(); });
    }
    model::Catalog catalog(const plan::ObjectSelection& selection) override {
        return at_side(end_, [&] { return inspector_->catalog(selection); });
    }
    std::vector<Requirement> requirements(Topic topic, const plan::TaskSpec& spec,
                                          const model::Catalog& catalog, bool as_source) override {
        return at_side(end_,
                       [&] { return inspector_->requirements(topic, spec, catalog, as_source); });
    }
    std::vector<model::ObjectName> non_empty(
        const std::vector<model::ObjectName>& tables) override {
        return at_side(end_, [&] { return inspector_->non_empty(tables); });
    }
    std::optional<Trial> try_steps(const std::vector<plan::SchemaStep>& steps) override {
        return at_side(end_, [&] { return inspector_->try_steps(steps); });
    }

private:
    const std::unique_ptr<Inspector> inspector_;
    const Side end_;
};

class ReaderAtSource final : public ChunkReader {
public:
    explicit ReaderAtSource(std::unique_ptr<ChunkReader> reader) : reader_(std::move(reader)) {}

    model::ChunkView open(const plan::TablePlan& table, const model::Chunk& chunk,
                          const model::ChunkView& first) override {
        return at_side(Side::source, [&] { return reader_->open(table, chunk, first); });
    }
    bool next(model::RowBatch& batch, const BatchLimit& limit) override {
        return at_side(Side::source, [&] { return reader_->next(batch, limit); });
    }

private:
    const std::unique_ptr<ChunkReader> reader_;
};

class RowReaderAtSource final : public RowReader {
public:
    explicit RowReaderAtSource(std::unique_ptr<RowReader> reader) : reader_(std::move(reader)) {}

    RowsRead read(const plan::TablePlan& table, const std::vector<model::Tuple>& keys) override {
        return at_side(Side::source, [&] { return reader_->read(table, keys); });
    }

private:
    const std::unique_ptr<RowReader> reader_;
};

class ChangesAtSource final : public ChangeStream {
public:
    explicit ChangesAtSource(std::unique_ptr<ChangeStream> changes)
        : changes_(std::move(changes)) {}

    StreamEvent next(std::chrono::milliseconds wait) override {
        return at_side(Side::source, [&] { return changes_->next(wait); });
    }
    void acknowledge(const model::Position& position) override {
        return at_side(Side::source, [&] { return changes_->acknowledge(position); });
    }

private:
    const std::unique_ptr<ChangeStream> changes_;
};

class SourceEnd final : public Source {
public:
    explicit SourceEnd(std::unique_ptr<Source> source) : source_(std::move(source)) {}

    std::unique_ptr<Inspector> open_inspector() override {
        return at_side(Side::source, [&]() -> std::unique_ptr<Inspector> {
            return std::make_unique<InspectorAtEnd>(source_->open_inspector(), Side::source);
        });
    }
    CaptureOrigin create_capture(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->create_capture(plan); });
    }
    CaptureProof verify_capture(const CaptureOrigin& origin,
                                const model::Position& applied) override {
        return at_side(Side::source, [&] { return source_->verify_capture(origin, applied); });
    }
    CaptureOrigin extend_capture(const plan::Plan& plan, const CaptureOrigin& origin) override {
        return at_side(Side::source, [&] { return source_->extend_capture(plan, origin); });
    }
    void drop_capture(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->drop_capture(plan); });
    }
    std::vector<AuxiliaryObject> auxiliary_objects(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->auxiliary_objects(plan); });
    }
    model::ChunkView open_view(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->open_view(plan); });
    }
    void close_view() noexcept override { source_->close_view(); }
    std::vector<model::Chunk> split(const plan::TablePlan& table, model::Bytes target) override {
        return at_side(Side::source, [&] { return source_->split(table, target); });
    }
    model::Chunk whole(const plan::TablePlan& table) override {
        return at_side(Side::source, [&] { return source_->whole(table); });
    }
    ResumeMode resume_mode(const plan::TablePlan& table, const std::vector<model::Chunk>& remaining,
                           const model::ChunkView& original, bool with_log) override {
        return at_side(Side::source,
                       [&] { return source_->resume_mode(table, remaining, original, with_log); });
    }
    void prepare_readers(std::uint32_t count) override {
        at_side(Side::source, [&] { source_->prepare_readers(count); });
    }
    std::unique_ptr<ChunkReader> open_reader() override {
        return at_side(Side::source, [&]() -> std::unique_ptr<ChunkReader> {
            return std::make_unique<ReaderAtSource>(source_->open_reader());
        });
    }
    std::unique_ptr<RowReader> open_row_reader() override {
        return at_side(Side::source, [&]() -> std::unique_ptr<RowReader> {
            return std::make_unique<RowReaderAtSource>(source_->open_row_reader());
        });
    }
    std::unique_ptr<ChangeStream> open_changes(const plan::Plan& plan, const CaptureOrigin& origin,
                                               const model::Position& from,
                                               LogReader reader) override {
        return at_side(Side::source, [&]() -> std::unique_ptr<ChangeStream> {
            return std::make_unique<ChangesAtSource>(
                source_->open_changes(plan, origin, from, reader));
        });
    }
    model::Position current_position() override {
        return at_side(Side::source, [&] { return source_->current_position(); });
    }
    void heartbeat() override {
        return at_side(Side::source, [&] { return source_->heartbeat(); });
    }
    model::Instant clock() override {
        return at_side(Side::source, [&] { return source_->clock(); });
    }
    std::vector<SourceWriter> writers(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->writers(plan); });
    }
    FenceTry fence(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->fence(plan); });
    }
    void lift_fence() override {
        at_side(Side::source, [&] { source_->lift_fence(); });
    }
    std::string fence_text() const override { return source_->fence_text(); }
    std::string key_text(const plan::TablePlan& table, const model::Tuple& row) override {
        return at_side(Side::source, [&] { return source_->key_text(table, row); });
    }
    std::vector<model::SequenceSchema> sequences(const plan::Plan& plan) override {
        return at_side(Side::source, [&] { return source_->sequences(plan); });
    }
    // Pure: what goes wrong in these is no server's doing.
    bool covers(const model::Position& by, const model::Position& position) const override {
        return source_->covers(by, position);
    }
    std::unique_ptr<SeenTransactions> visible(const model::Stamp& stamp) const override {
        return source_->visible(stamp);
    }
    std::unique_ptr<RangeIndex> index(const plan::TablePlan& table,
                                      const std::vector<model::ChunkRange>& ranges) const override {
        return source_->index(table, ranges);
    }

private:
    const std::unique_ptr<Source> source_;
};

class WriterAtDestination final : public ChunkWriter {
public:
    explicit WriterAtDestination(std::unique_ptr<ChunkWriter> writer)
        : writer_(std::move(writer)) {}

    void begin(const plan::TablePlan& table, const model::Chunk& chunk) override {
        return at_side(Side::destination, [&] { return writer_->begin(table, chunk); });
    }
    void write(const model::RowBatch& batch) override {
        return at_side(Side::destination, [&] { return writer_->write(batch); });
    }
    void commit(const model::ChunkReceipt& receipt) override {
        return at_side(Side::destination, [&] { return writer_->commit(receipt); });
    }
    void abort() noexcept override { writer_->abort(); }

private:
    const std::unique_ptr<ChunkWriter> writer_;
};

class ApplierAtDestination final : public ChangeApplier {
public:
    explicit ApplierAtDestination(std::unique_ptr<ChangeApplier> applier)
        : applier_(std::move(applier)) {}

    void begin() override {
        return at_side(Side::destination, [&] { return applier_->begin(); });
    }
    void stage(const model::NetBatch& part) override {
        return at_side(Side::destination, [&] { return applier_->stage(part); });
    }
    std::vector<MissingBase> apply(const std::vector<ApplyMode>& mode) override {
        return at_side(Side::destination, [&] { return applier_->apply(mode); });
    }
    void note_view(const model::ChunkReceipt& receipt) override {
        return at_side(Side::destination, [&] { return applier_->note_view(receipt); });
    }
    void commit(const model::Marker& marker) override {
        return at_side(Side::destination, [&] { return applier_->commit(marker); });
    }
    void abort() noexcept override { applier_->abort(); }
    std::string holder() const override { return applier_->holder(); }

private:
    const std::unique_ptr<ChangeApplier> applier_;
};

class ControlAtDestination final : public Control {
public:
    explicit ControlAtDestination(std::unique_ptr<Control> control)
        : control_(std::move(control)) {}

    std::optional<TaskRecord> load(const std::string& task) override {
        return at_side(Side::destination, [&] { return control_->load(task); });
    }
    TaskRecord claim(const std::string& task, const std::string& fingerprint,
                     const Claimant& who) override {
        return at_side(Side::destination, [&] { return control_->claim(task, fingerprint, who); });
    }
    bool is_held(const std::string& task) override {
        return at_side(Side::destination, [&] { return control_->is_held(task); });
    }
    std::vector<std::string> correct(const plan::Plan& plan) override {
        return at_side(Side::destination, [&] { return control_->correct(plan); });
    }
    void listen(const std::string& task, std::uint64_t epoch, const std::string& process) override {
        return at_side(Side::destination, [&] { return control_->listen(task, epoch, process); });
    }
    void save(const TaskRecord& record) override {
        return at_side(Side::destination, [&] { return control_->save(record); });
    }
    std::vector<model::Chunk> chunks() override {
        return at_side(Side::destination, [&] { return control_->chunks(); });
    }
    std::vector<model::ChunkReceipt> receipts() override {
        return at_side(Side::destination, [&] { return control_->receipts(); });
    }
    void add_chunks(const std::vector<model::Chunk>& chunks) override {
        return at_side(Side::destination, [&] { return control_->add_chunks(chunks); });
    }
    void restart_table(const plan::TablePlan& table,
                       const std::vector<model::Chunk>& chunks) override {
        return at_side(Side::destination, [&] { return control_->restart_table(table, chunks); });
    }
    std::vector<std::string> done_schema_steps() override {
        return at_side(Side::destination, [&] { return control_->done_schema_steps(); });
    }
    StoredPlan stored_plan(const std::string& task) override {
        return at_side(Side::destination, [&] { return control_->stored_plan(task); });
    }
    void store_catalog(const std::string& catalog) override {
        return at_side(Side::destination, [&] { return control_->store_catalog(catalog); });
    }
    void begin_evolution(const std::string& evolution,
                         const std::set<std::string>& forgotten) override {
        return at_side(Side::destination,
                       [&] { return control_->begin_evolution(evolution, forgotten); });
    }
    void adopt(const Adoption& adoption) override {
        return at_side(Side::destination, [&] { return control_->adopt(adoption); });
    }
    void end_evolution() override {
        return at_side(Side::destination, [&] { return control_->end_evolution(); });
    }
    void save_marker(const model::Marker& marker) override {
        return at_side(Side::destination, [&] { return control_->save_marker(marker); });
    }
    std::vector<Command> pending_commands() override {
        return at_side(Side::destination, [&] { return control_->pending_commands(); });
    }
    void answer_command(std::uint64_t id, const std::string& answer) override {
        return at_side(Side::destination, [&] { return control_->answer_command(id, answer); });
    }
    std::uint64_t post_command(const std::string& task, const Command& command) override {
        return at_side(Side::destination, [&] { return control_->post_command(task, command); });
    }
    std::optional<std::string> command_answer(std::uint64_t id) override {
        return at_side(Side::destination, [&] { return control_->command_answer(id); });
    }
    void publish_status(const std::string& json) override {
        return at_side(Side::destination, [&] { return control_->publish_status(json); });
    }
    std::string status(const std::string& task) override {
        return at_side(Side::destination, [&] { return control_->status(task); });
    }
    void fence(const std::string& cutover) override {
        return at_side(Side::destination, [&] { return control_->fence(cutover); });
    }
    void note_cutover(const std::string& cutover) override {
        return at_side(Side::destination, [&] { return control_->note_cutover(cutover); });
    }
    void release(const std::string& task) override {
        return at_side(Side::destination, [&] { return control_->release(task); });
    }

private:
    const std::unique_ptr<Control> control_;
};

class SinkEnd final : public Sink {
public:
    explicit SinkEnd(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}

    std::unique_ptr<Inspector> open_inspector() override {
        return at_side(Side::destination, [&]() -> std::unique_ptr<Inspector> {
            return std::make_unique<InspectorAtEnd>(sink_->open_inspector(), Side::destination);
        });
    }
    std::unique_ptr<Control> open_control() override {
        return at_side(Side::destination, [&]() -> std::unique_ptr<Control> {
            return std::make_unique<ControlAtDestination>(sink_->open_control());
        });
    }
    void prepare_writers(std::uint32_t count) override {
        at_side(Side::destination, [&] { sink_->prepare_writers(count); });
    }
    std::unique_ptr<ChunkWriter> open_writer(const plan::Plan& plan) override {
        return at_side(Side::destination, [&]() -> std::unique_ptr<ChunkWriter> {
            return std::make_unique<WriterAtDestination>(sink_->open_writer(plan));
        });
    }
    std::unique_ptr<ChangeApplier> open_applier(const plan::Plan& plan) override {
        return at_side(Side::destination, [&]() -> std::unique_ptr<ChangeApplier> {
            return std::make_unique<ApplierAtDestination>(sink_->open_applier(plan));
        });
    }
    SinkTraits traits() override {
        return at_side(Side::destination, [&] { return sink_->traits(); });
    }
    void run_schema_step(const plan::SchemaStep& step) override {
        return at_side(Side::destination, [&] { return sink_->run_schema_step(step); });
    }
    void undo_schema_step(const plan::SchemaStep& step) override {
        return at_side(Side::destination, [&] { return sink_->undo_schema_step(step); });
    }
    void cancel_schema_steps() noexcept override { sink_->cancel_schema_steps(); }
    void set_sequences(const plan::Plan& plan,
                       const std::vector<model::SequenceSchema>& values) override {
        return at_side(Side::destination, [&] { return sink_->set_sequences(plan, values); });
    }

private:
    const std::unique_ptr<Sink> sink_;
};

}  // namespace

std::unique_ptr<Inspector> as_inspector(std::unique_ptr<Inspector> inspector) {
    return std::make_unique<InspectorAtEnd>(std::move(inspector), Side::neither);
}

std::unique_ptr<Source> as_source_end(std::unique_ptr<Source> source) {
    return std::make_unique<SourceEnd>(std::move(source));
}

std::unique_ptr<Sink> as_destination_end(std::unique_ptr<Sink> sink) {
    return std::make_unique<SinkEnd>(std::move(sink));
}

}  // namespace cutover::engine
