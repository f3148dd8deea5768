#include "migrator/route/postgres_needs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "migrator/route/postgres_tables.h"
#include "migrator/route/sql_renamer.h"

namespace cutover::route {

using model::NeededObject;
using model::NeedUse;
using model::TableSchema;
using Part = model::NeedUse::Part;

namespace {

class Needs {
public:
    Needs(const plan::TaskSpec& spec, const model::Catalog& source,
          const model::Catalog& destination, const NameMap& names)
        : source_(source),
          destination_(destination),
          names_(names),
          renamer_(names),
          tables_(spec, source, destination.server_version, names, renamer_) {}

    std::vector<NeededObject> run() const {
        std::vector<NeededObject> out;
        for (NeededObject need : source_.needs) {
            std::erase_if(need.uses, [&](const NeedUse& use) { return !made(use); });
            if (!need.uses.empty()) {
                // The object keeps its name; types among its arguments may be carried, and renamed.
                need.identity = renamer_.objects(need.identity);
                out.push_back(std::move(need));
            }
        }
        return out;
    }

private:
    bool made(const NeedUse& use) const {
        if (use.part == Part::type) {
            const auto there = [&](const model::TypeSchema& type) {
                return type.name == names_.object(use.object);
            };
            return std::none_of(destination_.types.begin(), destination_.types.end(), there);
        }
        const TableSchema* table = source_.find(use.object);
        return table != nullptr && made(use, *table);
    }

    /// Keys and indexes are made on tables that are there, too.
    bool made(const NeedUse& use, const TableSchema& table) const {
        const bool there = destination_.find(names_.object(table.name)) != nullptr;
        const std::set<std::string> without = tables_.left_out(table);
        switch (use.part) {
            case Part::column:
            case Part::default_value:
            case Part::generated:
                return !there && !without.contains(use.name);
            case Part::check:
                return !there && holds(table.checks, use.name, without);
            case Part::key:
                return holds(table.keys, use.name, without);
            case Part::index:
                return holds(table.indexes, use.name, without);
            case Part::foreign_key:
                return true;
            case Part::partition_key:
            case Part::type:
                return !there;
        }
        return true;
    }

    template <typename Definitions>
    static bool holds(const Definitions& definitions, const std::string& name,
                      const std::set<std::string>& without) {
        return std::any_of(definitions.begin(), definitions.end(), [&](const auto& known) {
            return known.name == name && !mentions(known.definition, without);
        });
    }

    const model::Catalog& source_;
    const model::Catalog& destination_;
    const NameMap& names_;
    SqlRenamer renamer_;
    TableWriter tables_;
};

}  // namespace

std::vector<NeededObject> needed_at_destination(const plan::TaskSpec& spec,
                                                const model::Catalog& source,
                                                const model::Catalog& destination,
                                                const NameMap& names) {
    return Needs(spec, source, destination, names).run();
}

}  // namespace cutover::route
