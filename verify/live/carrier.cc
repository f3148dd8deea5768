#include "verify/live/carrier.h"

#include <fmt/format.h>

#include <algorithm>

#include "verify/compare/table_task.h"

namespace cutover::verify {

namespace {

constexpr const char* kWhenToTell =
    "verify when the writes have stopped, or after `cutover finish`";

}  // namespace

Carrier carrier_of(const Applied& applied) {
    if (!applied.hidden.empty()) {
        return Carrier::hidden;
    }
    if (!applied.known) {
        return Carrier::unknown;
    }
    if (applied.phase == "finished") {
        return Carrier::ended;
    }
    return applied.phase == "incremental" ? Carrier::replicating : Carrier::copying;
}

void leave_pending(TableResult& result, const std::string& why) {
    RowCounts& rows = result.rows;
    rows.pending += rows.differing();
    rows.missing = rows.extra = rows.different = rows.duplicate = 0;
    for (RowSample& sample : result.samples) {
        sample.verdict =
            sample.verdict == RowVerdict::uncomparable ? sample.verdict : RowVerdict::pending;
    }
    result.differing_columns.clear();
    const std::string unread = result.partial ? result.reason : std::string();
    conclude(result);
    if (result.verdict != Verdict::inconsistent) {
        result.verdict = Verdict::could_not_tell;
        result.reason = fmt::format("{} pending: {}; {}", rows.pending, why, kWhenToTell);
        result.reason += unread.empty() ? "" : "; " + unread;
    }
}

bool rows_differ(const std::vector<TableResult>& tables) {
    return std::any_of(tables.begin(), tables.end(),
                       [](const TableResult& table) { return table.rows.differing() != 0; });
}

void leave_to_the_copy(Result& result, const std::string& why) {
    for (TableResult& table : result.tables) {
        if (table.rows.differing() != 0) {
            leave_pending(table, why);
        } else if (table.verdict == Verdict::inconsistent) {
            table.verdict = Verdict::could_not_tell;
            table.reason += ", and " + why;
        }
    }
    for (SchemaResult* schema : {&result.schema, &result.sequences}) {
        if (schema->compared && schema->verdict == Verdict::inconsistent) {
            schema->verdict = Verdict::could_not_tell;
        }
    }
}

std::vector<std::string> writers_of(const std::string& end, const std::vector<OpenWriter>& writers,
                                    const std::vector<model::ObjectName>& tables) {
    std::vector<std::string> out;
    for (const OpenWriter& writer : writers) {
        std::string names;
        for (const model::ObjectName& table : writer.tables) {
            if (std::find(tables.begin(), tables.end(), table) != tables.end()) {
                names += (names.empty() ? "" : ", ") + table.display();
            }
        }
        if (!names.empty()) {
            out.push_back(fmt::format("open at the {}: {} has written to {} and has not ended", end,
                                      writer.who, names));
        }
    }
    return out;
}

}  // namespace cutover::verify
