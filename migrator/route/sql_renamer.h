// Carries renames into PostgreSQL's own texts (defaults, checks, index and constraint definitions). It reads
// tokens, not grammar: the texts come from the server's own printer with every user object qualified by
// its schema, so a name is a pair `schema.name`, a bare column, or a pair inside a 'literal'::regclass.
#pragma once

#include <string>
#include <string_view>

#include "migrator/plan/task_spec.h"

namespace cutover::route {

class SqlRenamer {
public:
    explicit SqlRenamer(const plan::NameMapping& mapping) : mapping_(mapping) {}

    /// `text` with schemas and tables renamed.
    std::string objects(std::string_view text) const;
    /// The same, and bare identifiers that are columns of `table` renamed.
    std::string in_table(std::string_view text, const model::ObjectName& table) const;
    /// A foreign key's definition: the columns before REFERENCES are `table`'s, those after it are `parent`'s.
    std::string foreign_key(std::string_view definition, const model::ObjectName& table,
                            const model::ObjectName& parent) const;

private:
    const plan::NameMapping& mapping_;
};

}  // namespace cutover::route
