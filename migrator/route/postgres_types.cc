#include "migrator/route/postgres_types.h"

#include <algorithm>
#include <map>
#include <set>

#include "migrator/model/error.h"
#include "migrator/route/postgres_wire.h"

namespace cutover::route {

using model::Error;
using model::ErrorClass;
using model::TypeClass;

namespace {

/// Ids below this are the server's own and the same everywhere.
constexpr std::uint64_t kFirstUserId = 16384;
/// Arrays of built-in types that may have to be looked into.
constexpr std::pair<std::uint64_t, std::uint64_t> kBuiltInArrays[] = {
    {1006, kInt2vector}, {1013, kOidvector}, {143, kXml},
    {791, kMoney},       {1187, kInterval},  {3645, kTsquery}};

/// numeric: the display scale (1.50 or 1.5) is not part of the value.
void fold_numeric(std::string_view cell, std::string& out) {
    if (cell.size() < 8) {
        out.append(cell);
        return;
    }
    out.append(cell.substr(0, 6));
    out.append(cell.substr(8));
}

/// float4, float8: minus zero equals zero, every NaN equals every other.
void fold_float(std::string_view cell, std::string& out) {
    const bool negative_zero =
        cell[0] == '\x80' && cell.find_first_not_of('\0', 1) == std::string_view::npos;
    const unsigned high =
        static_cast<unsigned char>(cell[0]) << 8 | static_cast<unsigned char>(cell[1]);
    const unsigned exponent = cell.size() == 4 ? 0x7f80 : 0x7ff0;
    const bool extreme = (high & exponent) == exponent;
    const bool fraction = (high & ~exponent & 0x7fff) != 0 ||
                          cell.find_first_not_of('\0', 2) != std::string_view::npos;
    if (negative_zero) {
        out.append(cell.size(), '\0');
    } else if (extreme && fraction) {
        out += "NaN";
    } else {
        out.append(cell);
    }
}

/// char(n): trailing blanks are not part of the value.
void fold_padded(std::string_view cell, std::string& out) {
    const std::size_t last = cell.find_last_not_of(' ');
    out.append(cell.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

}  // namespace

namespace {

/// The type that a domain or array stands on, or the type itself.
const model::TypeSchema* user_type(const model::ObjectName& name, const model::Catalog& source) {
    for (const model::TypeSchema& type : source.types) {
        if (type.name == name ||
            (type.name.schema == name.schema && "_" + type.name.name == name.name)) {
            return &type;
        }
    }
    return nullptr;
}

/// A domain's base type by the name the server's catalog has for it; empty where it is no plain
/// type.
std::string domain_base(const std::string& definition) {
    static const std::map<std::string, std::string> kNames = {
        {"smallint", "int2"},
        {"integer", "int4"},
        {"bigint", "int8"},
        {"real", "float4"},
        {"double precision", "float8"},
        {"boolean", "bool"},
        {"character varying", "varchar"},
        {"character", "bpchar"},
        {"timestamp without time zone", "timestamp"},
        {"timestamp with time zone", "timestamptz"}};
    std::string text = definition;
    for (const char* end : {" DEFAULT ", " NOT NULL", " CONSTRAINT ", " COLLATE "}) {
        text = text.substr(0, text.find(end));
    }
    const std::size_t open = text.find('(');
    if (open != std::string::npos) {
        text.erase(open, text.find(')', open) - open + 1);
    }
    const auto known = kNames.find(text);
    return known == kNames.end() ? text : known->second;
}

std::optional<std::string> cannot_carry_plain(std::string name, const std::string& shown) {
    static const std::set<std::string> kNoBinary = {
        "aclitem", "gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list"};
    if (name.starts_with("_")) {
        name.erase(0, 1);
    }
    if (kNoBinary.contains(name)) {
        return "type " + shown + " has no binary form";
    }
    if (name.starts_with("reg")) {
        return "type " + shown + " holds object ids, which mean something else in another database";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> cannot_carry(const model::ColumnSchema& column,
                                        const model::Catalog& source) {
    if (column.type_name.schema == "pg_catalog") {
        return cannot_carry_plain(column.type_name.name, column.type);
    }
    const model::TypeSchema* type = user_type(column.type_name, source);
    if (type != nullptr && type->type_class == TypeClass::domain) {
        return cannot_carry_plain(domain_base(type->definition), column.type);
    }
    for (std::size_t at = 0; type != nullptr && at < type->columns.size(); ++at) {
        if (auto reason = cannot_carry(type->columns[at], source)) {
            return reason;
        }
    }
    return std::nullopt;
}

std::pair<plan::KeyFold, bool> key_fold(const model::ColumnSchema& column,
                                        const model::Catalog& source) {
    static const std::set<std::string> kBytesAreEqual = {
        "int2",    "int4",     "int8", "oid",         "bool",   "uuid",  "text", "varchar",
        "name",    "char",     "date", "timestamptz", "bytea",  "time",  "inet", "timestamp",
        "macaddr", "macaddr8", "bit",  "varbit",      "pg_lsn", "money", "xid8"};
    if (!column.deterministic) {
        return {nullptr, false};
    }
    if (column.type_class == TypeClass::enumeration) {
        return {nullptr, true};
    }
    std::string name = column.type_name.name;
    if (column.type_class == TypeClass::domain) {
        const model::TypeSchema* domain = user_type(column.type_name, source);
        name = domain == nullptr ? "" : domain_base(domain->definition);
    } else if (column.type_name.schema != "pg_catalog" || column.type_class != TypeClass::base) {
        return {nullptr, false};
    }
    if (name == "numeric") {
        return {fold_numeric, true};
    }
    if (name == "float4" || name == "float8") {
        return {fold_float, true};
    }
    if (name == "bpchar") {
        return {fold_padded, true};
    }
    return {nullptr, kBytesAreEqual.contains(name)};
}

TypeIds::TypeIds(const model::Catalog& source, const model::Catalog& destination,
                 const NameMap& names)
    : leaves_(source, destination) {
    for (const auto& [array, element] : kBuiltInArrays) {
        entries_[array] = {Shape::array, array, {element}, "array"};
    }
    for (const model::TypeSchema& type : source.types) {
        const model::TypeSchema* counterpart = nullptr;
        const model::ObjectName name = names.object(type.name);
        for (const model::TypeSchema& candidate : destination.types) {
            if (candidate.name == name) {
                counterpart = &candidate;
            }
        }
        add(type, counterpart);
    }
}

void TypeIds::add(const model::TypeSchema& type, const model::TypeSchema* counterpart) {
    Entry entry;
    entry.name = type.name.display();
    entry.destination = counterpart == nullptr ? 0 : counterpart->type_id;
    if (type.type_class == TypeClass::composite) {
        entry.shape = Shape::composite;
        for (const model::ColumnSchema& column : type.columns) {
            entry.parts.push_back(column.type_id);
        }
    } else if (type.element_type_id != 0) {
        const bool range = type.type_class == TypeClass::range;
        entry.shape = range ? Shape::range : Shape::domain;
        entry.parts = {type.element_type_id};
    }
    if (type.multirange_type_id != 0) {
        const std::uint64_t there = counterpart == nullptr ? 0 : counterpart->multirange_type_id;
        entries_[type.multirange_type_id] = {
            Shape::multirange, there, {type.type_id}, "the multirange of " + entry.name};
        entries_[type.multirange_array_type_id] = {
            Shape::array,
            counterpart == nullptr ? 0 : counterpart->multirange_array_type_id,
            {type.multirange_type_id},
            "an array of the multirange of " + entry.name};
    }
    entries_[type.type_id] = entry;
    Entry array;
    array.shape = Shape::array;
    array.name = entry.name + "[]";
    array.destination = counterpart == nullptr ? 0 : counterpart->array_type_id;
    array.parts = {type.type_id};
    entries_[type.array_type_id] = array;
}

bool TypeIds::rewrites(std::uint64_t source_type) const {
    const auto found = entries_.find(source_type);
    if (found == entries_.end() || found->second.shape == Shape::plain) {
        return leaves_.concerns(source_type);
    }
    const Shape shape = found->second.shape;
    const bool numbered = shape == Shape::array || shape == Shape::composite;
    return std::any_of(
        found->second.parts.begin(), found->second.parts.end(),
        [&](std::uint64_t part) { return (numbered && part >= kFirstUserId) || rewrites(part); });
}

bool TypeIds::holds(std::uint64_t source_type, std::uint64_t built_in) const {
    const auto found = entries_.find(source_type);
    return source_type == built_in ||
           (found != entries_.end() &&
            std::any_of(found->second.parts.begin(), found->second.parts.end(),
                        [&](std::uint64_t part) { return holds(part, built_in); }));
}

std::string TypeIds::missing(std::uint64_t source_type) const {
    const auto found = entries_.find(source_type);
    if (found == entries_.end()) {
        return "";
    }
    const Shape shape = found->second.shape;
    const bool names_parts = shape == Shape::array || shape == Shape::composite;
    for (const std::uint64_t part : found->second.parts) {
        const auto inner = entries_.find(part);
        if (names_parts && inner != entries_.end() && inner->second.destination == 0) {
            return inner->second.name;
        }
        if (std::string name = missing(part); !name.empty()) {
            return name;
        }
    }
    return "";
}

std::uint32_t TypeIds::counterpart(std::uint32_t source_type) const {
    if (source_type < kFirstUserId) {
        return source_type;
    }
    const auto found = entries_.find(source_type);
    if (found == entries_.end()) {
        return source_type;  // an extension's type: the server takes any id that is not its own
    }
    if (found->second.destination == 0) {
        throw Error(ErrorClass::refused, "route.type_without_counterpart",
                    "type " + found->second.name + " does not exist at the destination",
                    "create it there, or let the task migrate the schema");
    }
    return static_cast<std::uint32_t>(found->second.destination);
}

void TypeIds::rewrite(std::uint64_t source_type, std::string_view bytes, std::string& out) const {
    const auto found = entries_.find(source_type);
    const Shape shape = found == entries_.end() ? Shape::plain : found->second.shape;
    switch (shape) {
        case Shape::plain:
            if (leaves_.concerns(source_type)) {
                leaves_.write(source_type, bytes, out);
            } else {
                out.append(bytes);
            }
            break;
        case Shape::domain:
            rewrite(found->second.parts.front(), bytes, out);
            break;
        case Shape::range:
            rewrite_range(found->second.parts.front(), bytes, out);
            break;
        case Shape::multirange:
            rewrite_multirange(found->second.parts.front(), bytes, out);
            break;
        case Shape::array:
            rewrite_array(bytes, out);
            break;
        case Shape::composite:
            rewrite_composite(bytes, out);
            break;
    }
}

/// int32 dimensions, int32 has-nulls, int32 element type, (int32 size, int32 lower bound) per
/// dimension, then per element int32 length (-1: null) and the value.
void TypeIds::rewrite_array(std::string_view bytes, std::string& out) const {
    WireReader reader(bytes);
    const std::uint32_t dimensions = reader.number();
    const std::uint32_t nulls = reader.number();
    const std::uint32_t element = reader.number();
    append_number(out, dimensions);
    append_number(out, nulls);
    append_number(out, counterpart(element));
    if (dimensions > 6) {
        throw Error(ErrorClass::corrupt, "postgres.value", "an array has more than six dimensions");
    }
    out.append(reader.take(dimensions * 8ul));
    while (!reader.at_side()) {
        const std::uint32_t length = reader.number();
        if (length == kNullLength) {
            append_number(out, length);
        } else {
            with_length(out, [&] { rewrite(element, reader.take(length), out); });
        }
    }
}

/// int32 columns, then per column int32 type, int32 length (-1: null) and the value.
void TypeIds::rewrite_composite(std::string_view bytes, std::string& out) const {
    WireReader reader(bytes);
    append_number(out, reader.number());
    while (!reader.at_side()) {
        const std::uint32_t type = reader.number();
        append_number(out, counterpart(type));
        const std::uint32_t length = reader.number();
        if (length == kNullLength) {
            append_number(out, length);
        } else {
            with_length(out, [&] { rewrite(type, reader.take(length), out); });
        }
    }
}

/// A byte of flags, then per bound that is there int32 length and the value.
void TypeIds::rewrite_range(std::uint64_t bound, std::string_view bytes, std::string& out) const {
    WireReader reader(bytes);
    out.append(reader.take(1));
    while (!reader.at_side()) {
        const std::string_view value = reader.take(reader.number());
        with_length(out, [&] { rewrite(bound, value, out); });
    }
}

/// int32 ranges, then per range int32 length and the range.
void TypeIds::rewrite_multirange(std::uint64_t range, std::string_view bytes,
                                 std::string& out) const {
    WireReader reader(bytes);
    append_number(out, reader.number());
    while (!reader.at_side()) {
        const std::string_view value = reader.take(reader.number());
        with_length(out, [&] { rewrite(range, value, out); });
    }
}

}  // namespace cutover::route
