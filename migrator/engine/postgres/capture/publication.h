// The publication of a task: which tables are followed, with which filters; and the replica
// identities that were set for it. What the identities were before stands in the publication's
// comment, so that it is there for whoever removes it. Its mark tells whether anybody has touched
// it since.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/endpoint.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// Makes the publication anew and sets REPLICA IDENTITY FULL where the plan wants it. Short locks
/// only: each table is altered in a transaction of its own. Requires: it is this task's turn
/// (identity_turn.h). Throws: refused (a table whose old rows
/// the log would not name; a filter the server does not take; identities shared with a task of
/// another account), operation `source.table_locked`, connection.
void create_publication(Connection& connection, const std::string& name, const plan::Plan& plan);

/// Makes it one of `plan`, whose tables may be new to it, or renamed since. `was`: names at the
/// start (or at the last call) of tables by oid. Requires and throws as create_publication().
void extend_publication(Connection& connection, const std::string& name, const plan::Plan& plan,
                        const std::map<std::uint32_t, std::string>& was);

/// Two tasks of one name may go to different destinations. Throws: refused `capture.of_another`,
/// `capture.foreign` (a publication of the name is another role's, or was not made by a task).
void require_own_publication(Connection& connection, const std::string& name,
                             const plan::Endpoint& destination);

/// Removes the publication and puts the identities back. Nothing there: fine. Requires and throws
/// as create_publication().
void drop_publication(Connection& connection, const std::string& name);

/// Changes if a table is dropped, renamed, taken out (even if it is put in again) or filtered in
/// another way, or the publication is made again or publishes other operations. Empty: there is no
/// such publication.
std::string publication_mark(Connection& connection, const std::string& name);

/// A publication as it was when the task began.
struct PublicationAtStart {
    std::string mark;
    std::map<std::uint32_t, std::string> tables;  ///< that it held, by oid, as they are displayed
};

/// How each table was put into a publication, by oid: another text if it was taken out meanwhile,
/// or is filtered in another way. Under 0: the publication itself.
std::map<std::uint32_t, std::string> publication_entries(Connection& connection,
                                                         const std::string& name);

/// Throws: refused `publication.changed`, naming the tables that were dropped, renamed or taken out
/// of it since.
void require_publication(Connection& connection, const std::string& name,
                         const PublicationAtStart& start);

}  // namespace cutover::postgres
