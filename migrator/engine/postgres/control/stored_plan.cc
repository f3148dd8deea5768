#include "migrator/engine/postgres/control/stored_plan.h"

#include "migrator/engine/postgres/catalog/target_table.h"
#include "migrator/engine/postgres/control/control_rows.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/session/bytea.h"
#include "migrator/engine/postgres/trust/code_of_others.h"
#include "migrator/model/error.h"
#include "migrator/plan/fingerprint.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kCorrect = R"(
UPDATE cutover.task SET fingerprint = $2, phase = 'created', origin_identity = NULL,
       origin_start = NULL, origin_start_text = NULL, catalog = '', evolution = ''
 WHERE name = $1)";

constexpr const char* kForgetSteps = R"(
DELETE FROM cutover.schema_step s
 WHERE s.task = $1
   AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS kept(id, statement)
                    WHERE kept.id = s.id AND kept.statement = s.statement)
RETURNING s.id)";

constexpr const char* kAdopt = R"(
UPDATE cutover.task SET fingerprint = $2, catalog = $3, evolution_adopted = true,
       origin_identity = $4, origin_start = $5, origin_start_text = $6,
       phase = CASE WHEN $7::boolean THEN 'full' ELSE phase END
 WHERE name = $1)";

constexpr const char* kDone = R"(
INSERT INTO cutover.schema_step (task, id, statement)
SELECT $1, id, 'brought along by a change of the schema' FROM unnest($2::text[]) AS done (id)
ON CONFLICT DO NOTHING)";

/// What is known by a table's place goes to its new one, by way of numbers that no table has.
void move_places(Connection& connection, const std::string& task,
                 const std::vector<std::optional<model::TableIndex>>& places) {
    std::vector<std::string> from, to;
    std::vector<std::string> gone;
    for (std::size_t at = 0; at < places.size(); ++at) {
        if (places[at]) {
            from.push_back(std::to_string(at));
            to.push_back(std::to_string(*places[at]));
        } else {
            gone.push_back(std::to_string(at));
        }
    }
    for (const std::string rows : {"cutover.chunk", "cutover.row_view"}) {
        connection.exec_params(
            "DELETE FROM " + rows + " WHERE task = $1 AND table_index = ANY ($2::bigint[])",
            {task, array_literal(gone)});
        connection.exec_params(
            "UPDATE " + rows +
                " r SET table_index = -1 - m.place FROM unnest($2::bigint[], $3::bigint[])"
                " AS m (was, place) WHERE r.task = $1 AND r.table_index = m.was",
            {task, array_literal(from), array_literal(to)});
        connection.exec_params("UPDATE " + rows +
                                   " SET table_index = -1 - table_index"
                                   " WHERE task = $1 AND table_index < 0",
                               {task});
    }
}

}  // namespace

engine::StoredPlan read_stored_plan(Connection& connection, const std::string& task) {
    const Result row = connection.exec_params(
        "SELECT catalog, evolution, evolution_adopted FROM cutover.task WHERE name = $1", {task});
    return row.rows() == 0 ? engine::StoredPlan{}
                           : engine::StoredPlan{row.text(0, 0), row.text(0, 1), row.boolean(0, 2)};
}

void store_catalog(Connection& connection, const Claim& claim, const std::string& catalog) {
    connection.exec_params("UPDATE cutover.task SET catalog = $2 WHERE name = $1",
                           {claim.task, catalog});
}

void begin_evolution(Connection& connection, const Claim& claim, const std::string& evolution,
                     const std::set<std::string>& forgotten) {
    connection.exec_params(
        "UPDATE cutover.task SET evolution = $2, evolution_adopted = false WHERE name = $1",
        {claim.task, evolution});
    connection.exec_params(
        "DELETE FROM cutover.schema_step WHERE task = $1 AND id = ANY ($2::text[])",
        {claim.task, array_literal({forgotten.begin(), forgotten.end()})});
}

void end_evolution(Connection& connection, const Claim& claim) {
    connection.exec_params(
        "UPDATE cutover.task SET evolution = '', evolution_adopted = false WHERE name = $1",
        {claim.task});
}

void adopt(Connection& connection, const Claim& claim, const engine::Adoption& adoption) {
    move_places(connection, claim.task, adoption.places);
    connection.exec_params(kDone, {claim.task, array_literal(adoption.done)});
    for (const auto& [table, chunk] : adoption.copied_anew) {
        begin_table_anew(connection, claim, *table, {chunk});
    }
    connection.exec_params(
        kAdopt, {claim.task, adoption.fingerprint, adoption.catalog,
                 to_bytea(adoption.origin.identity), to_bytea(adoption.origin.start.bytes),
                 adoption.origin.start.text, std::string(adoption.copies ? "true" : "false")});
}

std::vector<std::string> correct_plan(Connection& connection, const Claim& claim,
                                      const plan::Plan& plan) {
    const Result row = connection.exec_params(
        "SELECT fingerprint, phase FROM cutover.task WHERE name = $1", {claim.task});
    if (!engine::may_be_corrected(phase_of(row.get(0, 1)))) {
        throw_changed(claim.task, row.text(0, 0), plan.fingerprint);
    }
    std::vector<std::string> ids, statements;
    for (const plan::SchemaStep& step : plan.schema_steps) {
        ids.push_back(step.id);
        statements.push_back(step.statement);
    }
    connection.exec_params(kCorrect, {claim.task, plan.fingerprint});
    connection.exec_params("DELETE FROM cutover.marker WHERE task = $1", {claim.task});
    const Result steps = connection.exec_params(
        kForgetSteps, {claim.task, array_literal(ids), array_literal(statements)});
    std::vector<std::string> forgotten;
    for (int step = 0; step < steps.rows(); ++step) {
        forgotten.push_back(steps.text(step, 0));
    }
    return forgotten;
}

void begin_table_anew(Connection& connection, const Claim& claim, const plan::TablePlan& table,
                      const std::vector<model::Chunk>& chunks) {
    ignore_triggers_until_commit(connection);  // emptying fires nobody's
    const TargetTable target = read_target(connection, table);
    if (target.open_to_others) {
        require_no_code_of_others(connection, target.quoted);
    }
    empty_tables(connection, {target.only + target.quoted});
    for (const std::string views : {"cutover.chunk", "cutover.row_view"}) {
        connection.exec_params("DELETE FROM " + views + " WHERE task = $1 AND table_index = $2",
                               {claim.task, std::to_string(table.index)});
    }
    insert_chunks(connection, claim.task, chunks);
}

void throw_changed(const std::string& task, const std::string& before, const std::string& after) {
    const plan::PlanChange change = plan::change_between(before, after);
    throw Error(
        ErrorClass::refused, "task.changed",
        "what task '" + task + "' would do now is not what it was begun with: " + change.text,
        change.remedy)
        .at(model::Side::neither);
}

}  // namespace cutover::postgres
