#include "scenarios/workload/ring.h"

#include <fmt/core.h>

#include <map>
#include <set>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

using Links = std::map<std::string, std::string>;

std::string locked_next(fixtures::Session& session, const std::string& node) {
    const auto rows =
        session.query("SELECT next FROM ring_node WHERE id = " + node + " FOR UPDATE");
    if (rows.size() != 1) {
        throw model::Error(model::ErrorClass::operation, "ring.broken",
                           "node " + node + " is not there");
    }
    return *rows[0][0];
}

std::string link(const std::string& node, const std::string& next) {
    return fmt::format("UPDATE ring_node SET next = {}, moves = moves + 1 WHERE id = {};", next,
                       node);
}

/// Empty if the links are one ring of `nodes` nodes; else what is wrong.
std::string fault_of(const Links& links, std::uint64_t nodes) {
    if (links.size() != nodes) {
        return fmt::format("{} nodes instead of {}", links.size(), nodes);
    }
    std::set<std::string> seen;
    std::string at = links.begin()->first;
    while (seen.insert(at).second) {
        const auto next = links.find(at);
        if (next == links.end()) {
            return "a link leads to node " + at + ", which is not there";
        }
        at = next->second;
    }
    if (seen.size() == nodes && at == links.begin()->first) {
        return "";
    }
    return fmt::format("the walk comes back to node {} after {} of {} nodes", at, seen.size(),
                       nodes);
}

}  // namespace

void Ring::create(fixtures::Session& session) {
    session.query(fmt::format(
        "CREATE TABLE ring_node (id integer PRIMARY KEY, next integer NOT NULL, moves bigint NOT "
        "NULL DEFAULT 0)"
        " WITH (fillfactor = 70);"
        "INSERT INTO ring_node SELECT i, (i + 1) % {0}, 0 FROM generate_series(0, {0} - 1) AS i",
        nodes_));
}

bool Ring::transact(Turn& turn) const {
    // a -> b -> c -> d becomes a -> c -> b -> d. Locks run along the ring; a deadlock is an outcome
    // too.
    const std::string a = std::to_string(turn.draw.below(nodes_));
    const std::string b = locked_next(turn.session, a);
    const std::string c = locked_next(turn.session, b);
    const std::string d = locked_next(turn.session, c);
    turn.tail = link(a, c) + link(c, b) + link(b, d);
    return true;
}

std::vector<Check> Ring::always(fixtures::Session& session) const {
    Links links;
    for (const auto& row : session.query("SELECT id, next FROM ring_node")) {
        links[*row[0]] = *row[1];
    }
    const std::string fault = fault_of(links, nodes_);
    Check check;
    check.name = "ring.intact";
    check.passed = fault.empty();
    check.detail = fault.empty() ? fmt::format("one ring of {} nodes", nodes_) : fault;
    return {check};
}

}  // namespace cutover::scenarios
