// What the judge knows of a table at one end before it reads rows: columns with their decoders,
// keys it may order by, size. Each engine reads this in its own catalog file; nothing comes from
// the migrator's inspector.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "migrator/model/name.h"
#include "verify/canonical/cell_decoder.h"

namespace cutover::verify {

/// How two cells of a key column are put in order by their bytes. Both ends must be able to deliver
/// rows in this order, whatever their collations are.
enum class KeyOrder : std::uint8_t {
    none,         ///< not by its own bytes: its text form is read too and ordered by its bytes
    integer,      ///< big-endian two's complement of 2, 4 or 8 bytes
    bytes,        ///< bytewise
    padded_text,  ///< bytewise without trailing blanks
    numeric,      ///< an exact number, by value as the column's decoder reads it
};

struct ColumnShape {
    std::string name;
    std::string type;  ///< as the engine prints it
    bool nullable = true;
    bool generated = false;
    std::shared_ptr<const CellDecoder> decoder;
    bool read_as_text = false;  ///< we know no binary form of the type
    std::string as_text;        ///< the engine's expression for its exact text
    KeyOrder key_order = KeyOrder::none;
    std::string order_by;  ///< the engine's expression that orders by key_order
    bool ordered_scan =
        false;  ///< an index can deliver that order, and ranges can be cut out of it
};

struct TableShape {
    model::ObjectName name;
    std::string identity;  ///< the engine's mark of this very object, whatever its name
    std::vector<ColumnShape> columns;
    /// Unique keys of plain columns that are never NULL, by index into columns; the primary key
    /// comes first.
    std::vector<std::vector<std::size_t>> unique_keys;
    std::uint64_t estimated_rows = 0;
    std::uint64_t estimated_bytes = 0;
    bool partitioned = false;
    /// Set for a partition: the root of its partition tree.
    model::ObjectName root;
};

}  // namespace cutover::verify
