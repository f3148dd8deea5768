#include "scenarios/evidence/judge_record.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace cutover::scenarios {

namespace {

using nlohmann::json;

constexpr std::size_t kMostSamples = 20;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t count_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<std::uint64_t>() : 0;
}

const json& part_of(const json& object, const char* key) {
    static const json kNone = json::object();
    const auto found = object.find(key);
    return found == object.end() ? kNone : *found;
}

std::string shown_sample(const json& sample) {
    std::string columns;
    for (const json& cell : part_of(sample, "columns")) {
        columns += fmt::format("{}{}", columns.empty() ? ": " : ", ", text_of(cell, "column"));
    }
    return fmt::format("{} {}{}", text_of(sample, "verdict"), text_of(sample, "key"), columns);
}

/// The judge's words of a table in the evidence's.
std::string table_verdict(const json& table) {
    const std::string verdict = text_of(table, "verdict");
    if (verdict != "consistent") {
        return verdict == "inconsistent" ? "different" : verdict;
    }
    if (part_of(table, "partial") == json(true)) {
        return "partial";
    }
    return part_of(table, "rules").empty() ? "equal" : "equal_by_rule";
}

TableProof table_proof(const json& table) {
    TableProof proof;
    const json& rows = part_of(table, "rows");
    proof.table = text_of(table, "destination");
    proof.source_rows = count_of(rows, "source");
    proof.destination_rows = count_of(rows, "destination");
    proof.verdict = table_verdict(table);
    proof.method = text_of(table, "method");
    for (const char* kind :
         {"missing", "extra", "different", "duplicate_keys", "uncomparable", "pending"}) {
        proof.differences += count_of(rows, kind);
    }
    for (const json& sample : part_of(table, "samples")) {
        if (proof.samples.size() < kMostSamples) {
            proof.samples.push_back(shown_sample(sample));
        }
    }
    return proof;
}

void add_structure(const json& result, VerifyRecord& record) {
    for (const char* part : {"structure", "sequences"}) {
        for (const json& difference : part_of(part_of(result, part), "differences")) {
            if (part_of(difference, "counts") == json(false)) {
                continue;
            }
            record.structure.push_back(fmt::format(
                "{} {} {} of {}", text_of(difference, "verdict"), text_of(difference, "kind"),
                text_of(difference, "name"), text_of(difference, "table")));
        }
    }
}

/// The document between whatever else was printed.
json document_in(const std::string& output) {
    const std::size_t begin = output.find('{');
    const std::size_t end = output.rfind('}');
    if (begin == std::string::npos || end == std::string::npos || end < begin) {
        return json::object();
    }
    json document = json::parse(output.substr(begin, end - begin + 1), nullptr, false);
    return document.is_object() ? document : json::object();
}

}  // namespace

VerifyRecord judge_record(int exit_code, const std::string& output) {
    VerifyRecord record;
    const json result = document_in(output);
    record.ran = !text_of(result, "verdict").empty();
    record.exit_code = exit_code;
    record.verdict = record.ran ? text_of(result, "verdict") : "error";
    if (!record.ran) {
        record.detail = output.substr(0, 2000);
        return record;
    }
    for (const json& reason : part_of(result, "reasons")) {
        record.detail += (record.detail.empty() ? "" : "; ") + reason.get<std::string>();
    }
    for (const json& table : part_of(result, "tables")) {
        record.tables.push_back(table_proof(table));
        for (const auto& [rule, cells] : part_of(table, "rules").items()) {
            record.declared_rules[rule] += cells.get<std::uint64_t>();
        }
    }
    add_structure(result, record);
    for (const json& part : part_of(result, "not_compared")) {
        record.not_compared.push_back(part.get<std::string>());
    }
    return record;
}

}  // namespace cutover::scenarios
