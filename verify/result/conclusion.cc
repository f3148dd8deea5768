#include "verify/result/conclusion.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrator/model/check.h"

namespace cutover::verify {

namespace {

class Conclusion {
public:
    Conclusion(Result& result, const Doubts& doubts) : result_(result), doubts_(doubts) {}

    void run() {
        add_tables();
        add_doubts();
        add_schema(result_.schema, "structure", "the task has yet to bring it");
        add_schema(result_.sequences, "sequences", doubt_about_sequences());
        result_.verdict = damaged_  ? Verdict::inconsistent
                          : unsure_ ? Verdict::could_not_tell
                                    : Verdict::consistent;
        // Whatever the tables' own verdicts are, a run passes only if nothing is left over.
        CUTOVER_CHECK(result_.verdict != Verdict::consistent || result_.rows.findings() == 0);
        result_.reasons.insert(result_.reasons.begin(), headline());
    }

private:
    void doubt(std::string reason) {
        unsure_ = true;
        result_.reasons.push_back(std::move(reason));
    }

    void add_tables() {
        std::sort(result_.tables.begin(), result_.tables.end(),
                  [](const TableResult& a, const TableResult& b) { return a.source < b.source; });
        unsure_ = result_.tables.empty();
        for (const TableResult& table : result_.tables) {
            result_.rows += table.rows;
            result_.bytes += table.bytes;
            damaged_ = damaged_ || table.verdict == Verdict::inconsistent;
            unsure_ = unsure_ || table.verdict == Verdict::could_not_tell;
            if (table.verdict != Verdict::consistent) {
                result_.reasons.push_back(table.source + ": " + table.reason);
            }
        }
    }

    void add_doubts() {
        std::string idle;
        for (const std::string& pattern : doubts_.idle_patterns) {
            idle += (idle.empty() ? "`" : ", `") + pattern + "`";
        }
        if (!idle.empty()) {
            doubt("nothing is selected by: " + idle);
        }
        if (!doubts_.unread_structure.empty()) {
            doubt("structure could not be read: " + doubts_.unread_structure);
        }
        for (const std::string& setting : doubts_.idle_settings) {
            doubt("the selection has no such name: " + setting);
        }
        for (const std::string& writer : doubts_.open_writers) {
            doubt(writer +
                  ": its rows cannot be seen before it commits; end it and verify again, or "
                  "leave them out with --ignore-open-writers");
        }
    }

    void add_schema(const SchemaResult& schema, std::string_view what, std::string_view pending) {
        if (!schema.compared || schema.verdict == Verdict::consistent) {
            return;
        }
        if (schema.verdict == Verdict::could_not_tell) {
            doubt(fmt::format("{}: {}", what, pending));
            return;
        }
        damaged_ = true;
        const auto count = std::count_if(schema.differences.begin(), schema.differences.end(),
                                         [](const SchemaDifference& each) { return each.counts; });
        result_.reasons.push_back(fmt::format("{}: {} differences", what, count));
    }

    std::string doubt_about_sequences() const {
        const std::vector<SchemaDifference>& all = result_.sequences.differences;
        const bool unreadable = std::any_of(all.begin(), all.end(), [](const auto& each) {
            return each.verdict == RowVerdict::uncomparable;
        });
        return unreadable ? "the account may not read all of them"
                          : "behind, pending until the cutover sets them (--no-sequences leaves "
                            "them out)";
    }

    std::string headline() const {
        if (damaged_) {
            return "source and destination differ";
        }
        if (!unsure_) {
            return fmt::format("all {} rows of {} tables are equal", result_.rows.source,
                               result_.tables.size());
        }
        if (result_.tables.empty()) {
            return "no table was selected";
        }
        return result_.rows.pending != 0
                   ? "rows are on their way, or may be: no verdict on them yet"
                   : "not everything could be compared";
    }

    Result& result_;
    const Doubts& doubts_;
    bool unsure_ = false;
    bool damaged_ = false;
};

}  // namespace

void conclude_run(Result& result, const Doubts& doubts) {
    Conclusion(result, doubts).run();
}

}  // namespace cutover::verify
