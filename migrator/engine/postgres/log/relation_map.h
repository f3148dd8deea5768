// From what a relation message says to the place of its columns in a table plan: exactly the plan's
// columns in their order; or, where the plan was made after a change of the schema, exactly those
// of before (plan::FormerShape). Rows of any other shape (the schema was changed since, or changed
// and changed back) are unreadable, never skipped: whoever takes them sees to it that a copy has
// them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "migrator/engine/postgres/log/decoder.h"
#include "migrator/model/error.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// A type as the server prints it with this modifier: `numeric(12,2)`.
using TypeNames = std::function<std::string(std::uint32_t type, std::int32_t modifier)>;

/// A relation as met in the log: where its columns go, or why it cannot be followed. The reason is
/// kept because a relation may be met inside a transaction that is rolled back later.
struct MappedRelation {
    RowShape shape;
    std::optional<model::Error> problem;
    bool ancestor =
        false;          ///< a partitioned table above ours: named when it is truncated, has no rows
    bool gone = false;  ///< dropped since, here and at the destination: what it had is nobody's
};

/// One thread. `plan` must outlive it.
class RelationMap {
public:
    /// `ancestors`: the partitioned tables above the plan's.
    RelationMap(const plan::Plan& plan, TypeNames type_names,
                const std::vector<model::ObjectName>& ancestors);

    std::shared_ptr<const MappedRelation> map(const message::Relation& relation) const;

private:
    /// By a relation's columns: the plan's, or nothing if such values go nowhere.
    using Places = std::vector<std::optional<std::size_t>>;

    const plan::TablePlan* table_of(const message::Relation& relation) const;
    static bool left_out(const std::string& column, const plan::TablePlan& table);
    std::optional<Places> places_in(const message::Relation& relation, const plan::TablePlan& table,
                                    const std::vector<plan::FormerShape::Column>& columns) const;
    std::optional<Places> as_planned(const message::Relation& relation,
                                     const plan::TablePlan& table) const;
    std::optional<Places> as_before(const message::Relation& relation,
                                    const plan::TablePlan& table) const;
    static RowShape shape_of(const message::Relation& relation, const plan::TablePlan& table,
                             const Places& places);
    static RowShape unreadable_shape(const message::Relation& relation,
                                     const plan::TablePlan& table);
    std::optional<model::Error> identity_problem(const message::Relation& relation,
                                                 const plan::TablePlan& table) const;

    const plan::Plan& plan_;
    TypeNames type_names_;
    std::unordered_map<model::ObjectName, model::TableIndex, model::ObjectNameHash> tables_;
    std::unordered_map<std::uint64_t, model::TableIndex> numbers_;
    std::unordered_set<model::ObjectName, model::ObjectNameHash> ancestors_;
};

}  // namespace cutover::postgres
