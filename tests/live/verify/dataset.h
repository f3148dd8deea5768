// The tables that the judge's live tests damage: every class of type, keys of every kind, a keyless
// table, partitions, foreign keys, odd names. Made by the server itself, so that both ends can be
// made alike in content and unlike in everything that must not matter.
#pragma once

#include <string>

namespace cutover::tests {

/// The source: statements that make and fill everything.
std::string dataset();

/// The same content made another way: type numbers shifted, rows in another order, dropped columns,
/// other names of indexes, dead rows.
std::string dataset_made_otherwise();

}  // namespace cutover::tests
