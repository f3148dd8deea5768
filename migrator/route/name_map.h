// What each carried object is called at the destination. Only carried objects (tables, types,
// sequences) have other names there: a function or an extension's type is looked for where it is at
// the source.
#pragma once

#include <map>
#include <string>

#include "migrator/model/name.h"
#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"

namespace cutover::route {

/// Immutable. The mapping must outlive it.
class NameMap {
public:
    /// A sequence that belongs to a carried table follows it into its schema, as the server
    /// demands, unless it is renamed itself.
    NameMap(const plan::NameMapping& mapping, const model::Catalog& source);

    /// An object that is not carried keeps its name.
    model::ObjectName object(const model::ObjectName& source) const;
    std::string column(const model::ObjectName& table, const std::string& column) const {
        return mapping_.column(table, column);
    }

private:
    const plan::NameMapping& mapping_;
    std::map<model::ObjectName, model::ObjectName> names_;
};

}  // namespace cutover::route
