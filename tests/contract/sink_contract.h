// What every engine's Sink, ChunkWriter, ChangeApplier and Control must do: instantiated once per
// engine.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "migrator/model/error.h"
#include "tests/contract/end_under_test.h"

namespace cutover::contract {

/// The class of the error that `work` ends with; nothing if it ends well.
template <typename Work>
std::optional<model::ErrorClass> error_of(Work work) {
    try {
        work();
    } catch (const model::Error& error) {
        return error.error_class();
    }
    return std::nullopt;
}

class SinkContract : public ::testing::TestWithParam<Engine> {
protected:
    /// The task is claimed and its tables and keys are there.
    void SetUp() override;

    void copy(TableName table, std::uint32_t number, const std::vector<Row>& rows);
    model::ChunkReceipt receipt(TableName table, std::uint32_t number,
                                std::uint64_t rows = 0) const;
    /// One net batch for one table, with a marker.
    std::vector<engine::MissingBase> apply(const model::TableBatch& batch, engine::ApplyMode mode);
    model::TableBatch batch(TableName table) const;
    model::Tuple tuple(TableName table, const Row& row) const;
    model::Tuple key(TableName table, const Row& row) const;
    std::vector<engine::ApplyMode> modes(engine::ApplyMode mode) const;
    /// What is there of rows that were written and not committed.
    std::vector<Row> unless_atomic(const std::vector<Row>& rows) const {
        return traits_.atomic ? std::vector<Row>() : rows;
    }

    static constexpr const char* kFingerprint = "one";
    std::unique_ptr<EndUnderTest> end_;
    std::unique_ptr<engine::Sink> sink_;
    engine::SinkTraits traits_;
    std::unique_ptr<engine::Control> control_;
    model::Marker marker_;
};

}  // namespace cutover::contract
