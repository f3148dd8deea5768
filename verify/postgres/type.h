// How a PostgreSQL type travels in binary, as a tree: an array knows its element, a record its
// fields, a range its subtype; a domain has become its base. Built from the catalog's rows by
// WireTypes; used by postgres/decode.h (wire to canonical) and by the pairing of columns (may their
// bytes be compared?).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "verify/canonical/value_family.h"

namespace cutover::verify {

/// One enumerator per binary form. `via_text`: we know no binary form, so the column is read as
/// text.
enum class Wire : std::uint8_t {
    boolean,
    int16,
    int32,
    int64,
    uint32,
    uint64,
    numeric,
    float32,
    float64,
    text,
    padded_text,
    bytes,
    json,
    jsonb,
    via_text,
    date,
    time,
    zoned_time,
    local_time,
    instant,
    interval,
    uuid,
    array,
    record,
    range,
    multirange,
    bits,
    network,
    hardware,
    money,
    geometry,
    opaque,
};

/// Numbers below this are PostgreSQL's own, the same in every database.
constexpr std::uint32_t kFirstUserOid = 16384;

/// The version and settings of an end that decide what the same bytes mean.
struct WireReading {
    bool infinite_intervals = true;  ///< from version 17 on the outermost intervals are no numbers
    int money_digits = 2;            ///< digits of the fraction, by lc_monetary
};

struct WireType;
using WireTypePtr = std::shared_ptr<const WireType>;

struct WireType {
    Wire wire = Wire::via_text;
    std::uint32_t oid = 0;
    std::string name;                      ///< schema.name of the column's type, for messages
    WireReading reading;                   ///< by the end that the column is read from
    bool xml = false;                      ///< via_text: an xml document or content
    char geometry = 0;                     ///< which geometry: p l b s o(path) y(polygon) c
    WireTypePtr element;                   ///< of array, range and multirange
    std::vector<WireTypePtr> fields;       ///< of a record
    std::vector<std::string> field_names;  ///< likewise
};

/// Names the form: if two names are equal, equal bytes are equal values. Empty if the bytes cannot
/// be trusted, because the number of a user-defined type travels inside (it differs between
/// databases).
std::string byte_form(const WireType& type);

ValueFamily value_family(const WireType& type);

/// A row of pg_type and what belongs to it, as read from one database.
struct CatalogType {
    std::uint32_t oid = 0;
    std::string name;
    char kind = 'b';                       ///< typtype: b e d c r m p
    std::uint32_t element = 0;             ///< typelem, of a true array only
    std::uint32_t base = 0;                ///< typbasetype, of a domain
    std::uint32_t subtype = 0;             ///< of a range; of a multirange, its range
    std::vector<std::uint32_t> fields;     ///< of a composite, in order
    std::vector<std::string> field_names;  ///< likewise
};

/// The types of one database.
class WireTypes {
public:
    explicit WireTypes(std::vector<CatalogType> rows, const WireReading& reading = {});
    /// Never null. A type with a part that has no known binary form is via_text as a whole.
    WireTypePtr find(std::uint32_t oid) const;

private:
    WireTypePtr build(std::uint32_t oid, int depth) const;
    WireTypePtr build_known(const CatalogType& row, int depth) const;

    std::map<std::uint32_t, CatalogType> rows_;
    WireReading reading_;
    mutable std::map<std::uint32_t, WireTypePtr> built_;
};

}  // namespace cutover::verify
