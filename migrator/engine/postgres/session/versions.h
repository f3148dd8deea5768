// The versions of PostgreSQL that a migration supports.
#pragma once

namespace cutover::postgres {

/// The oldest version that can be a source: it has row filters in publications, on which both ends
/// of a task rely.
inline constexpr int kOldestSource = 15;
/// The oldest version that can be a destination: older ones do not accept the form in which rows
/// are staged.
inline constexpr int kOldestDestination = 14;

}  // namespace cutover::postgres
