// Rows of one table on their way from a reader to a writer: one buffer of whole rows in the wire
// form of its source. Nobody between the two looks inside unless the table has a transcoder.
#pragma once

#include <string>

#include "migrator/model/units.h"

namespace cutover::model {

struct RowBatch {
    std::string bytes;  ///< whole rows, one after the other
    Rows rows;

    void clear() {
        bytes.clear();
        rows = {};
    }
    bool empty() const { return rows.count == 0; }
};

}  // namespace cutover::model
