// The PostgreSQL engine under the contract: two fresh databases on a running server, and for each
// of the application's transactions a connection of its own.
#pragma once

#include "tests/contract/end_under_test.h"

namespace cutover::contract {

/// Nothing if there is no server of that version: the running test is then skipped, or fails where
/// servers are required.
std::unique_ptr<EndUnderTest> make_postgres_ends(int version);

}  // namespace cutover::contract
