// The objects that a task makes for itself at a server, and whether what bears their names is ours:
// the publication at the source, the schema `cutover` at the destination. Asked before anything of
// them is read, by every command. Whoever may make an object of that name must not get to act with
// the migrator's account; so an owner is trusted only if it is that account or a superuser, and a
// control table is read only if nothing on it runs anybody's code. Asks the system's catalogs only.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// The comment of the schema `cutover`: the format of what is in it.
inline constexpr const char* kControlCommentOfAnyFormat = "cutover: control state of migrations";
inline constexpr const char* kControlComment = "cutover: control state of migrations, format 3";

/// SQL that is true if the role whose oid `owner` gives (an expression of ours, never a server's
/// text) is one that needs no account of ours to do harm: the session's own, or a superuser.
std::string trusted_sql(const std::string& owner);

/// How hard the control tables are held while they are used; each keeps the schema from being
/// removed and made again by somebody else.
enum class Hold : std::uint8_t {
    read,    ///< beside everybody
    write,   ///< and no trigger can be put on them
    remove,  ///< one at a time; beside readers
};

/// False if there is no schema `cutover`. Throws: refused `control.schema_foreign` (what is wrong
/// with which object, and whose it is), connection.
bool own_schema(Connection& connection);

/// Whether there is a schema `cutover` that says of itself that this program has made it, in
/// whatever format; whose it is and whether that is true are own_schema()'s questions. One that
/// does not is another tool's, and hides no task. Throws: connection.
bool schema_says_ours(Connection& connection);

/// As own_schema(), and what was asked about stays as it is until the transaction ends. Requires:
/// one is open. Throws besides: operation (it was removed meanwhile: has_state 42P01 or 3F000).
bool hold_own_schema(Connection& connection, Hold hold);

/// True if there is a schema of that name, of a role that is trusted. Throws: refused
/// `capture.foreign`, connection.
bool own_schema_named(Connection& connection, const std::string& name);

/// The comment of our publication of that name; nothing if there is none. Throws: refused
/// `capture.foreign` (it is another role's), connection.
std::optional<std::string> own_publication(Connection& connection, const std::string& name);

}  // namespace cutover::postgres
