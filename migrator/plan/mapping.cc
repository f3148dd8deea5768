// The renames of plan/task_spec.h: a table's own entry wins over its schema's.
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

model::ObjectName NameMapping::table(const model::ObjectName& source) const {
    const auto own = tables.find(source);
    if (own != tables.end()) {
        return own->second;
    }
    const auto schema = schemas.find(source.schema);
    return {schema == schemas.end() ? source.schema : schema->second, source.name};
}

std::string NameMapping::column(const model::ObjectName& source_table,
                                const std::string& source_column) const {
    const auto table = columns.find(source_table);
    if (table == columns.end()) {
        return source_column;
    }
    const auto found = table->second.find(source_column);
    return found == table->second.end() ? source_column : found->second;
}

}  // namespace cutover::plan
