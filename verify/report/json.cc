#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "migrator/model/visible.h"
#include "verify/report/report.h"

namespace cutover::verify {

namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const RowCounts& rows) {
    return {{"source", rows.source},
            {"destination", rows.destination},
            {"equal", rows.equal},
            {"equal_by_rule", rows.equal_by_rule},
            {"missing", rows.missing},
            {"extra", rows.extra},
            {"different", rows.different},
            {"duplicate", rows.duplicate},
            {"uncomparable", rows.uncomparable},
            {"pending", rows.pending}};
}

Json digest_json(const Digest& digest) {
    return {{"rows", digest.rows},
            {"row_sum", digest.row_sum.text()},
            {"key_sum", digest.key_sum.text()}};
}

Json sample_json(const RowSample& sample) {
    Json cells = Json::array();
    for (const CellDifference& cell : sample.cells) {
        cells.push_back({{"column", cell.column},
                         {"source", cell.source_value},
                         {"destination", cell.destination_value},
                         {"kind", cell.kind}});
    }
    return {{"verdict", to_string(sample.verdict)},
            {"key", sample.key},
            {"source_count", sample.source_count},
            {"destination_count", sample.destination_count},
            {"cells", cells},
            {"evidence", sample.evidence}};
}

Json table_json(const TableResult& table) {
    Json samples = Json::array();
    for (const RowSample& sample : table.samples) {
        samples.push_back(sample_json(sample));
    }
    return {{"source", table.source},
            {"destination", table.destination},
            {"verdict", to_string(table.verdict)},
            {"reason", table.reason},
            {"method", table.method},
            {"filter", table.filter},
            {"partial", table.partial},
            {"rows", counts_json(table.rows)},
            {"differing_columns", table.differing_columns},
            {"rules", table.rules},
            {"samples", samples},
            {"source_digest", digest_json(table.source_digest)},
            {"destination_digest", digest_json(table.destination_digest)},
            {"uncomparable_columns", table.uncomparable_columns},
            {"missing_columns", table.missing_columns},
            {"excluded_columns", table.excluded_columns},
            {"extra_columns", table.extra_columns},
            {"notes", table.notes},
            {"bytes", table.bytes},
            {"took_ms", table.took.count()}};
}

Json schema_json(const SchemaResult& schema) {
    if (!schema.compared) {
        return nullptr;
    }
    Json differences = Json::array();
    for (const SchemaDifference& each : schema.differences) {
        differences.push_back({{"verdict", to_string(each.verdict)},
                               {"kind", to_string(each.kind)},
                               {"table", each.table},
                               {"name", each.name},
                               {"source", each.source_definition},
                               {"destination", each.destination_definition},
                               {"counts", each.counts},
                               {"left_out", each.left_out}});
    }
    return {{"verdict", to_string(schema.verdict)},
            {"compared", schema.compared_facts},
            {"differences", differences}};
}

Json live_json(const LiveResult& live) {
    if (!live.taken) {
        return nullptr;
    }
    return {{"proof", live.positional ? "positional" : "settled"},
            {"rounds", live.rounds},
            {"candidates", live.candidates},
            {"equal", live.equal},
            {"gone", live.gone},
            {"different", live.different},
            {"pending", live.pending},
            {"first_pass", {{"source", live.first_position}, {"applied", live.first_applied}}},
            {"last_round", {{"source", live.last_position}, {"applied", live.last_applied}}},
            {"gave_up", live.gave_up}};
}

Json late_json(const LateWrites& late) {
    Json first = Json::array();
    for (const LateWrite& write : late.first) {
        first.push_back({{"change", write.change},
                         {"table", write.table},
                         {"key", write.key},
                         {"position", write.position},
                         {"committed", instant_text(write.committed)}});
    }
    return {{"transactions", late.transactions}, {"changes", late.changes}, {"first", first}};
}

}  // namespace

std::string to_json(const Result& result) {
    Json tables = Json::array();
    for (const TableResult& table : result.tables) {
        tables.push_back(table_json(table));
    }
    const Json json = {
        {"verdict", to_string(result.verdict)},
        {"exit_code", exit_code(result.verdict)},
        {"reasons", result.reasons},
        {"proof", {{"kind", to_string(result.proof)}, {"detail", result.proof_detail}}},
        {"source", {{"end", result.source}, {"position", result.source_position}}},
        {"destination", {{"end", result.destination}, {"position", result.destination_position}}},
        {"mode", result.live.taken ? "live" : "two snapshots"},
        {"live", live_json(result.live)},
        {"late_writes", late_json(result.late)},
        {"rules", result.rules},
        {"seed", fmt::format("{:#018x}", result.seed)},
        {"started", instant_text(result.started)},
        {"took_ms", result.took.count()},
        {"bytes", result.bytes},
        {"rows", counts_json(result.rows)},
        {"tables", tables},
        {"schema", schema_json(result.schema)},
        {"sequences", schema_json(result.sequences)},
        {"not_compared", result.not_compared},
        {"repair",
         {{"file", result.repair_file},
          {"statements", result.repair_statements},
          {"by_hand", result.repair_by_hand}}}};
    // Values of foreign encodings may stand in samples: they are replaced, not thrown at.
    return model::visible_json(json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace cutover::verify
