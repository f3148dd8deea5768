// What the source's server, and anything in front of it, must let a task do apart from its settings
// and rights: open a session that reads the log, and let a slot begin.
#include <fmt/format.h>

#include "migrator/engine/postgres/capture/capture.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/requirements/parts.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"

namespace cutover::postgres {

using engine::Requirement;
using model::Severity;

namespace {

/// Younger transactions end by themselves while the task still examines the tables.
constexpr std::chrono::seconds kOld(60);

}  // namespace

/// Opens a session and closes it again, because only that shows what a pooler, a rule of
/// pg_hba.conf or a provider refuses.
Requirement replication_session(const plan::TaskSpec& spec) {
    Requirement out;
    out.finding = {"source.replication_session",
                   Severity::block,
                   spec.source.display(),
                   "the source accepts sessions that read the log",
                   "changes are read from the log, over a replication session",
                   "",
                   {"G116"}};
    try {
        ConnectOptions options;
        options.application_name = capture_name(spec);
        options.replication = true;
        Connection::open(spec.source, options);
    } catch (const model::Error& error) {
        out.met = false;
        out.finding.found = "no session that reads the log is to be had: " + error.message();
        out.finding.remedy = error.hint();
    }
    return out;
}

std::vector<Requirement> old_transactions(Connection& connection) {
    std::vector<std::string> names;
    for (const model::Holder& holder : writers_older_than(connection, kOld)) {
        names.push_back(model::to_text(holder));
    }
    return {{{"source.old_transactions",
              Severity::alert_ignorable,
              names.empty() ? "" : names.front(),
              names.empty() ? "no transaction that writes is old, and none is prepared"
                            : "open in the cluster: " + model::some_of(names),
              "the log of a task begins once every transaction that runs at the time, in whatever "
              "database of the server, has ended: the task waits for it, and names it",
              "end it: COMMIT or ROLLBACK, ROLLBACK PREPARED, or pg_terminate_backend()",
              {"G111"}},
             names.empty()}};
}

}  // namespace cutover::postgres
