#include "migrator/engine/row_effect.h"

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"

namespace cutover::engine {

using Kind = RowEffect::Kind;
using model::ChangeKind;

Kept kept(expression::Truth truth) {
    if (truth == expression::Truth::unknown &&
        flow::deliberate_bug(flow::Bug::filter_unknown_taken_for_true)) {
        return Kept::yes;
    }
    return truth == expression::Truth::yes ? Kept::yes : Kept::no;
}

namespace {

RowEffect entering() {
    return {
        flow::deliberate_bug(flow::Bug::row_entering_filter_updated) ? Kind::update : Kind::insert,
        true};
}

RowEffect leaving() {
    return {
        flow::deliberate_bug(flow::Bug::row_leaving_filter_dropped) ? Kind::nothing : Kind::remove,
        true};
}

RowEffect of_update(Kept before, Kept after) {
    if (after == Kept::unknown) {
        return {Kind::read_again, before != Kept::unknown};
    }
    const bool is = after == Kept::yes;
    if (before == Kept::unknown) {
        return {is ? Kind::put : Kind::remove, false};
    }
    if (before == Kept::no) {
        return is ? entering() : RowEffect{};
    }
    return is ? RowEffect{Kind::update, true} : leaving();
}

}  // namespace

RowEffect row_effect(ChangeKind kind, Kept before, Kept after) {
    CUTOVER_CHECK(kind != ChangeKind::truncate);
    if (kind == ChangeKind::update) {
        return of_update(before, after);
    }
    const Kept asked = kind == ChangeKind::insert ? after : before;
    if (asked == Kept::no) {
        return {};
    }
    if (kind == ChangeKind::insert) {
        return {asked == Kept::unknown ? Kind::read_again : Kind::insert, true};
    }
    return {Kind::remove, asked == Kept::yes};
}

}  // namespace cutover::engine
