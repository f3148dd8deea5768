// Two lists of facts held against each other. Knows no engine. Names of indexes and constraints may
// differ; what counts is what they do. What the destination has more than the source is told but
// does not count, unless it refuses rows that the source would take.
#pragma once

#include "verify/end/schema_facts.h"
#include "verify/result/result.h"

namespace cutover::verify {

/// Whose work the destination is.
struct Builder {
    bool ours = false;     ///< a task of ours has made it: what that has announced it leaves out
    bool at_work = false;  ///< somebody may still validate constraints and set sequences
};

/// Everything but sequences.
SchemaResult compare_structure(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder = {});

/// Sequences: made alike, and the destination's next value not behind the source's, or pending
/// while somebody is at work who sets them at the cutover.
SchemaResult compare_sequences(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder = {});

}  // namespace cutover::verify
