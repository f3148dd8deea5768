// The source's log from a position on: engine::ChangeStream over a logical replication slot. It
// joins the link (replication_link.h), which speaks the protocol, and the assembler
// (transaction_assembler.h), which makes whole transactions of it. It does not create or prove the
// slot (capture.h does).
#pragma once

#include <memory>
#include <string>

#include "migrator/engine/change_stream.h"
#include "migrator/engine/postgres/session/attention.h"
#include "migrator/engine/source.h"
#include "migrator/model/position.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// Opens the log after `from`. `plan` must outlive the stream and its transactions. A slot that is
/// held by a connection which this task has left behind is freed first; an onlooker is waited for.
/// Throws: refused (no slot, no publication), corrupt (the slot begins after `from`, the log is
/// gone), operation (the slot is in use by somebody else), connection.
std::unique_ptr<engine::ChangeStream> open_change_stream(
    const plan::TaskSpec& spec, const plan::Plan& plan, const std::string& slot,
    const std::string& publication, const model::Position& from, engine::LogReader reader,
    const Attention& attention);

}  // namespace cutover::postgres
