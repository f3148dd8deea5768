#include "migrator/plan/partition_settings.h"

namespace cutover::plan {

TaskSpec with_partition_settings(TaskSpec spec, const model::Catalog& source) {
    // Parents come before their partitions, so each parent already has what it takes over from
    // above.
    for (const model::TableSchema& table : source.tables) {
        if (!table.partition_of) {
            continue;
        }
        const model::ObjectName& parent = table.partition_of->parent;
        if (const auto filter = spec.filters.find(parent); filter != spec.filters.end()) {
            spec.filters.try_emplace(table.name, filter->second);
        }
        auto& renamed = spec.mapping.columns;
        if (const auto columns = renamed.find(parent); columns != renamed.end()) {
            const std::map<std::string, std::string> above = columns->second;
            renamed[table.name].insert(above.begin(), above.end());
        }
        auto& excluded = spec.mapping.excluded_columns;
        if (const auto columns = excluded.find(parent); columns != excluded.end()) {
            const std::set<std::string> above = columns->second;
            excluded[table.name].insert(above.begin(), above.end());
        }
    }
    return spec;
}

}  // namespace cutover::plan
