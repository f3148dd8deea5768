// A table as the migrator would leave it, for tests of the reading half: copied rows and tolerant
// changes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "migrator/model/change.h"
#include "migrator/plan/plan.h"
#include "tests/live/engine/postgres/reading_support.h"

namespace cutover::postgres {

/// A table as the migrator would leave it: copies and tolerant changes by key (the first column).
class Replica {
public:
    explicit Replica(const plan::Plan& plan) : plan_(plan) {}

    void add(const plan::TablePlan& table, const std::vector<model::Tuple>& rows) {
        for (const model::Tuple& row : rows) {
            const auto [at, fresh] =
                rows_.insert({std::string(row.bytes(0)), print_tuple(table, row)});
            EXPECT_TRUE(fresh) << "copied twice: " << at->second;
        }
    }
    void apply(const model::Change& change) {
        const plan::TablePlan& table = plan_.tables[change.table];
        if (!change.before.empty()) {
            rows_.erase(std::string(change.before.bytes(0)));
        }
        if (change.kind == model::ChangeKind::truncate) {
            rows_.clear();
        } else if (!change.after.empty()) {
            rows_[std::string(change.after.bytes(0))] = print_tuple(table, change.after);
        }
    }
    std::set<std::string> rows() const {
        std::set<std::string> out;
        for (const auto& [key, row] : rows_) {
            out.insert(row);
        }
        return out;
    }

private:
    const plan::Plan& plan_;
    std::map<std::string, std::string> rows_;
};

}  // namespace cutover::postgres
