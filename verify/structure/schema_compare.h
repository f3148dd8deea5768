// Compares two lists of facts. Knows no engine. Names of indexes and constraints may differ; what
// counts is what they do. What the destination has beyond the source is reported but does not
// count, unless it refuses rows that the source would take.
#pragma once

#include "verify/end/schema_facts.h"
#include "verify/result/result.h"

namespace cutover::verify {

/// What made the destination.
struct Builder {
    bool ours = false;     ///< a task of ours made it and left out what it had announced
    bool at_work = false;  ///< somebody may still validate constraints and set sequences
};

/// Compares everything but sequences.
SchemaResult compare_structure(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder = {});

/// Sequences must be made alike, and the destination's next value must not be behind the source's;
/// a value that is behind is pending while a task is at work that will set it at the cutover.
SchemaResult compare_sequences(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder = {});

}  // namespace cutover::verify
