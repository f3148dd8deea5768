// What a contract test needs of an engine besides the seam itself: to make tables, to play the
// application at a source, to look at the rows of a destination. One adapter per engine
// (memory_ends.h, ...); the tests know nothing else of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/flow/runtime.h"
#include "migrator/flow/waits.h"
#include "migrator/model/check.h"

namespace cutover::contract {

/// A row as texts; nothing for NULL (and, in a change, for a cell that was not sent).
using Row = std::vector<std::optional<std::string>>;

/// The tables of the contract, in schema `app`: `keyed` (id number primary, name text), `heap` (v
/// number, name text; no key), `filtered` (id number primary, v number; only rows with v >= 10).
enum class TableName : std::uint8_t { keyed, heap, filtered };
inline constexpr TableName kTables[] = {TableName::keyed, TableName::heap, TableName::filtered};
inline const char* table_text(TableName table) {
    constexpr const char* kTexts[] = {"keyed", "heap", "filtered"};
    return kTexts[static_cast<std::size_t>(table)];
}

/// Texts that end a quote, a statement, a line or a format, if somebody lets them.
inline std::vector<std::string> texts_that_act() {
    return {"'); DROP TABLE app.keyed; --",
            "\\N",
            "\\.",
            "$1",
            "\"",
            "$$",
            "%s%n{}",
            "{\"a\": [1]}",
            "a\tb\nc\rd",
            "\x1b[2J",
            "\\x00",
            ""};
}

/// Both ends of one engine, fresh for each test.
class EndUnderTest {
public:
    virtual ~EndUnderTest() = default;
    virtual flow::Runtime& runtime() = 0;
    /// Of the task on whose behalf sources and sinks are opened.
    virtual flow::StopSignal& stop() = 0;
    virtual flow::Waits& waits() = 0;
    /// The plan of a task over the three tables. They exist at the source; at the destination they
    /// are made by the plan's schema steps.
    virtual const plan::Plan& plan() = 0;
    virtual std::unique_ptr<engine::Source> open_source() = 0;
    virtual std::unique_ptr<engine::Sink> open_sink() = 0;

    // The application at the source. Transactions may overlap.
    virtual int begin() = 0;
    virtual void insert(int transaction, TableName table, const Row& row) = 0;
    /// Changes the row whose first column is `first`.
    virtual void update(int transaction, TableName table, const std::string& first,
                        const Row& row) = 0;
    virtual void remove(int transaction, TableName table, const std::string& first) = 0;
    virtual void truncate(int transaction, TableName table) = 0;
    virtual void commit(int transaction) = 0;
    virtual void rollback(int transaction) = 0;

    /// False if the source refuses a row for this table; nothing is left of the try.
    virtual bool may_write(TableName table) = 0;

    /// Somebody else at the destination keeps others from emptying the table, as long as this
    /// object lives.
    virtual void occupy(TableName table) = 0;
    /// Lets `v` of the destination's `filtered` refer to `id` of `keyed`, of rows that come from
    /// now on; false if the destination knows no foreign keys.
    virtual bool refer() = 0;
    /// Another role makes, before any task, what tasks keep at the destination: it has our names.
    virtual void occupy_control() = 0;
    /// The same for what the plan's capture is made of at the source.
    virtual void occupy_capture() = 0;

    /// Another table of the same name and shape takes the place of one of the source's, to which
    /// nothing was written.
    virtual void exchange(TableName table) = 0;
    /// What somebody hears who takes the place of a server, declines to encrypt and asks for the
    /// secret as it is, and what is told of that. Empty: the engine has no wire.
    struct Trapped {
        std::string heard;
        std::string told;
    };
    virtual Trapped ask_for(const std::string& secret) = 0;

    /// All rows of a table at the destination, sorted.
    virtual std::vector<Row> destination_rows(TableName table) = 0;

    // Wire forms.
    virtual std::vector<Row> rows(const plan::TablePlan& table, const model::RowBatch& batch) = 0;
    virtual Row row(const plan::TablePlan& table, const model::Tuple& tuple) = 0;
    virtual model::RowBatch destination_batch(const plan::TablePlan& table,
                                              const std::vector<Row>& rows) = 0;
    virtual model::Tuple destination_tuple(const plan::TablePlan& table, const Row& row) = 0;
    /// Key columns alone.
    virtual model::Tuple destination_key(const plan::TablePlan& table, const Row& key) = 0;
    virtual model::Tuple source_key(const plan::TablePlan& table, const Row& key) = 0;

    const plan::TablePlan& table(TableName name) {
        for (const plan::TablePlan& one : plan().tables) {
            if (one.source.name == table_text(name)) {
                return one;
            }
        }
        model::check_failed("the plan has all tables of the contract", __FILE__, __LINE__);
    }
};

struct Engine {
    std::string name;
    /// Nothing if the engine cannot be had here: the running test is then skipped or has failed.
    std::function<std::unique_ptr<EndUnderTest>()> make;
};
inline void PrintTo(const Engine& engine, std::ostream* out) {
    *out << engine.name;
}

}  // namespace cutover::contract
