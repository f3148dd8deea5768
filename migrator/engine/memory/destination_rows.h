// Row operations of a sink on one table, in the columns of its plan. Each operation is one call; it
// waits for row locks. Inside the session's transaction; or, where the destination is not atomic,
// each a transaction of its own that asks for the claim first, and that the server may come to
// late.
#pragma once

#include <memory>
#include <optional>

#include "migrator/engine/memory/control.h"
#include "migrator/engine/memory/database/session.h"
#include "migrator/plan/plan.h"

namespace cutover::memory {

class DestinationRows {
public:
    /// `session` must outlive it. `claim`: under which each operation stands alone; null: all are
    /// the session's transaction's.
    DestinationRows(Session& session, const plan::TablePlan& plan, const Claim* claim);

    /// The row with this key (plan's key order) in the plan's columns.
    std::optional<model::Tuple> read(const model::Tuple& key);
    /// Removes the row with this key; false if there is none.
    bool remove(const model::Tuple& key);
    /// Removes one row that equals `row` in all columns of the plan; false if there is none.
    bool remove_one_equal(const model::Tuple& row);
    enum class Existing : std::uint8_t {
        refuse,
        keep,
        replace,
        displace  ///< as replace; a row that has a unique value which this one needs is removed
    };
    /// Puts a complete row; false if its key was taken (and it was refused or kept). Throws:
    /// conflict (another key of the row is taken, or a foreign key violated).
    bool put(const model::Tuple& row, Existing existing);
    /// Changes the row with this key: the cells of `row` that are not absent. False if there is
    /// none. Throws: as put().
    bool update(const model::Tuple& key, const model::Tuple& row, Existing existing);
    void truncate();
    const plan::TablePlan& plan() const { return plan_; }

private:
    /// A table as the plan names it: all that a call needs, which may come true when the plan is
    /// gone.
    struct Target {
        model::ObjectName table;
        std::vector<std::string> columns;  ///< names of the plan's columns
        std::vector<std::size_t> key;      ///< the key's among them
    };
    /// Where the plan's columns are in the table.
    struct Columns {
        std::vector<std::size_t> all;
        std::vector<std::size_t> key;
    };
    static Columns columns(const Target& target, const Table& table);
    static model::Tuple widen(const Table& table, const Columns& columns, const model::Tuple& row);
    static model::Tuple narrow(const Columns& columns, const model::Tuple& row);
    /// Owns what it uses.
    using Work = std::function<Outcome(Database&, TransactionNumber, Table&, const Columns&)>;
    Outcome run(const char* name, const Work& work);
    void check(const Outcome& outcome) const;
    Outcome put_with_room(const char* name, const Work& work,
                          const std::shared_ptr<model::Tuple>& tried, Existing existing);
    void make_room(const std::string& key, const model::Tuple& whole);

    Session& session_;
    const plan::TablePlan& plan_;
    std::shared_ptr<const Target> target_;
    std::optional<Claim> claim_;
};

}  // namespace cutover::memory
