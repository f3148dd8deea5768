// What a task was planned from, in its control rows, and how another plan takes its place. Each
// function runs within the caller's transaction, which ends in require_claim().
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Empty where there is no such task. Requires: the control schema is there.
engine::StoredPlan read_stored_plan(Connection& connection, const std::string& task);
void store_catalog(Connection& connection, const Claim& claim, const std::string& catalog);
void begin_evolution(Connection& connection, const Claim& claim, const std::string& evolution,
                     const std::set<std::string>& forgotten);
void end_evolution(Connection& connection, const Claim& claim);
/// As Control::adopt(). Empties the tables that are copied anew.
void adopt(Connection& connection, const Claim& claim, const engine::Adoption& adoption);

/// As Control::correct(). Throws: refused `task.changed`.
std::vector<std::string> correct_plan(Connection& connection, const Claim& claim,
                                      const plan::Plan& plan);
/// Empties the table at the destination, forgets what was copied of it, stores new chunks.
void begin_table_anew(Connection& connection, const Claim& claim, const plan::TablePlan& table,
                      const std::vector<model::Chunk>& chunks);
/// The task was begun with another plan. Throws: refused `task.changed`.
[[noreturn]] void throw_changed(const std::string& task, const std::string& before,
                                const std::string& after);

}  // namespace cutover::postgres
