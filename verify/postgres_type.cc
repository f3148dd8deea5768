#include "verify/postgres_type.h"

#include <algorithm>
#include <array>

namespace cutover::verify {

namespace {

/// Numbers below this are PostgreSQL's own, the same in every database.
constexpr std::uint32_t kFirstUserOid = 16384;
constexpr int kDepthLimit = 64;

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

/// Types of one family have values that can be told equal or not.
int family(Wire wire) {
    switch (wire) {
        case Wire::int16:
        case Wire::int32:
        case Wire::int64:
        case Wire::uint32:
        case Wire::uint64:
        case Wire::numeric:
            return static_cast<int>(Wire::numeric);
        case Wire::float32:
        case Wire::float64:
            return static_cast<int>(Wire::float64);
        case Wire::text:
        case Wire::padded_text:
        case Wire::via_text:
            return static_cast<int>(Wire::text);
        case Wire::json:
        case Wire::jsonb:
            return static_cast<int>(Wire::json);
        default:
            return static_cast<int>(wire);
    }
}

std::string names(const WireType& a, const WireType& b) {
    return a.name + " and " + b.name;
}

}  // namespace

bool same_bytes_same_value(const WireType& a, const WireType& b) {
    const auto parts_agree = [&] {
        if (a.fields.size() != b.fields.size()) {
            return false;
        }
        for (std::size_t at = 0; at < a.fields.size(); ++at) {
            const bool numbered_alike =
                a.fields[at]->oid == b.fields[at]->oid && a.fields[at]->oid < kFirstUserOid;
            if (!numbered_alike || !same_bytes_same_value(*a.fields[at], *b.fields[at])) {
                return false;
            }
        }
        return true;
    };
    if (a.wire != b.wire || a.geometry != b.geometry) {
        return false;
    }
    switch (a.wire) {
        case Wire::array:  // carries its element's number
            return a.element->oid == b.element->oid && a.element->oid < kFirstUserOid &&
                   same_bytes_same_value(*a.element, *b.element);
        case Wire::range:
        case Wire::multirange:
            return same_bytes_same_value(*a.element, *b.element);
        case Wire::record:
            return parts_agree();  // carries its fields' numbers
        case Wire::opaque:
            return a.oid == b.oid;
        default:
            return true;
    }
}

std::string why_not_comparable(const WireType& a, const WireType& b) {
    const bool same_family = family(a.wire) == family(b.wire) && a.geometry == b.geometry;
    if (!same_family || (a.wire == Wire::opaque && a.oid != b.oid)) {
        return "no common form of " + names(a, b);
    }
    if (a.element && b.element) {
        return why_not_comparable(*a.element, *b.element);
    }
    if (a.fields.size() != b.fields.size()) {
        return "different fields in " + names(a, b);
    }
    for (std::size_t at = 0; at < a.fields.size(); ++at) {
        std::string reason = why_not_comparable(*a.fields[at], *b.fields[at]);
        if (!reason.empty()) {
            return reason;
        }
    }
    return {};
}

WireTypes::WireTypes(std::vector<CatalogType> rows) {
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
    type->name = row == rows_.end() ? "type " + std::to_string(oid) : row->second.name;
    if (const BuiltIn* known = built_in(oid)) {
        type->wire = known->wire;
        type->geometry = known->geometry;
        return type;
    }
    if (row == rows_.end() || depth > kDepthLimit) {
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
            base->oid = row.oid;  // nested in an array or a record the domain's own number travels
            base->name = row.name;
            return base;
        }
        case 'c':
            break;
        default:
            return nullptr;
    }
    type->wire = Wire::record;
    for (const std::uint32_t field : row.fields) {
        type->fields.push_back(build(field, depth));
        if (type->fields.back()->wire == Wire::via_text) {
            return nullptr;
        }
    }
    return type;
}

}  // namespace cutover::verify
