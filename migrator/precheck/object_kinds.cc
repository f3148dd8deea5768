#include <fmt/format.h>

#include <map>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;

namespace {

void tell_others(const model::Catalog& catalog, Findings& findings) {
    std::map<std::string, std::vector<std::string>> kinds;
    for (const model::OtherObject& object : catalog.others) {
        kinds[object.kind].push_back(object.name.display());
    }
    for (const auto& [kind, names] : kinds) {
        findings.push_back(
            {"objects.not_carried",
             Severity::alert_ignorable,
             kind,
             fmt::format("{} beside the selected tables: {}", names.size(), some_of(names)),
             "objects of this kind are not migrated; an application may need them",
             "create them at the destination before the applications are switched; then "
             "`ignore: [objects.not_carried]`",
             {"G134", "G160", "G182"}});
    }
}

void tell_partitions(const model::Catalog& catalog, Findings& findings) {
    for (const model::TableSchema& table : catalog.tables) {
        if (table.partition_of && catalog.find(table.partition_of->parent) == nullptr) {
            findings.push_back({"partitions.parent_not_selected",
                                Severity::block,
                                table.name.display(),
                                fmt::format("it is a partition of {}, which is not selected",
                                            table.partition_of->parent.display()),
                                "a partition cannot be created or followed without its parent",
                                "select the parent and all its partitions",
                                {"G133"}});
        }
    }
}

}  // namespace

Findings object_kinds(const Facts& facts) {
    Findings findings = unmet(facts, engine::Topic::object_kinds, true);
    tell_partitions(facts.source.catalog, findings);
    tell_others(facts.source.catalog, findings);
    return findings;
}

}  // namespace cutover::precheck
