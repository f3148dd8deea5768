// Topic::needed_objects: whether the objects that carried definitions depend on exist where the
// definitions are made, and work in our sessions, which have an empty search_path.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using engine::Requirement;
using model::NeededObject;
using model::NeedUse;
using model::Severity;

namespace {

/// $1: schemas. Lists everything in them that may be needed, and whether the account may use it.
constexpr const char* kPresent = R"(
WITH wanted AS (SELECT oid, has_schema_privilege(oid, 'USAGE') AS open FROM pg_namespace
                 WHERE nspname = ANY ($1::text[])),
     present AS (
    SELECT 'pg_proc'::regclass::oid AS class, p.oid, n.open AND has_function_privilege(p.oid, 'EXECUTE') AS usable
      FROM pg_proc p JOIN wanted n ON n.oid = p.pronamespace
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, n.open AND has_type_privilege(t.oid, 'USAGE')
      FROM pg_type t JOIN wanted n ON n.oid = t.typnamespace
    UNION ALL
    SELECT 'pg_collation'::regclass, c.oid, n.open FROM pg_collation c JOIN wanted n ON n.oid = c.collnamespace
     WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))
    UNION ALL
    SELECT 'pg_operator'::regclass, o.oid, n.open FROM pg_operator o JOIN wanted n ON n.oid = o.oprnamespace
    UNION ALL
    SELECT 'pg_opclass'::regclass, o.oid, n.open FROM pg_opclass o JOIN wanted n ON n.oid = o.opcnamespace
    UNION ALL
    SELECT 'pg_opfamily'::regclass, o.oid, n.open FROM pg_opfamily o JOIN wanted n ON n.oid = o.opfnamespace
    UNION ALL
    SELECT 'pg_ts_config'::regclass, o.oid, n.open FROM pg_ts_config o JOIN wanted n ON n.oid = o.cfgnamespace
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, o.oid, n.open FROM pg_ts_dict o JOIN wanted n ON n.oid = o.dictnamespace)
SELECT i.type, i.identity, p.usable FROM present p
 CROSS JOIN LATERAL pg_identify_object(p.class, p.oid, 0) i)";

std::string in_words(const NeedUse& use) {
    const std::string object = use.object.display();
    switch (use.part) {
        case NeedUse::Part::column:
            return "column " + object + "." + use.name;
        case NeedUse::Part::default_value:
            return "default of " + object + "." + use.name;
        case NeedUse::Part::generated:
            return "generated column " + object + "." + use.name;
        case NeedUse::Part::check:
            return "check " + use.name + " of " + object;
        case NeedUse::Part::key:
            return "key " + use.name + " of " + object;
        case NeedUse::Part::index:
            return "index " + use.name + " of " + object;
        case NeedUse::Part::foreign_key:
            return "foreign key " + use.name + " of " + object;
        case NeedUse::Part::partition_key:
            return "partition key of " + object;
        case NeedUse::Part::type:
            return "type " + object;
    }
    return object;
}

std::string with_uses(const NeededObject& need) {
    std::string text = need.kind + " " + need.identity;
    if (!need.uses.empty()) {
        text += " (" + in_words(need.uses.front());
        text += need.uses.size() == 1 ? ")" : fmt::format(" and {} more)", need.uses.size() - 1);
    }
    return text;
}

/// The order in which the objects are best made: functions are written over types and collations.
int rank_of(const NeededObject& need) {
    constexpr std::string_view kRanked[] = {"collation", "type", "function"};
    return static_cast<int>(std::find(std::begin(kRanked), std::end(kRanked), need.kind) -
                            std::begin(kRanked));
}

/// Extensions come first, each with the objects that it brings.
std::string all_of(std::vector<const NeededObject*> needs) {
    std::stable_sort(needs.begin(), needs.end(),
                     [](const auto* a, const auto* b) { return rank_of(*a) < rank_of(*b); });
    std::map<std::string, std::string> by_extension;
    std::string loose;
    for (const NeededObject* need : needs) {
        if (need->extension.empty()) {
            loose += (loose.empty() ? "" : "; ") + with_uses(*need);
            continue;
        }
        std::string& text =
            by_extension["extension " + need->extension + " in schema " + need->schema];
        text += (text.empty() ? " with " : ", ") + with_uses(*need);
    }
    std::string out;
    for (const auto& [extension, text] : by_extension) {
        out += (out.empty() ? "" : "; ") + extension + text;
    }
    return out + (out.empty() || loose.empty() ? "" : "; ") + loose;
}

/// Identities are compared without quotes: a renamed type among a function's arguments always has
/// quotes, while the server's own text has them only where they are needed.
std::pair<std::string, std::string> key_of(const std::string& kind, std::string identity) {
    std::erase(identity, '"');
    return {kind, std::move(identity)};
}

Requirement block(const std::string& code, const std::vector<const NeededObject*>& needs,
                  const std::string& found, const std::string& remedy) {
    return {{code,
             Severity::block,
             needs.empty() ? "" : needs.front()->identity,
             needs.empty() ? "all that is needed is there" : found + ": " + all_of(needs),
             "definitions that are migrated are made of them, and they are not migrated themselves",
             remedy,
             {"G134", "G135"}},
            needs.empty()};
}

/// True if filling rows calls the object; a default is not called, since every row brings its
/// value.
bool is_called(const NeedUse& use) {
    return use.part != NeedUse::Part::default_value && use.part != NeedUse::Part::column;
}

}  // namespace

std::vector<Requirement> needed_objects(Connection& connection, const model::Catalog& catalog) {
    std::set<std::string> schemas;
    for (const NeededObject& need : catalog.needs) {
        schemas.insert(need.schema);
    }
    const Result rows =
        connection.exec_params(kPresent, {array_literal({schemas.begin(), schemas.end()})});
    std::map<std::pair<std::string, std::string>, bool> present;
    for (int row = 0; row < rows.rows(); ++row) {
        present[key_of(rows.text(row, 0), rows.text(row, 1))] = rows.boolean(row, 2);
    }
    std::vector<const NeededObject*> missing;
    std::vector<const NeededObject*> closed;
    for (const NeededObject& need : catalog.needs) {
        const auto found = present.find(key_of(need.kind, need.identity));
        if (found == present.end()) {
            missing.push_back(&need);
        } else if (!found->second) {
            closed.push_back(&need);
        }
    }
    return {
        block("destination.needed_objects", missing, "not at the destination",
              "make them there first (an extension by CREATE EXTENSION; `pg_dump "
              "--schema-only` of the source prints the others), or exclude what uses them; then "
              "start: nothing has to be begun anew. What is written over types that are migrated "
              "needs those, too: make both, and write `conflict: ignore`"),
        block("destination.needed_objects_closed", closed,
              "at the destination, but the account may not use",
              "GRANT USAGE ON SCHEMA ..., EXECUTE ON FUNCTION ..., USAGE ON TYPE ... to the "
              "task's account")};
}

Requirement functions_and_search_path(const model::Catalog& catalog) {
    std::vector<std::string> names;
    for (const NeededObject& need : catalog.needs) {
        if (!need.looked_for.empty() &&
            std::any_of(need.uses.begin(), need.uses.end(), is_called)) {
            names.push_back(with_uses(need) + " names " + need.looked_for);
        }
    }
    return {{"source.function_search_path",
             Severity::alert_ignorable,
             names.empty() ? "" : names.front(),
             names.empty()
                 ? "no function that is needed relies on search_path"
                 : "functions that find what they name by search_path: " + model::some_of(names),
             "everything runs with an empty search_path, at the destination too: such a function "
             "fails there, and with it the rows that call it",
             "at both ends ALTER FUNCTION ... SET search_path = ..., or name objects in its body "
             "with their schemas",
             {"G135"}},
            names.empty()};
}

}  // namespace cutover::postgres
