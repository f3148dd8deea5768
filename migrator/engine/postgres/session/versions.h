// The versions of PostgreSQL that a migration is made for.
#pragma once

namespace cutover::postgres {

/// Oldest version that is read from: row filters in publications, and what both ends of a task rest
/// on.
inline constexpr int kOldestSource = 15;
/// Oldest version that is written to: rows are staged in a form that older ones do not take.
inline constexpr int kOldestDestination = 14;

}  // namespace cutover::postgres
