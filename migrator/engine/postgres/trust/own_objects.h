// The objects that a task makes for itself at a server, and whether an object with such a name is
// ours: the publication at the source, the schema `cutover` at the destination. Every command
// checks this before it reads anything of them. A role that may make an object of that name must
// not get to act with the migrator's account. So an owner is trusted only if it is that account or
// a superuser, and a control table is read only if nothing on it runs anybody's code. Asks only the
// system's catalogs.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// The comment of the schema `cutover`, which tells the format of its contents.
inline constexpr const char* kControlCommentOfAnyFormat = "cutover: control state of migrations";
inline constexpr const char* kControlComment = "cutover: control state of migrations, format 3";

/// SQL that is true if the role with the oid `owner` (an expression of ours, never a server's text)
/// needs no account of ours to do harm: it is the session's own role, or a superuser.
std::string trusted_sql(const std::string& owner);

/// How strongly the control tables are locked while they are used; each kind keeps somebody else
/// from removing the schema and making it again.
enum class Hold : std::uint8_t {
    read,    ///< together with everybody
    write,   ///< also keeps triggers from being put on the tables
    remove,  ///< one at a time; together with readers
};

/// False if there is no schema `cutover`. Throws: refused `control.schema_foreign` (what is wrong
/// with which object, and who owns it), connection.
bool own_schema(Connection& connection);

/// Whether there is a schema `cutover` that claims to be made by this program, in whatever format;
/// own_schema() checks who owns it and whether the claim is true. A schema without that claim
/// belongs to another tool and hides no task. Throws: connection.
bool schema_says_ours(Connection& connection);

/// Like own_schema(), and keeps what it has checked unchanged until the transaction ends. Requires:
/// a transaction is open. Also throws: operation (the schema was removed meanwhile: has_state 42P01
/// or 3F000).
bool hold_own_schema(Connection& connection, Hold hold);

/// True if there is a schema of that name that belongs to a trusted role. Throws: refused
/// `capture.foreign`, connection.
bool own_schema_named(Connection& connection, const std::string& name);

/// The comment of our publication of that name; nothing if there is none. Throws: refused
/// `capture.foreign` (it belongs to another role), connection.
std::optional<std::string> own_publication(Connection& connection, const std::string& name);

}  // namespace cutover::postgres
