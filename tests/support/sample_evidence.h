// Evidence made by hand, shaped like a main rehearsal: what a report is rendered from where no
// rehearsal is run. Every number is a function of its place, so that texts made from it can be
// compared to the letter.
#pragma once

#include "scenarios/evidence/evidence.h"

namespace cutover::tests {

/// A run of two minutes: killed twice, a link reset, the source failed over, the destination
/// restarted; cut over and proved. With everything the report knows how to show.
scenarios::Evidence survived_rehearsal();

/// Three tables, no plot, a lost row, a broken invariant: a no-go.
scenarios::Evidence failed_rehearsal();

}  // namespace cutover::tests
