// Whom the accounts of a migration would act for: other roles' code on tables that are written to,
// and accounts that may do more than a migration needs.
#include <string>
#include <utility>

#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/engine/postgres/trust/code_of_others.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using engine::Requirement;
using model::Severity;

Requirement code_of_others_requirement(Connection& connection, const model::Catalog& catalog) {
    std::vector<std::string> tables;
    for (const model::TableSchema& table : catalog.tables) {
        tables.push_back(quote(table.name));
    }
    connection.exec("BEGIN");
    ignore_triggers_until_commit(connection);  // as the writers do
    const std::vector<CodeOfOthers> acting = code_of_others(connection, tables);
    connection.rollback();
    std::vector<std::string> told;
    for (const CodeOfOthers& one : acting) {
        told.push_back(one.what + " of " + one.table + " (role '" + one.owner + "')");
    }
    return {{"destination.code_of_others",
             Severity::block,
             acting.empty() ? "" : acting.front().table,
             acting.empty() ? "no code of others acts on rows"
                            : "code of others acts on rows: " + model::some_of(told),
             "it would run with the rights of the task's account, whatever these are",
             "drop it until the cutover; or have its function (a rule: its table) belong to the "
             "task's account or to a superuser",
             {"G134"}},
            acting.empty()};
}

Requirement superuser_requirement(Connection& connection, model::Side side) {
    const Result row = connection.exec(
        "SELECT current_user, current_setting('is_superuser') = 'on',"
        " quote_ident(current_database())");
    const std::string smaller =
        side == model::Side::source
            ? "CREATE ROLE mover LOGIN REPLICATION; GRANT CREATE ON DATABASE " + row.text(0, 2) +
                  " TO mover; GRANT the tables' owners TO mover"
            : "CREATE ROLE mover LOGIN; GRANT CREATE ON DATABASE " + row.text(0, 2) +
                  " TO mover; from version 15 on also GRANT SET ON PARAMETER "
                  "session_replication_role TO mover";
    return {
        {side == model::Side::source ? "source.superuser" : "destination.superuser",
         Severity::alert_ignorable,
         row.text(0, 0),
         "the account is a superuser",
         "a migration needs no such rights, and whatever got to act with them could do anything "
         "to the server and its machine",
         "use an account that may do no more than is needed: " + smaller,
         {"G134"}},
        !row.boolean(0, 1)};
}

}  // namespace cutover::postgres
