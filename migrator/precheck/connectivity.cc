#include "migrator/model/side.h"
#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;
using model::Side;

namespace {

void ask_end(const EndFacts& end, const plan::Endpoint& endpoint, Side side, Findings& findings) {
    if (!end.failure) {
        return;
    }
    findings.push_back({side == Side::source ? "connectivity.source" : "connectivity.destination",
                        Severity::block,
                        endpoint.display(),
                        end.failure->message() + " [" + end.failure->code() + "]",
                        "a task needs both ends; nothing else can be asked without this one",
                        end.failure->hint(),
                        {"G140", "G193", "G196"}});
}

void ask_private(const EndFacts& end, const plan::Endpoint& endpoint, Side side,
                 Findings& findings) {
    if (end.answers() && !end.server.private_line) {
        findings.push_back({side == Side::source ? "connectivity.source_unencrypted"
                                                 : "connectivity.destination_unencrypted",
                            Severity::alert_ignorable,
                            endpoint.display(),
                            "the connection leaves this machine and is not encrypted",
                            "anybody on the network path can read every row, and change some",
                            "write `tls: {mode: verify-full, ca: FILE}`, and switch TLS on at the "
                            "server",
                            {}});
    }
}

void ask_writable(const EndFacts& end, const plan::Endpoint& endpoint, Side side,
                  const std::string& why, Findings& findings) {
    if (end.answers() && !end.server.writable) {
        findings.push_back({side == Side::source ? "connectivity.source_read_only"
                                                 : "connectivity.destination_read_only",
                            Severity::block,
                            endpoint.display(),
                            "the server that answers is a standby and takes no writes",
                            why,
                            "name the primary, or add it to `hosts`",
                            {"G193"}});
    }
}

}  // namespace

Findings connectivity(const Facts& facts) {
    const plan::TaskSpec& spec = facts.spec;
    Findings findings;
    ask_end(facts.source, spec.source, Side::source, findings);
    ask_end(facts.destination, spec.destination, Side::destination, findings);
    ask_private(facts.source, spec.source, Side::source, findings);
    ask_private(facts.destination, spec.destination, Side::destination, findings);
    ask_writable(facts.destination, spec.destination, Side::destination, "rows are written there",
                 findings);
    if (spec.phases.incremental) {
        ask_writable(facts.source, spec.source, Side::source,
                     "the incremental phase creates a reader of the log at the primary", findings);
    }
    const bool same =
        facts.source.answers() && facts.destination.answers() &&
        !facts.source.server.system_identifier.empty() &&
        facts.source.server.system_identifier == facts.destination.server.system_identifier &&
        spec.source.database == spec.destination.database;
    if (same && spec.mapping.empty()) {
        findings.push_back({"connectivity.one_database",
                            Severity::block,
                            spec.destination.display(),
                            "both ends are the same database of the same server",
                            "every table would be copied onto itself",
                            "correct one end, or rename schemas or tables under `objects.rename`",
                            {}});
    }
    return findings;
}

}  // namespace cutover::precheck
