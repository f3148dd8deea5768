// The single acts of random_dml: each makes the SQL of one small thing that applications do and
// migrators get wrong. An act only makes text; random_dml.h says how acts become transactions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fixtures/data/session.h"
#include "scenarios/ledger/ledger.h"
#include "scenarios/workload/draw.h"

namespace cutover::scenarios {

/// What is in the dataset, read once after it was loaded.
struct DmlGround {
    std::map<std::string, std::uint64_t>
        highest;  ///< table without schema -> highest key (or rows)
    struct TypeTable {
        std::string name;                  ///< `shop.type_number`
        std::vector<std::string> columns;  ///< without the key, quoted
    };
    std::vector<TypeTable> type_tables;

    /// Requires: the dataset main or small was loaded. Throws: refused if it was not.
    static DmlGround read(fixtures::Session& session);
};

/// One act of one transaction.
struct DmlContext {
    const DmlGround& ground;
    Draw& draw;
    WriterNumber writers;
    WriterNumber writer;
    WriteNumber number;
    std::uint64_t step;  ///< within the transaction, 0..7

    /// A key that no other act makes. Fits an integer column for 16 million transactions of 8
    /// writers.
    std::uint64_t fresh() const { return key_of(number, step); }
    /// A key that this writer may have made a while ago.
    std::uint64_t earlier();
    /// A key 1..highest of a table of the dataset.
    std::uint64_t any(const std::string& table);

private:
    std::uint64_t key_of(WriteNumber of_number, std::uint64_t of_step) const {
        return 1'000'000'000 + (of_number * 8 + of_step) * writers + writer;
    }
};

struct DmlAct {
    const char* name;
    unsigned weight;
    std::string (*sql)(DmlContext&);
};

/// All of them, always in the same order.
const std::vector<DmlAct>& dml_acts();

}  // namespace cutover::scenarios
