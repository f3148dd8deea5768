#include "migrator/route/name_map.h"

namespace cutover::route {

NameMap::NameMap(const plan::NameMapping& mapping, const model::Catalog& source)
    : mapping_(mapping) {
    for (const model::TypeSchema& type : source.types) {
        names_[type.name] = mapping.table(type.name);
        // An array type has a name of its own, made of the element's.
        names_[{type.name.schema, "_" + type.name.name}] = {mapping.table(type.name).schema,
                                                            "_" + mapping.table(type.name).name};
    }
    for (const model::SequenceSchema& sequence : source.sequences) {
        names_[sequence.name] = mapping.table(sequence.name);
        if (sequence.owned_by_table && source.find(*sequence.owned_by_table) != nullptr &&
            !mapping.tables.contains(sequence.name)) {
            names_[sequence.name].schema = mapping.table(*sequence.owned_by_table).schema;
        }
    }
    for (const model::TableSchema& table : source.tables) {
        names_[table.name] = mapping.table(table.name);
    }
}

model::ObjectName NameMap::object(const model::ObjectName& source) const {
    const auto found = names_.find(source);
    return found == names_.end() ? source : found->second;
}

}  // namespace cutover::route
