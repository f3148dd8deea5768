// Two lists of facts held against each other. Knows no engine. Names of indexes and constraints may
// differ; what counts is what they do. What the destination has more than the source is told but
// does not count, unless it refuses rows that the source would take.
#pragma once

#include "verify/result.h"
#include "verify/schema_facts.h"

namespace cutover::verify {

/// Everything but sequences.
SchemaResult compare_structure(const SchemaFacts& source, const SchemaFacts& destination);

/// Sequences: made alike, and the destination's next value not behind the source's. `live`: they
/// are set at the cutover, so one that is behind is pending until then.
SchemaResult compare_sequences(const SchemaFacts& source, const SchemaFacts& destination,
                               bool live = false);

}  // namespace cutover::verify
