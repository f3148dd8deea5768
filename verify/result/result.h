// What the judge has found, as plain values: reports render them, the rehearsal keeps them, exit
// codes follow from them. Nothing is computed here.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "verify/canonical/digest.h"
#include "verify/end/schema_facts.h"

namespace cutover::verify {

/// Verdict on one row (or key).
enum class RowVerdict : std::uint8_t {
    equal,
    equal_by_rule,  ///< unequal, but a rule that was declared makes it pass
    missing,        ///< at the source only
    extra,          ///< at the destination only
    different,      ///< same key, unequal columns
    duplicate,      ///< same key n times at the source, m times at the destination
    uncomparable,   ///< a value could not be decoded
    pending,        ///< it changed while it was looked at; no verdict without evidence
};

/// Verdict on one table, on the structure, on the sequences, or on the run.
enum class Verdict : std::uint8_t {
    consistent,
    inconsistent,
    could_not_tell,
};

/// What makes the two readings comparable with each other.
enum class Proof : std::uint8_t {
    positional,     ///< live: the destination was seen to have applied the source's position
    fenced,         ///< the task has ended: its migrator brings nothing more
    settled,        ///< nobody wrote to the compared tables for a stated time
    as_of_reading,  ///< somebody did: true for the two snapshots, says nothing about now
};

struct CellDifference {
    std::string column;        ///< the source's name
    std::string source_value;  ///< cut to a readable length
    std::string destination_value;
    std::string kind;  ///< a word on how they differ: `null against value`, `shifted by 3600 s`
};

struct RowSample {
    RowVerdict verdict = RowVerdict::different;
    std::string key;  ///< `(id=5)`; for a keyless table, the whole row
    std::uint64_t source_count = 0;
    std::uint64_t destination_count = 0;
    std::vector<CellDifference> cells;
    std::string evidence = {};  ///< live: the positions that the verdict rests on
};

struct RowCounts {
    std::uint64_t source = 0;
    std::uint64_t destination = 0;
    std::uint64_t equal = 0;
    std::uint64_t equal_by_rule = 0;
    std::uint64_t missing = 0;
    std::uint64_t extra = 0;
    std::uint64_t different = 0;
    std::uint64_t duplicate = 0;  ///< counts keys, not rows
    std::uint64_t uncomparable = 0;
    std::uint64_t pending = 0;

    /// Counts rows whose verdict is bad.
    std::uint64_t differing() const { return missing + extra + different + duplicate; }
    std::uint64_t findings() const { return differing() + uncomparable + pending; }
    RowCounts& operator+=(const RowCounts& other);
};

struct TableResult {
    std::string source;
    std::string destination;
    Verdict verdict = Verdict::could_not_tell;
    std::string reason;  ///< of the verdict, one sentence
    std::string method;  ///< `stream-merge by (id)`, `multiset`, `not compared`
    std::string filter;
    RowCounts rows;
    Digest source_digest;
    Digest destination_digest;
    std::map<std::string, std::uint64_t> differing_columns;
    std::map<std::string, std::uint64_t> rules;  ///< rule -> cells that passed by it
    std::vector<RowSample> samples;
    bool partial = false;  ///< something of the table was not compared
    std::vector<std::string> uncomparable_columns;
    std::vector<std::string> missing_columns;
    std::vector<std::string> excluded_columns;
    std::vector<std::string> extra_columns;
    std::vector<std::string> notes;
    /// Parts of the sentences above that may show values of rows: a key, or what a server has said.
    std::vector<std::string> quotes;
    std::uint64_t bytes = 0;  ///< read, both ends together
    std::chrono::milliseconds took{};
};

struct SchemaDifference {
    FactKind kind = FactKind::column;
    std::string table;
    std::string name;
    RowVerdict verdict = RowVerdict::different;  ///< missing, extra or different
    std::string source_definition;
    std::string destination_definition;
    bool counts = true;         ///< false: worth knowing, does not make the run inconsistent
    std::string left_out = {};  ///< why the task does not carry it; then it does not count
};

struct SchemaResult {
    bool compared = false;
    Verdict verdict = Verdict::could_not_tell;
    std::map<std::string, std::uint64_t> compared_facts;  ///< kind -> how many at the source
    std::vector<SchemaDifference> differences;
};

/// What became, in the live mode, of the rows that differed at first.
struct LiveResult {
    bool taken = false;       ///< the mode was asked for, or a task of ours is replicating
    bool by_itself = false;   ///< not asked for
    bool positional = false;  ///< by our migrator's marker; else by looking again
    std::string unproved;     ///< why only by looking again; empty: by the marker
    std::uint64_t rounds = 0;
    std::uint64_t candidates =
        0;                        ///< rows that differed in the first pass and were looked at again
    std::uint64_t equal = 0;      ///< have become equal
    std::uint64_t gone = 0;       ///< are at neither end any more
    std::uint64_t different = 0;  ///< differ for good
    std::uint64_t pending = 0;    ///< rows of all kinds without a verdict
    std::string first_position;   ///< the source's, before the first pass
    std::string first_applied;    ///< what the destination had applied in the first pass
    std::string last_position;    ///< the source's, when rows were last read again
    std::string last_applied;
    std::string gave_up;  ///< why rows are left without a verdict; empty: no row is
};

/// A change made at the source after the cutover.
struct LateWrite {
    std::string change;  ///< insert, update, delete, truncate
    std::string table;
    std::string key;  ///< as people write it; empty: there is no key
    std::string position;
    std::chrono::system_clock::time_point committed{};
};

struct LateWrites {
    std::uint64_t transactions = 0;
    std::uint64_t changes = 0;
    std::vector<LateWrite> first;  ///< the first of them
};

struct Result {
    Verdict verdict = Verdict::could_not_tell;
    std::vector<std::string> reasons;  ///< of the verdict; the first is the headline
    Proof proof = Proof::as_of_reading;
    std::string proof_detail;
    std::string source;  ///< endpoint and version, without secrets
    std::string destination;
    std::string source_position;
    std::string destination_position;
    std::uint64_t seed = 0;
    std::vector<std::string> rules;  ///< declared for this run
    std::vector<TableResult> tables;
    SchemaResult schema;  ///< columns, keys, indexes, constraints, types
    SchemaResult sequences;
    LiveResult live;
    LateWrites late;                        ///< whatever the rows look like
    std::vector<std::string> not_compared;  ///< plain sentences
    /// Parts of the run's sentences that may show values of rows; tables have their own.
    std::vector<std::string> quotes;
    std::string repair_file;
    std::uint64_t repair_statements = 0;
    std::uint64_t repair_by_hand = 0;  ///< differences of structure and sequences, as comments
    RowCounts rows;                    ///< sum over the tables
    std::uint64_t bytes = 0;
    std::chrono::system_clock::time_point started{};
    std::chrono::milliseconds took{};
};

std::string_view to_string(RowVerdict verdict);
std::string_view to_string(Verdict verdict);
std::string_view to_string(Proof proof);
/// Masks keys and values of rows wherever they occur: in samples, in late writes, in what sentences
/// quote. Which columns differ, and how, stays visible.
void mask_values(Result& result);
/// 0 consistent, 1 inconsistent, 2 could not tell.
int exit_code(Verdict verdict);

}  // namespace cutover::verify
