// A source whose stamps are written out by hand: a stamp is the list of the transactions its view
// had seen (`,1,2,`), a position is a number, a range is the first letter of its keys.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/source.h"
#include "migrator/model/check.h"

namespace cutover::stage {

/// Beyond the pure questions only rows are asked of it.
class ScriptedSource final : public engine::Source {
public:
    bool covers(const model::Position& by, const model::Position& position) const override {
        return std::stoi(position.bytes) <= std::stoi(by.bytes);
    }
    std::unique_ptr<engine::SeenTransactions> visible(const model::Stamp& stamp) const override {
        ++stamps_read_;
        return std::make_unique<Listed>(stamp.bytes);
    }
    std::unique_ptr<engine::RangeIndex> index(
        const plan::TablePlan&, const std::vector<model::ChunkRange>& ranges) const override {
        return std::make_unique<ByFirstLetter>(ranges);
    }
    /// How often a stamp was taken apart.
    int stamps_read() const { return stamps_read_; }

    std::unique_ptr<engine::Inspector> open_inspector() override {
        return never<engine::Inspector>();
    }
    engine::CaptureOrigin create_capture(const plan::Plan&) override { return {}; }
    engine::CaptureProof verify_capture(const engine::CaptureOrigin&,
                                        const model::Position&) override {
        return {};
    }
    engine::CaptureOrigin extend_capture(const plan::Plan&,
                                         const engine::CaptureOrigin& origin) override {
        return origin;
    }
    void drop_capture(const plan::Plan&) override {}
    std::vector<engine::AuxiliaryObject> auxiliary_objects(const plan::Plan&) override {
        return {};
    }
    model::ChunkView open_view(const plan::Plan&) override { return {}; }
    void close_view() noexcept override {}
    std::vector<model::Chunk> split(const plan::TablePlan&, model::Bytes) override { return {}; }
    model::Chunk whole(const plan::TablePlan&) override { return {}; }
    engine::ResumeMode resume_mode(const plan::TablePlan&, const std::vector<model::Chunk>&,
                                   const model::ChunkView&, bool) override {
        return {};
    }
    void prepare_readers(std::uint32_t) override { ADD_FAILURE(); }
    std::unique_ptr<engine::ChunkReader> open_reader() override {
        return never<engine::ChunkReader>();
    }
    std::unique_ptr<engine::RowReader> open_row_reader() override {
        return std::make_unique<Reader>(*this);
    }
    std::unique_ptr<engine::ChangeStream> open_changes(const plan::Plan&,
                                                       const engine::CaptureOrigin&,
                                                       const model::Position&,
                                                       engine::LogReader) override {
        return never<engine::ChangeStream>();
    }
    model::Position current_position() override { return {}; }
    void heartbeat() override {}
    model::Instant clock() override { return {}; }
    std::vector<engine::SourceWriter> writers(const plan::Plan&) override { return {}; }
    engine::FenceTry fence(const plan::Plan&) override { return {}; }
    void lift_fence() override {}
    std::string fence_text() const override { return {}; }
    std::string key_text(const plan::TablePlan&, const model::Tuple&) override { return {}; }
    std::vector<model::SequenceSchema> sequences(const plan::Plan&) override { return {}; }

    /// What the row reader answers, view by view; it has every row but those of these keys.
    std::vector<model::ChunkView> views;
    std::vector<std::string> gone;
    /// How many keys each read has asked for.
    std::vector<std::size_t> reads;

private:
    struct Reader final : engine::RowReader {
        explicit Reader(ScriptedSource& source) : source_(source) {}
        engine::RowsRead read(const plan::TablePlan&,
                              const std::vector<model::Tuple>& keys) override {
            engine::RowsRead out;
            out.view = source_.views.at(std::min(source_.reads.size(), source_.views.size() - 1));
            source_.reads.push_back(keys.size());
            for (const model::Tuple& key : keys) {
                const std::string name(key.bytes(0));
                const bool is_gone =
                    std::find(source_.gone.begin(), source_.gone.end(), name) != source_.gone.end();
                std::optional<model::Tuple>& row = out.rows.emplace_back();
                if (!is_gone) {
                    row.emplace();
                    row->append(model::CellKind::text, name);
                    row->append(model::CellKind::text, "value of " + name);
                }
            }
            return out;
        }
        ScriptedSource& source_;
    };
    struct Listed final : engine::SeenTransactions {
        explicit Listed(std::string all) : ids(std::move(all)) {}
        bool contains(const model::TransactionId& id) const override {
            return ids.find("," + id.bytes + ",") != std::string::npos;
        }
        const std::string ids;
    };
    struct ByFirstLetter final : engine::RangeIndex {
        explicit ByFirstLetter(std::vector<model::ChunkRange> all) : ranges(std::move(all)) {}
        std::optional<std::size_t> find(const model::Tuple& key) const override {
            for (std::size_t at = 0; at < ranges.size(); ++at) {
                if (ranges[at].bytes == key.bytes(0).substr(0, 1)) {
                    return at;
                }
            }
            return std::nullopt;
        }
        const std::vector<model::ChunkRange> ranges;
    };
    template <typename T>
    static std::unique_ptr<T> never() {
        CUTOVER_CHECK(false);
        return nullptr;
    }
    mutable int stamps_read_ = 0;
};

}  // namespace cutover::stage
