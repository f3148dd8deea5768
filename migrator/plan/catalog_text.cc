#include "migrator/plan/catalog_text.h"

#include <nlohmann/json.hpp>

#include "migrator/model/error.h"
#include "migrator/plan/evolution.h"

namespace nlohmann {

template <typename Value>
struct adl_serializer<std::optional<Value>> {
    static void to_json(json& out, const std::optional<Value>& value) {
        out = value ? json(*value) : json();
    }
    static void from_json(const json& in, std::optional<Value>& value) {
        value = in.is_null() ? std::nullopt : std::optional<Value>(in.get<Value>());
    }
};

}  // namespace nlohmann

namespace cutover::model {

using nlohmann::json;

/// Bytes as text, because JSON holds only UTF-8.
static std::string hex(const std::string& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char byte : bytes) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4];
        out += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

static std::string unhex(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
    }
    return out;
}

void to_json(json& out, const ColumnFill& fill) {
    out = {{"text", fill.text}, {"bytes", hex(fill.bytes)}};
}
void from_json(const json& in, ColumnFill& fill) {
    fill.text = in.at("text").get<std::string>();
    fill.bytes = unhex(in.at("bytes").get<std::string>());
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ObjectName, schema, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ColumnSchema, name, number, type, type_name, type_id, type_class,
                                   holds_table_row, nullable, default_expression,
                                   generated_expression, generated_virtual, identity, collation,
                                   deterministic, fill)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeySchema, name, columns, primary, deferrable, definition,
                                   inherited)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(IndexSchema, name, definition, unique, plain_columns, columns,
                                   inherited)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ForeignKeySchema, name, columns, parent, parent_columns,
                                   definition, inherited)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckSchema, name, definition, inherited, not_null)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PartitionSchema, parent, bound)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableSchema, name, columns, keys, indexes, foreign_keys, checks,
                                   partition_key, partition_of, inherits, old_rows, old_row_columns,
                                   number, columns_made, identity, rows_file, logged, in_one_piece,
                                   row_security, storage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SequenceSchema, name, type, start, increment, minimum, maximum,
                                   cache, cycle, owned_by_table, owned_by_column, identity)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TypeSchema, name, type_class, type_id, array_type_id, labels,
                                   label_ids, definition, columns, element_type_id,
                                   multirange_type_id, multirange_array_type_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OtherObject, kind, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NeedUse, object, part, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NeededObject, kind, schema, identity, extension, looked_for,
                                   uses)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Catalog, server_version, money_digits, encoding, schemas, types,
                                   sequences, tables, others, needs)

}  // namespace cutover::model

namespace cutover::plan {

using nlohmann::json;

void to_json(json& out, const SchemaStep& step) {
    out = {{"id", step.id},
           {"object", step.object},
           {"statement", step.statement},
           {"table", step.table}};
}
void from_json(const json& in, SchemaStep& step) {
    step.id = in.at("id").get<std::string>();
    step.object = in.at("object").get<std::string>();
    step.statement = in.at("statement").get<std::string>();
    step.table = in.at("table").get<model::ObjectName>();
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableEvolution, before, after, columns_differ, added,
                                   copied_anew, why_anew)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PastColumns::Column, number, name, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PastColumns, columns, columns_made, rows_file)

namespace {

/// This program wrote the text, so text that it cannot read is damaged.
template <typename Work>
auto reading(const Work& work) {
    try {
        return work();
    } catch (const std::exception& error) {  // from the JSON library or from parsing a number
        throw model::Error(model::ErrorClass::corrupt, "task.catalog",
                           "the task's record of the source's catalog cannot be read: " +
                               std::string(error.what()),
                           "the task's stored state is damaged: release the task and migrate anew")
            .at(model::Side::neither);
    }
}

}  // namespace

std::string catalog_text(const model::Catalog& catalog) {
    return json(catalog).dump();
}

model::Catalog read_catalog_text(std::string_view text) {
    return reading([&] { return json::parse(text).get<model::Catalog>(); });
}

bool same_schema(model::Catalog one, model::Catalog other) {
    for (model::Catalog* catalog : {&one, &other}) {
        catalog->others.clear();
        catalog->needs.clear();
        for (model::TableSchema& table : catalog->tables) {
            table.rows_file.clear();
            table.old_rows = {};  // the task sets it itself, and the log tells its value
            table.old_row_columns.clear();
            for (model::ColumnSchema& column : table.columns) {
                column.fill.reset();
            }
        }
    }
    return catalog_text(one) == catalog_text(other);
}

std::string evolution_text(const Evolution& evolution) {
    return json{{"revision", evolution.revision},
                {"catalog", evolution.catalog},
                {"settles_at", model::hex(evolution.settles_at.bytes)},
                {"settles_at_text", evolution.settles_at.text},
                {"steps", evolution.steps},
                {"later", evolution.later},
                {"forgotten", evolution.forgotten},
                {"pending", evolution.pending},
                {"waiting", evolution.waiting},
                {"fresh", evolution.fresh},
                {"gone", evolution.gone},
                {"tables", evolution.tables},
                {"former", evolution.former},
                {"in_force", evolution.in_force},
                {"text", evolution.text}}
        .dump();
}

Evolution read_evolution_text(std::string_view text) {
    return reading([&] {
        const json in = json::parse(text);
        Evolution out;
        out.revision = in.at("revision").get<std::uint64_t>();
        out.catalog = in.at("catalog").get<model::Catalog>();
        out.settles_at = {model::unhex(in.at("settles_at").get<std::string>()),
                          in.at("settles_at_text").get<std::string>()};
        out.steps = in.at("steps").get<std::vector<SchemaStep>>();
        out.later = in.at("later").get<std::vector<SchemaStep>>();
        out.forgotten = in.at("forgotten").get<std::set<std::string>>();
        out.pending = in.at("pending").get<std::set<std::string>>();
        out.waiting = in.at("waiting").get<std::set<std::string>>();
        out.fresh = in.at("fresh").get<std::set<model::ObjectName>>();
        out.gone = in.at("gone").get<std::set<std::uint64_t>>();
        out.tables = in.at("tables").get<std::vector<TableEvolution>>();
        out.former = in.at("former").get<decltype(out.former)>();
        out.in_force = in.at("in_force").get<model::Catalog>();
        out.text = in.at("text").get<std::vector<std::string>>();
        return out;
    });
}

}  // namespace cutover::plan
