#include "verify/postgres/type.h"

#include <algorithm>
#include <array>

namespace cutover::verify {

namespace {

constexpr int kTypeDepthLimit = 64;
constexpr std::uint32_t kXml = 142;

struct BuiltIn {
    std::uint32_t oid;
    Wire wire;
    char geometry = 0;
};

/// Built-in base types with a binary form that the judge decodes. Not here on purpose: names of
/// objects (regclass and its kin travel as numbers that differ between databases), tsvector,
/// tsquery, xml, jsonpath, snapshots, aclitem: their text form is exact and says more.
constexpr std::array kBuiltIns{
    BuiltIn{16, Wire::boolean},        BuiltIn{17, Wire::bytes},
    BuiltIn{18, Wire::text},           BuiltIn{19, Wire::text},
    BuiltIn{20, Wire::int64},          BuiltIn{21, Wire::int16},
    BuiltIn{23, Wire::int32},          BuiltIn{25, Wire::text},
    BuiltIn{26, Wire::uint32},         BuiltIn{27, Wire::opaque},
    BuiltIn{28, Wire::uint32},         BuiltIn{29, Wire::uint32},
    BuiltIn{114, Wire::json},          BuiltIn{600, Wire::geometry, 'p'},
    BuiltIn{601, Wire::geometry, 's'}, BuiltIn{602, Wire::geometry, 'o'},
    BuiltIn{603, Wire::geometry, 'b'}, BuiltIn{604, Wire::geometry, 'y'},
    BuiltIn{628, Wire::geometry, 'l'}, BuiltIn{650, Wire::network},
    BuiltIn{700, Wire::float32},       BuiltIn{701, Wire::float64},
    BuiltIn{718, Wire::geometry, 'c'}, BuiltIn{774, Wire::hardware},
    BuiltIn{790, Wire::money},         BuiltIn{829, Wire::hardware},
    BuiltIn{869, Wire::network},       BuiltIn{1042, Wire::padded_text},
    BuiltIn{1043, Wire::text},         BuiltIn{1082, Wire::date},
    BuiltIn{1083, Wire::time},         BuiltIn{1114, Wire::local_time},
    BuiltIn{1184, Wire::instant},      BuiltIn{1186, Wire::interval},
    BuiltIn{1266, Wire::zoned_time},   BuiltIn{1560, Wire::bits},
    BuiltIn{1562, Wire::bits},         BuiltIn{1700, Wire::numeric},
    BuiltIn{1790, Wire::text},         BuiltIn{2950, Wire::uuid},
    BuiltIn{3220, Wire::opaque},       BuiltIn{3802, Wire::jsonb},
    BuiltIn{5069, Wire::uint64},
};

const BuiltIn* built_in(std::uint32_t oid) {
    const auto found = std::find_if(kBuiltIns.begin(), kBuiltIns.end(),
                                    [oid](const BuiltIn& type) { return type.oid == oid; });
    return found == kBuiltIns.end() ? nullptr : &*found;
}

std::string_view own_form(Wire wire) {
    switch (wire) {
        case Wire::boolean:
            return "boolean";
        case Wire::int16:
            return "int16";
        case Wire::int32:
            return "int32";
        case Wire::int64:
            return "int64";
        case Wire::uint32:
            return "uint32";
        case Wire::uint64:
            return "uint64";
        case Wire::numeric:
            return "numeric";
        case Wire::float32:
            return "float32";
        case Wire::float64:
            return "float64";
        case Wire::text:
            return "text";
        case Wire::padded_text:
            return "padded text";
        case Wire::bytes:
            return "bytes";
        case Wire::json:
            return "json";
        case Wire::jsonb:
            return "jsonb";
        case Wire::via_text:
            return "via text";
        case Wire::date:
            return "date";
        case Wire::time:
            return "time";
        case Wire::zoned_time:
            return "zoned time";
        case Wire::local_time:
            return "local time";
        case Wire::instant:
            return "instant";
        case Wire::interval:
            return "interval";
        case Wire::uuid:
            return "uuid";
        case Wire::array:
            return "array";
        case Wire::record:
            return "record";
        case Wire::range:
            return "range";
        case Wire::multirange:
            return "multirange";
        case Wire::bits:
            return "bits";
        case Wire::network:
            return "network";
        case Wire::hardware:
            return "hardware address";
        case Wire::money:
            return "money";
        case Wire::geometry:
            return "geometry";
        case Wire::opaque:
            return "opaque";
    }
    return "unknown";
}

/// The form of a part whose type number travels with it.
std::string numbered_form(const WireType& part) {
    const std::string form = byte_form(part);
    return part.oid >= kFirstUserOid || form.empty() ? std::string()
                                                     : std::to_string(part.oid) + ":" + form;
}

template <typename Part>
std::string joined(const std::vector<WireTypePtr>& parts, Part part) {
    std::string out;
    for (const WireTypePtr& each : parts) {
        const std::string text = part(*each);
        if (text.empty()) {
            return {};
        }
        out += (out.empty() ? "" : ",") + text;
    }
    return out;
}

ValueFamily record_family(const WireType& type) {
    ValueFamily out{Family::record};
    for (std::size_t at = 0; at < type.fields.size(); ++at) {
        out.names.push_back(at < type.field_names.size() ? type.field_names[at] : "");
        out.parts.push_back(value_family(*type.fields[at]));
    }
    return out;
}

}  // namespace

std::string byte_form(const WireType& type) {
    std::string parts;
    switch (type.wire) {
        case Wire::array:
            parts = numbered_form(*type.element);
            break;
        case Wire::record:
            parts = joined(type.fields, numbered_form);
            break;
        case Wire::range:
        case Wire::multirange:
            parts = byte_form(*type.element);
            break;
        case Wire::opaque:
            parts = std::to_string(type.oid);
            break;
        case Wire::geometry:
            parts = std::string(1, type.geometry);
            break;
        case Wire::interval:
            parts = type.reading.infinite_intervals ? "with infinity" : "finite";
            break;
        case Wire::money:
            parts = std::to_string(type.reading.money_digits);
            break;
        default:
            return std::string(own_form(type.wire));
    }
    return parts.empty() ? std::string() : std::string(own_form(type.wire)) + "(" + parts + ")";
}

ValueFamily value_family(const WireType& type) {
    const auto of_element = [&](Family family) {
        return ValueFamily{family, {}, {value_family(*type.element)}};
    };
    switch (type.wire) {
        case Wire::boolean:
            return {Family::boolean};
        case Wire::int16:
        case Wire::int32:
        case Wire::int64:
        case Wire::uint32:
        case Wire::uint64:
        case Wire::numeric:
            return {Family::number};
        case Wire::float32:
        case Wire::float64:
            return {Family::floating};
        case Wire::text:
        case Wire::padded_text:
        case Wire::via_text:
            return {Family::text};
        case Wire::bytes:
            return {Family::bytes};
        case Wire::json:
        case Wire::jsonb:
            return {Family::json};
        case Wire::date:
            return {Family::date};
        case Wire::time:
            return {Family::time};
        case Wire::zoned_time:
            return {Family::zoned_time};
        case Wire::local_time:
            return {Family::local_time};
        case Wire::instant:
            return {Family::instant};
        case Wire::interval:
            return {Family::interval};
        case Wire::uuid:
            return {Family::uuid};
        case Wire::bits:
            return {Family::bits};
        case Wire::network:
            return {Family::network};
        case Wire::hardware:
            return {Family::hardware};
        case Wire::money:
            return {Family::money};
        case Wire::geometry:
            return {Family::geometry, std::string(1, type.geometry)};
        case Wire::array:
            return of_element(Family::array);
        case Wire::range:
            return of_element(Family::range);
        case Wire::multirange:
            return of_element(Family::multirange);
        case Wire::record:
            return record_family(type);
        case Wire::opaque:
            break;
    }
    return {Family::opaque, "postgres " + std::to_string(type.oid)};
}

WireTypes::WireTypes(std::vector<CatalogType> rows, const WireReading& reading)
    : reading_(reading) {
    for (CatalogType& row : rows) {
        rows_.emplace(row.oid, std::move(row));
    }
}

WireTypePtr WireTypes::find(std::uint32_t oid) const {
    const auto found = built_.find(oid);
    if (found != built_.end()) {
        return found->second;
    }
    WireTypePtr type = build(oid, 0);
    built_.emplace(oid, type);
    return type;
}

WireTypePtr WireTypes::build(std::uint32_t oid, int depth) const {
    const auto row = rows_.find(oid);
    auto type = std::make_shared<WireType>();
    type->oid = oid;
    type->reading = reading_;
    type->xml = oid == kXml;
    type->name = row == rows_.end() ? "type " + std::to_string(oid) : row->second.name;
    if (const BuiltIn* known = built_in(oid)) {
        type->wire = known->wire;
        type->geometry = known->geometry;
        return type;
    }
    if (row == rows_.end() || depth > kTypeDepthLimit) {
        return type;
    }
    WireTypePtr known = build_known(row->second, depth + 1);
    return known ? known : type;
}

WireTypePtr WireTypes::build_known(const CatalogType& row, int depth) const {
    auto type = std::make_shared<WireType>();
    type->oid = row.oid;
    type->name = row.name;
    const auto part = [&](Wire wire, std::uint32_t oid) -> WireTypePtr {
        type->wire = wire;
        type->element = build(oid, depth);
        return type->element->wire == Wire::via_text ? nullptr : type;
    };
    if (row.element != 0) {
        return part(Wire::array, row.element);
    }
    switch (row.kind) {
        case 'e':
            type->wire = Wire::text;
            return type;
        case 'r':
            return part(Wire::range, row.subtype);
        case 'm':
            return part(Wire::multirange, row.subtype);
        case 'd': {
            auto base = std::make_shared<WireType>(*build(row.base, depth));
            base->oid = row.oid;  // inside an array or a record, the domain's own number travels
            base->name = row.name;
            return base;
        }
        case 'c':
            break;
        default:
            return nullptr;
    }
    type->wire = Wire::record;
    type->field_names = row.field_names;
    for (const std::uint32_t field : row.fields) {
        type->fields.push_back(build(field, depth));
        if (type->fields.back()->wire == Wire::via_text) {
            return nullptr;
        }
    }
    return type;
}

}  // namespace cutover::verify
