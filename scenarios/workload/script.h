// What one kind of workload writes, and what must hold wherever its rows are. SqlWorkload plays a
// script with its writers and keeps the ledger; a script knows neither threads nor outcomes.
//
// Its tables are named without a schema: every session has the workload's schema in its search
// path.
#pragma once

#include <string>
#include <vector>

#include "fixtures/data/session.h"
#include "scenarios/evidence/evidence.h"
#include "scenarios/ledger/ledger.h"
#include "scenarios/workload/draw.h"

namespace cutover::scenarios {

/// One transaction to be written.
struct Turn {
    fixtures::Session& session;
    Draw& draw;
    WriterNumber writer = 0;
    WriteNumber number = 0;
    /// Statements that belong at the transaction's end; the script may append to it to save a round
    /// trip.
    std::string& tail;
};

class Script {
public:
    virtual ~Script() = default;

    /// Without receipts, which are SqlWorkload's.
    virtual std::vector<std::string> tables() const = 0;
    virtual void create(fixtures::Session& session) = 0;
    /// Writes within the open transaction. Returns false if it is to be rolled back, on purpose.
    /// Any thread, several at once. Throws: model::Error.
    virtual bool transact(Turn& turn) const = 0;
    /// What must hold in every state that the source ever had; reads in one statement.
    virtual std::vector<Check> always(fixtures::Session& session) const = 0;
    /// What must hold beyond that when nobody writes; may take its time.
    virtual std::vector<Check> at_rest(fixtures::Session& session) const = 0;
};

}  // namespace cutover::scenarios
