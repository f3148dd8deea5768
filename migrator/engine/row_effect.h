// What a change of a filtered table comes to at the destination, told by whether its row was kept
// before and is kept after: the one place where that is decided, for every engine that filters rows
// itself.
//
// The hard case is a row whose old image the log does not hold as far as the filter needs it. Was
// it kept? Nobody knows, so what takes effect must be right either way: a removal that may find
// nothing, or a row that is put in place of what may be there. Neither can be held against the
// destination: a row that somebody else has removed there goes unnoticed. A source whose log can
// hold whole old rows is therefore made to, and a task that cannot have that says so before it
// starts.
#pragma once

#include <cstdint>

#include "migrator/expression/expression.h"
#include "migrator/model/change.h"

namespace cutover::engine {

/// Whether a filter keeps a row. `unknown`: the log does not hold what the filter asks for.
enum class Kept : std::uint8_t { no, yes, unknown };

/// A condition that is neither true nor false keeps nothing, as with WHERE.
Kept kept(expression::Truth truth);

struct RowEffect {
    enum class Kind : std::uint8_t {
        nothing,
        insert,
        update,
        remove,
        put,         ///< remove by the old key, then insert: needs the whole new row
        read_again,  ///< whether the new row is kept cannot be told from the log: ask the source
    };
    Kind kind = Kind::nothing;
    /// False: the destination may or may not have the old row, and both are in order.
    bool certain = true;
    bool operator==(const RowEffect&) const = default;
};

/// Of an insert only `after` counts, of a removal only `before`. Requires: no truncate, which is
/// never filtered.
RowEffect row_effect(model::ChangeKind kind, Kept before, Kept after);

}  // namespace cutover::engine
