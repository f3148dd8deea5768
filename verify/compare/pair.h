// A table at the source and its counterpart at the destination, resolved: which columns are held
// against each other, by which key rows are ordered, what cannot be compared. Pure: catalog shapes
// in, plan out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/side.h"
#include "migrator/plan/task_spec.h"
#include "verify/compare/key_order.h"
#include "verify/end/end.h"
#include "verify/end/shape.h"

namespace cutover::verify {

using model::Side;

/// One cell of the rows that are read; both ends deliver it at the same place.
struct PairCell {
    std::string source_column;
    std::string destination_column;
    std::shared_ptr<const CellDecoder> source;
    std::shared_ptr<const CellDecoder> destination;
    bool compared = true;     ///< false: read only for the order
    bool same_bytes = false;  ///< the values are equal exactly if the bytes are

    const CellDecoder& decoder(Side side) const {
        return side == Side::source ? *source : *destination;
    }
};

struct TablePair {
    TableShape source;
    TableShape destination;
    std::vector<PairCell> cells;  ///< the key's cells come first
    KeyCells source_key;          ///< the first cells; empty: keyless, compared as a multiset
    KeyCells destination_key;     ///< has the same orders
    std::vector<std::string> key_columns;  ///< source names
    bool same_bytes = false;  ///< so are all compared cells: a row is one string of bytes
    bool plain_key = false;   ///< keys are equal exactly if the bytes of their cells are
    bool splittable = false;  ///< both ends can cut ranges of the key out of an index
    ReadSpec source_read;
    ReadSpec destination_read;
    std::vector<std::string> uncomparable;  ///< `column: reason`
    std::vector<std::string>
        missing_columns;  ///< at the source, not at the destination, not excluded
    std::vector<std::string> excluded_columns;
    std::vector<std::string> extra_columns;  ///< at the destination only

    bool keyless() const { return source_key.empty(); }
    const KeyCells& key(Side side) const {
        return side == Side::source ? source_key : destination_key;
    }
};

/// Sets no filters: the caller sets those of source_read.
TablePair pair_tables(const TableShape& source, const TableShape& destination,
                      const plan::NameMapping& mapping);

}  // namespace cutover::verify
