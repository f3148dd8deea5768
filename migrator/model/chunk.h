// A piece of one table's full copy, and the receipt that is committed together with its rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "migrator/model/change.h"
#include "migrator/model/position.h"
#include "migrator/model/units.h"

namespace cutover::model {

/// Which rows: opaque outside the source's engine (block numbers, key bounds), with a text for
/// people.
struct ChunkRange {
    std::string bytes;
    std::string text;
};

/// Planned once per table and stored before the first of them is copied, so that a resumed task
/// speaks of the same pieces.
struct Chunk {
    TableIndex table = 0;
    std::uint32_t number = 0;      ///< within the table; unique over all generations
    std::uint32_t generation = 0;  ///< a table that is copied anew gets a new one
    ChunkRange range;
    Rows estimated_rows;
    Bytes estimated_bytes;
};

/// What a chunk was read under. `settled`: once every change up to here is applied, each change
/// that the stamp had seen has gone by, and the stamp need not be asked any more.
struct ChunkView {
    Stamp stamp;
    Position settled;
};

/// Committed in the same destination transaction as the chunk's rows.
struct ChunkReceipt {
    Chunk chunk;
    ChunkView view;
    Rows rows;
    Bytes bytes;
    std::string hash;  ///< XXH3-128 of the batches as written, hexadecimal
};

}  // namespace cutover::model
