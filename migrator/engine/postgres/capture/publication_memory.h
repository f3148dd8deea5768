// What a task's publication says about itself, in its comment: where the task goes, and which
// replica identities are to be put back some day. A server's text like any other: it is taken word
// for word as we write it or not at all, and no part of it gets into a statement unquoted.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "migrator/model/name.h"

namespace cutover::postgres {

/// One of the four that there are.
struct TableIdentity {
    enum class Kind : std::uint8_t { by_default, full, nothing, index };
    Kind kind = Kind::by_default;
    std::string index;  ///< its name, in the table's schema

    bool operator==(const TableIdentity&) const = default;
};

/// What follows `ALTER TABLE ... REPLICA IDENTITY`.
std::string to_sql(const TableIdentity& identity);

struct PublicationMemory {
    std::string destination;                                ///< of its task
    std::map<model::ObjectName, TableIdentity> identities;  ///< to be put back
};

/// The comment.
std::string to_comment(const PublicationMemory& memory);
/// Nothing if `comment` is not what to_comment() gives.
std::optional<PublicationMemory> parse_publication_memory(const std::string& comment);

}  // namespace cutover::postgres
