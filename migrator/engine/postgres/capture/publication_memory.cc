#include "migrator/engine/postgres/capture/publication_memory.h"

#include <nlohmann/json.hpp>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

using nlohmann::json;

namespace {

constexpr const char* kNames[] = {"DEFAULT", "FULL", "NOTHING", "INDEX"};

std::optional<TableIdentity::Kind> kind_of(const std::string& name) {
    for (const auto kind : {TableIdentity::Kind::by_default, TableIdentity::Kind::full,
                            TableIdentity::Kind::nothing, TableIdentity::Kind::index}) {
        if (name == kNames[static_cast<std::size_t>(kind)]) {
            return kind;
        }
    }
    return std::nullopt;
}

/// True if `object` has these members, all of them texts, and no others.
bool has_texts(const json& object, std::initializer_list<const char*> names) {
    if (!object.is_object() || object.size() != names.size()) {
        return false;
    }
    for (const char* name : names) {
        if (!object.contains(name) || !object[name].is_string()) {
            return false;
        }
    }
    return true;
}

std::optional<std::pair<model::ObjectName, TableIdentity>> parse_identity(const json& object) {
    const bool index = has_texts(object, {"schema", "table", "identity", "index"});
    if (!index && !has_texts(object, {"schema", "table", "identity"})) {
        return std::nullopt;
    }
    const auto kind = kind_of(object["identity"].get<std::string>());
    if (!kind || index != (kind == TableIdentity::Kind::index)) {
        return std::nullopt;
    }
    const model::ObjectName name{object["schema"].get<std::string>(),
                                 object["table"].get<std::string>()};
    return std::pair{name, TableIdentity{*kind, index ? object["index"].get<std::string>() : ""}};
}

}  // namespace

std::string to_sql(const TableIdentity& identity) {
    return identity.kind == TableIdentity::Kind::index
               ? "USING INDEX " + quote_identifier(identity.index)
               : kNames[static_cast<std::size_t>(identity.kind)];
}

std::string to_comment(const PublicationMemory& memory) {
    json comment = json::array({{{"destination", memory.destination}}});
    for (const auto& [table, identity] : memory.identities) {
        json one = {{"schema", table.schema},
                    {"table", table.name},
                    {"identity", kNames[static_cast<std::size_t>(identity.kind)]}};
        if (identity.kind == TableIdentity::Kind::index) {
            one["index"] = identity.index;
        }
        comment.push_back(std::move(one));
    }
    return comment.dump();
}

std::optional<PublicationMemory> parse_publication_memory(const std::string& comment) {
    const json parsed = json::parse(comment, nullptr, false);
    if (!parsed.is_array() || parsed.empty() || !has_texts(parsed[0], {"destination"})) {
        return std::nullopt;
    }
    PublicationMemory memory;
    memory.destination = parsed[0]["destination"].get<std::string>();
    for (std::size_t at = 1; at < parsed.size(); ++at) {
        auto identity = parse_identity(parsed[at]);
        if (!identity || !memory.identities.insert(std::move(*identity)).second) {
            return std::nullopt;
        }
    }
    return memory;
}

}  // namespace cutover::postgres
