// Row operations of a sink on one table, in the columns of its plan. Each operation is one call; it
// waits for row locks. Inside the session's transaction, or each on its own where the server has
// none.
#pragma once

#include <optional>

#include "migrator/engine/memory/database/session.h"
#include "migrator/plan/plan.h"

namespace cutover::memory {

class DestinationRows {
public:
    /// `session` and `plan` must outlive it.
    DestinationRows(Session& session, const plan::TablePlan& plan);

    /// The row with this key (plan's key order) in the plan's columns.
    std::optional<model::Tuple> read(const model::Tuple& key);
    /// Removes the row with this key; false if there is none.
    bool remove(const model::Tuple& key);
    /// Removes one row that equals `row` in all columns of the plan; false if there is none.
    bool remove_one_equal(const model::Tuple& row);
    enum class Existing : std::uint8_t { refuse, keep, replace };
    /// Puts a complete row; false if its key was taken (and it was refused or kept). Throws:
    /// conflict (another key of the row is taken).
    bool put(const model::Tuple& row, Existing existing);
    /// Changes the row with this key: the cells of `row` that are not absent. False if there is
    /// none.
    bool update(const model::Tuple& key, const model::Tuple& row);
    void truncate();
    const plan::TablePlan& plan() const { return plan_; }

private:
    /// Where the plan's columns are in the table.
    struct Columns {
        std::vector<std::size_t> all;
        std::vector<std::size_t> key;
    };
    Columns columns(const Table& table) const;
    model::Tuple widen(const Table& table, const Columns& columns, const model::Tuple& row) const;
    model::Tuple narrow(const Columns& columns, const model::Tuple& row) const;
    using Work = std::function<Outcome(Database&, TransactionNumber, Table&)>;
    void run(const char* name, const Work& work);
    void check_duplicate(const Outcome& outcome) const;

    Session& session_;
    const plan::TablePlan& plan_;
};

}  // namespace cutover::memory
