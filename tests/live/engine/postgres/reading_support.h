// What the live tests of the reading half share: a plan made straight from the catalog (no route,
// no destination), and readers of whole streams and rows in a form that a test can compare.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "migrator/engine/change_stream.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/plan/plan.h"
#include "tests/support/live_postgres.h"

namespace cutover::postgres {

/// Every selected table that holds rows itself, all columns, keyed by its primary key.
plan::Plan plan_from_catalog(const plan::TaskSpec& spec);

/// `insert item(1,one)`, `update item[k=1](2,~)`: cells as text, `~` for absent, `-` for NULL.
/// Integers of four and eight bytes are printed as numbers.
std::string print(const plan::Plan& plan, const model::Change& change);
std::string print_tuple(const plan::TablePlan& table, const model::Tuple& tuple);
std::vector<std::string> print_all(const plan::Plan& plan, model::SourceTransaction& transaction);

/// Reads until `count` transactions have come; fails after 30 s.
std::vector<model::SourceTransaction> take(engine::ChangeStream& stream, std::size_t count);
/// Reads until the stream says it is quiet up to `lsn` at least; transactions on the way are added.
model::Position take_until_quiet(engine::ChangeStream& stream, const std::string& lsn,
                                 std::vector<model::SourceTransaction>* transactions = nullptr);

}  // namespace cutover::postgres
