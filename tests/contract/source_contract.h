// What every engine's Source and ChangeStream must do: instantiated once per engine.
#pragma once

#include <gtest/gtest.h>

#include "tests/contract/end_under_test.h"

namespace cutover::contract {

class SourceContract : public ::testing::TestWithParam<Engine> {
protected:
    void SetUp() override { end_ = GetParam().make(); }

    /// A committed transaction of one insert.
    void write(TableName table, const Row& row);
    /// All rows of a table under the view that `original` names.
    std::vector<Row> copy(engine::Source& source, TableName table,
                          const model::ChunkView& original);
    struct Seen {
        model::SourceTransaction transaction;
        std::vector<model::Change> changes;
    };
    /// The next `count` transactions of the log.
    std::vector<Seen> follow(engine::Source& source, const engine::CaptureOrigin& origin,
                             const model::Position& from, std::size_t count);

    std::unique_ptr<EndUnderTest> end_;
};

}  // namespace cutover::contract
