// Carries renames into PostgreSQL's own texts (defaults, checks, index and constraint definitions).
// It reads tokens, not grammar: the texts come from the server's own printer with every user object
// qualified by its schema, so a name is a pair `schema.name`, a bare column, or a pair inside a
// 'literal'::regclass. The printer writes its keywords in capitals and quotes names that are not
// all lower case, which is how a column is told from a keyword.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "migrator/route/name_map.h"

namespace cutover::route {

class SqlRenamer {
public:
    /// `names` must outlive it.
    explicit SqlRenamer(const NameMap& names) : names_(names) {}

    /// `text` with schemas and tables renamed.
    std::string objects(std::string_view text) const;
    /// The same, and bare identifiers that are columns of `table` renamed.
    std::string in_table(std::string_view text, const model::ObjectName& table) const;
    /// A foreign key's definition: the columns named after REFERENCES are `parent`'s, all others
    /// `table`'s.
    std::string foreign_key(std::string_view definition, const model::ObjectName& table,
                            const model::ObjectName& parent) const;

private:
    const NameMap& names_;
};

/// True if `text` mentions one of these columns (of the table that the text belongs to).
bool mentions(std::string_view text, const std::set<std::string>& columns);

}  // namespace cutover::route
